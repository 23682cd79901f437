import { methodKind } from "../studies/methods/registry.ts";
import {
  contrastIn,
  contrastText,
  intervalText,
  list,
  moreSeeds,
  pIs,
  points,
  seedsText,
  signed,
  targetText,
} from "./claim-words.ts";
import { type Contrast, type Contrasts, direction, level, surelyBelow } from "./contrasts.ts";
import type { Family } from "./family.ts";
import type { StrengthTrend } from "./trends.ts";

export type Ruling = "supported" | "contradicted" | "undecided";

/** A claim of Xu et al. (2022) and what the rows say of it. */
export interface Verdict {
  readonly id: string;
  readonly claim: string;
  readonly ruling: Ruling;
  /** What was seen, as sentences. */
  readonly evidence: readonly string[];
  /** For an undecided claim: what would decide it. */
  readonly missing: string | undefined;
}

/** What verdicts rest on. */
interface Measured {
  readonly family: Family;
  readonly dt: Contrasts;
  readonly robust: Contrasts;
  /** Absolute target accuracy, without which DT Acc must not be shown. */
  readonly target: Contrasts;
  readonly dtTrends: readonly StrengthTrend[];
  readonly robustTrends: readonly StrengthTrend[];
  /** Of the features' Jacobian norm; empty where it was not measured. */
  readonly jacobianTrends: readonly StrengthTrend[];
}

/** "No better" and "no effect" mean: by less than this. Points of accuracy, as fractions. */
const margins = { better: 0.01, effect: 0.02 };

/** Enough settings of one kind to speak of all of them. */
const enough = 3;

/** The claims of the paper's slides, in their order, each where the study has the methods that it is about. */
export function verdictsOf(measured: Measured): Verdict[] {
  const { dtTrends, robustTrends, jacobianTrends } = measured;
  const regularisers = dtTrends.filter(({ kind }) => methodKind("claims", kind).regulariser === true);
  const of = (trends: readonly StrengthTrend[], ...kinds: readonly string[]) =>
    trends.filter(({ kind }) => kinds.includes(kind));
  return [
    counterexamples(measured, "not-necessary"),
    counterexamples(measured, "not-sufficient"),
    trendVerdict(
      "stronger-is-better",
      "Stronger regularisation gives better relative transfer (DT Acc rises with strength).",
      regularisers,
      1,
      "DT Acc",
    ),
    ...robustnessDoesNotFollow(of(robustTrends, "jr", "jr-code", "wd")),
    ...["blur", "rescale"].flatMap((kind) => strongestDrops(measured.robust, kind)),
    ...["rotation", "translation"].flatMap((kind) => noEffect(measured.dt, kind)),
    ...["at", "at-linf"].flatMap((kind) => transfersBetter(measured, kind)),
    ...of(jacobianTrends, "at", "at-linf").map((trend) =>
      trendVerdict(
        `${trend.kind}-regularises`,
        `Adversarial training (${trend.kind}) acts as a regulariser: the features' Jacobian norm falls with its strength.`,
        [trend],
        -1,
        "||J||_F",
      ),
    ),
  ];
}

/** Neither necessary nor sufficient: each is shown by one setting, and contradicted when enough settings all obey. */
function counterexamples({ dt, robust, target, family }: Measured, id: "not-necessary" | "not-sufficient"): Verdict {
  const [premise, other, names] =
    id === "not-necessary"
      ? ([dt, robust, ["DT Acc", "robust accuracy"]] as const)
      : ([robust, dt, ["robust accuracy", "DT Acc"]] as const);
  const pairs = premise.all.map((contrast, i) => ({ contrast, beside: other.all[i] as Contrast }));
  const meeting = pairs.filter(({ contrast }) => direction(contrast) === 1);
  const below = surelyBelow(
    margins.better,
    meeting.map(({ beside }) => beside),
    other,
  );
  // First the one that says most: it gains, or loses, more than relative accuracy on the target.
  const gain = ({ contrast }: { contrast: Contrast }) =>
    (id === "not-necessary" ? 1 : -1) * (contrastIn(target, contrast)?.difference ?? 0);
  const witnesses = meeting.filter(({ beside }) => below.includes(beside)).sort((a, b) => gain(b) - gain(a));
  const obeying = meeting.filter(({ beside }) => direction(beside) === 1);
  const claim =
    id === "not-necessary"
      ? "Robustness is not necessary: some models transfer better and are not more robust."
      : "Robustness is not sufficient: some models are more robust and do not transfer better.";
  const ruling: Ruling =
    witnesses.length > 0
      ? "supported"
      : meeting.length >= enough && obeying.length === meeting.length
        ? "contradicted"
        : "undecided";
  const evidence = [
    `${meeting.length} of ${pairs.length} settings have significantly more ${names[0]} than vanilla; ${obeying.length} of these have more ${names[1]} too, ${witnesses.length} surely have not (less than ${points(margins.better)} more, after Holm's correction over these).`,
    ...witnesses
      .slice(0, 3)
      .map(
        ({ contrast, beside }) =>
          `${contrast.setting.label}: ${names[0]} ${points(contrast.difference)} (${pIs(contrast.p)}), ${names[1]} ${points(beside.difference)} ${intervalText(beside)}; ${targetText(target, contrast)}.`,
      ),
  ];
  const candidate = pairs
    .filter(({ contrast, beside }) => contrast.difference > 0 && beside.difference < margins.better)
    .sort((a, b) => (a.contrast.seedsNeeded ?? 99) - (b.contrast.seedsNeeded ?? 99))[0];
  const missing = candidate
    ? `the nearest to a witness is ${candidate.contrast.setting.label} (${names[0]} ${points(candidate.contrast.difference)}, ${names[1]} ${points(candidate.beside.difference)}): ${seedsText(candidate.contrast.seedsNeeded, family)}`
    : `no setting points that way; more settings, not more seeds, would be needed`;
  return { id, claim, ruling, evidence, missing: ruling === "undecided" ? missing : undefined };
}

function trendVerdict(
  id: string,
  claim: string,
  trends: readonly StrengthTrend[],
  sign: 1 | -1,
  name: string,
): Verdict {
  const against = trends.filter(({ rho, p }) => p < level && Math.sign(rho) === -sign);
  const along = trends.filter(({ rho, p }) => p < level && Math.sign(rho) === sign);
  const open = trends.filter((trend) => !against.includes(trend) && !along.includes(trend));
  const ruling: Ruling =
    against.length > 0 ? "contradicted" : trends.length > 0 && open.length === 0 ? "supported" : "undecided";
  return {
    id,
    claim,
    ruling,
    evidence: [
      ...(trends.length > 1
        ? [
            `Significant in this direction for ${list(along)}; in the other for ${list(against)}; open for ${list(open)}.`,
          ]
        : []),
      ...trends.map(
        ({ kind, rho, p, interval, seeds, levels }) =>
          `${kind}: Spearman of strength with ${name} ${signed(rho)}${interval ? ` [${signed(interval.low)}, ${signed(interval.high)}]` : ""}, ${pIs(p)}, ${levels} levels (vanilla among them), ${seeds} seeds.`,
      ),
    ],
    missing:
      ruling !== "undecided"
        ? undefined
        : trends.length === 0
          ? "no such method with two strengths or more is in the study"
          : open
              .map(
                ({ kind, seedsNeeded, rho }) =>
                  `${kind} (${signed(rho)}): ${seedsNeeded === undefined ? "not within 50 seeds" : `${seedsNeeded} seeds`}`,
              )
              .join(", "),
  };
}

function robustnessDoesNotFollow(trends: readonly StrengthTrend[]): Verdict[] {
  return trends.map((trend) => {
    const { kind, rho, p, interval } = trend;
    const ruling: Ruling =
      p < level && rho > 0
        ? "contradicted"
        : (p < level && rho < 0) || (interval && interval.high <= 0)
          ? "supported"
          : "undecided";
    const judged = trendVerdict(
      `${kind}-robustness`,
      `Robust accuracy does not rise with the strength of ${kind}.`,
      [trend],
      -1,
      "robust accuracy",
    );
    return { ...judged, ruling, missing: ruling === "undecided" ? judged.missing : undefined };
  });
}

function strongestDrops({ all }: Contrasts, kind: string): Verdict[] {
  const strongest = all.filter(({ setting }) => setting.kind === kind).at(-1);
  if (!strongest) return [];
  const seen = direction(strongest);
  return [
    {
      id: `${kind}-robustness-drops`,
      claim: `Robust accuracy drops at strong settings of ${kind}.`,
      ruling: seen === -1 ? "supported" : seen === 1 ? "contradicted" : "undecided",
      evidence: [contrastText(strongest, "robust accuracy")],
      missing: seen === 0 ? moreSeeds(strongest) : undefined,
    },
  ];
}

function noEffect({ all }: Contrasts, kind: string): Verdict[] {
  const own = all.filter(({ setting }) => setting.kind === kind);
  if (own.length === 0) return [];
  const effects = own.filter((contrast) => direction(contrast) !== 0);
  const within = own.every(
    ({ interval }) => interval && interval.low > -margins.effect && interval.high < margins.effect,
  );
  return [
    {
      id: `${kind}-no-effect`,
      claim: `${kind} has no significant effect on DT Acc.`,
      ruling: effects.length > 0 ? "contradicted" : within ? "supported" : "undecided",
      evidence: own.map((contrast) => contrastText(contrast, "DT Acc")),
      missing:
        effects.length > 0 || within
          ? undefined
          : `no effect was seen, but the intervals are wider than ${points(margins.effect)} either way, so one may hide: more seeds narrow them as 1 / sqrt(seeds)`,
    },
  ];
}

function transfersBetter({ dt: { all }, target }: Measured, kind: string): Verdict[] {
  const own = all.filter(({ setting }) => setting.kind === kind);
  if (own.length === 0) return [];
  const [better, worse] = [own.filter((each) => direction(each) === 1), own.filter((each) => direction(each) === -1)];
  const ruling: Ruling =
    better.length > 0 && worse.length === 0
      ? "supported"
      : worse.length > 0 && better.length === 0
        ? "contradicted"
        : "undecided";
  const nearest = own.toSorted((a, b) => (a.seedsNeeded ?? 99) - (b.seedsNeeded ?? 99))[0];
  return [
    {
      id: `${kind}-transfers`,
      claim: `Adversarial training (${kind}) gives better relative transfer than vanilla.`,
      ruling,
      evidence: own.map((contrast) => `${contrastText(contrast, "DT Acc")} Its ${targetText(target, contrast)}.`),
      missing: ruling === "undecided" && nearest ? moreSeeds(nearest) : undefined,
    },
  ];
}
