import { bcaInterval, type Interval, kendallTau, mean, seedFor } from "../base/index.ts";
import { type PredictorName, predictors } from "../metrics/predictors/registry.ts";
import type { Row } from "../studies/row.ts";
import type { Family, Setting } from "./family.ts";
import { gap, type targetAccuracy } from "./transfer-quantities.ts";

/** How well a number of the source model orders the settings by DT Acc. */
export interface RankedPredictor {
  readonly name: string;
  readonly label: string;
  /** Kendall's tau-b with DT Acc over settings, each the mean of its seeds; undefined where one of them does not vary. */
  readonly tau: number | undefined;
  /** BCa bootstrap over settings at 95 %. */
  readonly interval: Interval | undefined;
  /** The same with the absolute target accuracy, which DT Acc is not. */
  readonly tauTarget: number | undefined;
  readonly intervalTarget: Interval | undefined;
  readonly settings: number;
}

interface Candidate {
  readonly name: string;
  readonly label: string;
  readonly of: (row: Row) => number | undefined;
}

const candidates: readonly Candidate[] = [
  { name: "robust", label: "robust accuracy", of: ({ robust }) => robust.accuracy.value },
  { name: "clean", label: "source accuracy", of: ({ source }) => source.accuracy.value },
  ...(Object.keys(predictors) as PredictorName[]).map((name) => ({
    name,
    label: predictors[name].label,
    of: ({ predictors: measured }: Row) => measured?.[name]?.value,
  })),
];

/** The predictors that every row has, the largest |tau| with DT Acc first, those without one last. */
export function rankPredictors({ vanilla, settings }: Family, target: typeof targetAccuracy): RankedPredictor[] {
  const all = [vanilla, ...settings];
  const meanOf = ({ rows }: Setting, of: (row: Row) => number) => mean(rows.map(of));
  return candidates
    .flatMap(({ name, label, of }) => {
      if (all.some(({ rows }) => rows.some((row) => of(row) === undefined))) return [];
      const units = all.map((setting) => ({
        predictor: meanOf(setting, (row) => of(row) ?? Number.NaN),
        dt: meanOf(setting, gap.of),
        target: meanOf(setting, target.of),
      }));
      const against = (key: "dt" | "target") => {
        const tau = (some: typeof units) =>
          kendallTau(
            some.map(({ predictor }) => predictor),
            some.map((unit) => unit[key]),
          );
        const interval = bcaInterval(units, (some) => tau([...some]), {
          seed: seedFor(0, "predictor", name, key),
          resamples: 1000,
        });
        const found = tau(units);
        return { tau: Number.isNaN(found) ? undefined : found, interval };
      };
      const [dt, absolute] = [against("dt"), against("target")];
      return [
        {
          name,
          label,
          tau: dt.tau,
          interval: dt.interval,
          tauTarget: absolute.tau,
          intervalTarget: absolute.interval,
          settings: units.length,
        },
      ];
    })
    .sort((a, b) => strengthOf(b) - strengthOf(a));
}

const strengthOf = ({ tau }: RankedPredictor) => (tau === undefined ? -1 : Math.abs(tau));
