import { methodKinds } from "../studies/methods/registry.ts";
import type { Row } from "../studies/row.ts";
import { type Contrasts, contrastsOf } from "./contrasts.ts";
import { type Family, familyOf } from "./family.ts";
import { type RankedPredictor, rankPredictors } from "./predictor-ranking.ts";
import { gap, robustness, slopeAdjusted, targetAccuracy } from "./transfer-quantities.ts";
import { type StrengthTrend, trendsOf } from "./trends.ts";
import { type Verdict, verdictsOf } from "./verdicts.ts";

/** Everything that `carryover claims` says; a pure function of the rows. */
export interface Judgement {
  readonly family: Family;
  readonly dt: Contrasts;
  readonly robust: Contrasts;
  readonly target: Contrasts;
  readonly adjusted: Contrasts & { readonly beta: number };
  readonly dtTrends: readonly StrengthTrend[];
  readonly robustTrends: readonly StrengthTrend[];
  readonly jacobianTrends: readonly StrengthTrend[];
  readonly verdicts: readonly Verdict[];
  readonly predictors: readonly RankedPredictor[];
  /** What the reader must know of the data: too few seeds or strengths, and what to add. */
  readonly warnings: readonly string[];
}

/** Judges the paper's claims on a study's rows. Throws InputError as `familyOf` does. */
export function judge(rows: readonly Row[]): Judgement {
  const family = familyOf(rows);
  const kinds = [...new Set(family.settings.flatMap(({ kind }) => (kind === undefined ? [] : [kind])))];
  const { beta, quantity } = slopeAdjusted(family);
  const hasJacobian = [family.vanilla, ...family.settings].every((setting) =>
    setting.rows.every((row) => row.predictors?.jacobian !== undefined),
  );
  const jacobian = { of: (row: Row) => row.predictors?.jacobian?.value ?? Number.NaN, samplingError: () => 0 };
  const measured = {
    family,
    dt: contrastsOf(family, gap.of),
    robust: contrastsOf(family, robustness.of),
    target: contrastsOf(family, targetAccuracy.of),
    adjusted: { ...contrastsOf(family, quantity.of), beta },
    dtTrends: trendsOf(family, kinds, gap),
    robustTrends: trendsOf(family, kinds, robustness),
    jacobianTrends: hasJacobian ? trendsOf(family, kinds, jacobian) : [],
  };
  return {
    ...measured,
    verdicts: verdictsOf(measured),
    predictors: rankPredictors(family, targetAccuracy),
    warnings: warningsOf(family, kinds, measured.dt),
  };
}

function warningsOf(family: Family, kinds: readonly string[], { all }: Contrasts): string[] {
  const few = family.seeds.length;
  const short = kinds.filter((kind) => family.settings.filter((setting) => setting.kind === kind).length < 2);
  const order = Object.keys(methodKinds);
  const apart = family.settings.filter((setting) => !all.some((contrast) => contrast.setting === setting));
  return [
    ...(few < 2
      ? [`one seed gives no interval and no test, so nothing can be decided; add seeds, as --set seeds=3`]
      : few < 3
        ? [`${few} seeds: intervals rest on ${few} replicates; --set seeds=3 or more makes them worth something`]
        : []),
    ...short
      .sort((a, b) => order.indexOf(a) - order.indexOf(b))
      .map((kind) => `${kind} has one strength, which is no trend; add strengths, as --set strengths.${kind}=a,b,c`),
    ...(apart.length > 0
      ? [
          `no seed joins these to vanilla, so they have no difference from it: ${apart.map(({ label }) => label).join(", ")}; run the study to its end`,
        ]
      : []),
    ...(family.collapsed.length > 0
      ? [
          `collapsed (source accuracy at chance) and in no verdict: ${family.collapsed.map(({ label, seed }) => `${label} at seed ${seed}`).join(", ")}`,
        ]
      : []),
  ];
}
