import { canonicalJson, type Json, mean } from "../base/index.ts";
import { accuracyEstimate, type Estimate, lossEstimate, wider } from "./estimates.ts";
import type { Measured } from "./measured.ts";

/** The part of a finished trial that relative transfer is made of; a study's row is one. */
export interface TransferRow {
  readonly trialId: string;
  readonly trial: TransferTrial;
  readonly source: { readonly accuracy: Measured; readonly loss: Measured; readonly collapsed: boolean };
  readonly robust: {
    readonly accuracy: Measured;
    readonly health?: { readonly verdict: HealthVerdict; readonly flags: readonly string[] };
  };
  readonly target: { readonly accuracy: Measured; readonly loss: Measured };
  readonly finishedAt: string;
}

/** Whether an attack's result can be trusted. */
export type HealthVerdict = "ok" | "suspect" | "failed";

interface TransferTrial {
  readonly methods: readonly MethodSetting[];
  readonly seed: number;
  readonly source: TestSize;
  readonly target: TestSize;
  readonly attack: { readonly examples: number | null; readonly [key: string]: Json | undefined };
  readonly [key: string]: Json | undefined;
}

/** `test`: how many test examples the seed draws; null for all there are, the same for every seed. */
type TestSize = { readonly test: number | null; readonly [key: string]: Json | undefined };

type MethodSetting = { readonly kind: string; readonly strength: number; readonly [key: string]: Json | undefined };

/** One dot of the figure: the trials that differ only in their seed. Fractions in [0, 1], losses in nats. */
export interface TransferPoint<T extends TransferTrial = TransferTrial> {
  /** The trial of the lowest seed, which stands for all. */
  readonly trial: T;
  readonly methods: T["methods"];
  readonly kinds: readonly string[];
  /** The strength of the only method; undefined for vanilla and for combinations. */
  readonly strength: number | undefined;
  readonly seeds: readonly number[];
  readonly trialIds: readonly string[];
  /** Relative domain transfer accuracy; undefined when no seed of it has a vanilla row. `n` is the target test set's. */
  readonly dt: Estimate | undefined;
  readonly robust: Estimate;
  readonly source: { readonly accuracy: Estimate; readonly loss: Estimate };
  readonly target: { readonly accuracy: Estimate; readonly loss: Estimate };
  /** How many seeds' source models learnt nothing. */
  readonly collapsed: number;
  /** The worst verdict of the seeds' attacks; undefined when none was examined. */
  readonly health: HealthVerdict | undefined;
  /** What a reader must know about this point, as sentences; empty when nothing is wrong. */
  readonly notes: readonly string[];
}

/**
 * Relative domain transfer accuracy of one trained model, `(acc_tgt - acc_src) - (acc_tgt^v - acc_src^v)` with v the
 * vanilla model of the same seed (Xu et al. 2022, section 4). Fractions in [-2, 2]. A lower source accuracy raises it,
 * so it is never to be shown without the absolute accuracies.
 */
export function relativeTransferAccuracy(row: TransferRow, vanilla: TransferRow): number {
  const gap = ({ source, target }: TransferRow) => target.accuracy.value - source.accuracy.value;
  return gap(row) - gap(vanilla);
}

/**
 * Rows -> one point for each combination of methods within each setting (source, target, model, schedule, attack,
 * transfer), seeds pooled. The order of the rows has no influence: points are sorted by setting, then vanilla first,
 * then methods by kind and strength. Of two rows of one trial the later one counts.
 */
export function relativeTransfer<R extends TransferRow>(rows: readonly R[]): TransferPoint<R["trial"]>[] {
  const latest = latestRows(rows);
  const vanilla = vanillaRows(latest);
  const groups = Map.groupBy(latest, ({ trial }) => settingOf(trial, "seed"));
  return [...groups.values()].map((group) => pointOf(group, vanilla)).sort(byMethod);
}

/** One row a trial: of several the one that finished last. */
export function latestRows<R extends TransferRow>(rows: readonly R[]): R[] {
  const latest = new Map<string, R>();
  for (const row of rows) {
    const known = latest.get(row.trialId);
    if (!known || known.finishedAt < row.finishedAt) latest.set(row.trialId, row);
  }
  return [...latest.values()].sort((a, b) => (a.trialId < b.trialId ? -1 : 1));
}

const isVanilla = (row: TransferRow) => row.trial.methods.length === 0;

/** What a trial shares with those it is compared with: all but one of its axes. */
function settingOf(trial: TransferTrial, axis: "methods" | "seed"): string {
  return canonicalJson({ ...trial, [axis]: null });
}

function pointOf<R extends TransferRow>(
  group: readonly R[],
  vanilla: ReadonlyMap<string, R>,
): TransferPoint<R["trial"]> {
  const rows = group.toSorted((a, b) => a.trial.seed - b.trial.seed);
  const [first] = rows;
  if (!first) throw new Error("relativeTransfer: expected a group of at least one row, got none");
  const { methods, source, target, attack } = first.trial;
  const onSource = { sameExamples: source.test === null };
  const onTarget = { sameExamples: target.test === null };
  const attacked = { sameExamples: source.test === null && attack.examples === null };
  const pairs = pairsOf(rows, vanilla);
  const missing = rows.filter((row) => !pairs.some((pair) => pair.row === row)).map((row) => row.trial.seed);
  const collapsedSeeds = rows.filter((row) => row.source.collapsed).map((row) => row.trial.seed);
  const collapsedVanilla = pairs.filter(({ reference }) => reference.source.collapsed && !isVanilla(first));
  return {
    trial: first.trial,
    methods,
    kinds: methods.map(({ kind }) => kind),
    strength: methods.length === 1 ? methods[0]?.strength : undefined,
    seeds: rows.map((row) => row.trial.seed),
    trialIds: rows.map((row) => row.trialId),
    dt: pairs.length > 0 ? transferEstimate(pairs) : undefined,
    robust: accuracyEstimate(
      rows.map((row) => row.robust.accuracy),
      attacked,
    ),
    source: {
      accuracy: accuracyEstimate(
        rows.map((row) => row.source.accuracy),
        onSource,
      ),
      loss: lossEstimate(rows.map((row) => row.source.loss)),
    },
    target: {
      accuracy: accuracyEstimate(
        rows.map((row) => row.target.accuracy),
        onTarget,
      ),
      loss: lossEstimate(rows.map((row) => row.target.loss)),
    },
    collapsed: collapsedSeeds.length,
    health: worstHealth(rows),
    notes: [
      ...rows.flatMap(healthNote),
      ...note(missing, "no vanilla row in the same setting, so DT Acc leaves out"),
      ...note(collapsedSeeds, "the source model collapsed (accuracy at chance) at"),
      ...note(
        collapsedVanilla.map(({ row }) => row.trial.seed),
        "compared with a vanilla model that collapsed at",
      ),
    ],
  };
}

/** The relative transfer accuracy of each trial that has a vanilla row, by the trial's id. */
export function relativeTransferByTrial(rows: readonly TransferRow[]): Map<string, number> {
  const latest = latestRows(rows);
  const pairs = pairsOf(latest, vanillaRows(latest));
  return new Map(pairs.map(({ row, reference }) => [row.trialId, relativeTransferAccuracy(row, reference)]));
}

interface Pair {
  readonly row: TransferRow;
  readonly reference: TransferRow;
}

function pairsOf(rows: readonly TransferRow[], vanilla: ReadonlyMap<string, TransferRow>): Pair[] {
  return rows.flatMap((row) => {
    const reference = vanilla.get(settingOf(row.trial, "methods"));
    return reference ? [{ row, reference }] : [];
  });
}

const vanillaRows = <R extends TransferRow>(rows: readonly R[]) =>
  new Map(rows.filter(isVanilla).map((row) => [settingOf(row.trial, "methods"), row]));

function worstHealth(rows: readonly TransferRow[]): HealthVerdict | undefined {
  const seen = rows.map(({ robust }) => robust.health?.verdict);
  return (["failed", "suspect", "ok"] as const).find((verdict) => seen.includes(verdict));
}

function healthNote({ trial: { seed }, robust: { health } }: TransferRow): string[] {
  if (!health || health.verdict === "ok") return [];
  const doubt = health.verdict === "failed" ? "is worthless, its health checks failed" : "is suspect";
  return [`the robust accuracy ${doubt} at seed ${seed} (${health.flags.join("; ")})`];
}

function note(seeds: readonly number[], text: string): string[] {
  return seeds.length === 0 ? [] : [`${text} seed${seeds.length > 1 ? "s" : ""} ${seeds.join(", ")}`];
}

/** The normal distribution's 97.5 % quantile. */
const z95 = 1.959963984540054;

function transferEstimate(pairs: readonly Pair[]): Estimate {
  const values = pairs.map(({ row, reference }) => relativeTransferAccuracy(row, reference));
  const n = pairs.map(({ row }) => row.target.accuracy.n);
  const centre = mean(values);
  const margin = z95 * Math.sqrt(samplingVariance(pairs, "source") + samplingVariance(pairs, "target"));
  return wider({ values, n }, { low: centre - margin, high: centre + margin }, "binomial");
}

/**
 * What one domain's test examples add to the variance of the mean DT Acc: the mean over pairs of p (1 - p) / n of both
 * models, divided by the number of pairs where each seed draws examples of its own. Both models of a pair see the same
 * examples; the positive correlation that this brings is left out, so the interval is on the wide side.
 */
function samplingVariance(pairs: readonly Pair[], domain: "source" | "target"): number {
  const variances = pairs.map(({ row, reference }) => {
    if (isVanilla(row)) return 0;
    const accuracies = [row[domain].accuracy, reference[domain].accuracy];
    return accuracies.reduce((sum, { value, n }) => sum + (value * (1 - value)) / n, 0);
  });
  const sameExamples = pairs[0]?.row.trial[domain].test === null;
  return mean(variances) / (sameExamples ? 1 : pairs.length);
}

/** Settings apart, vanilla first, single methods by kind and strength, combinations last. */
function byMethod(a: TransferPoint, b: TransferPoint): number {
  const setting = ({ trial }: TransferPoint) => canonicalJson({ ...trial, methods: null, seed: null });
  return (
    compare(setting(a), setting(b)) ||
    a.methods.length - b.methods.length ||
    compare(a.kinds.join(), b.kinds.join()) ||
    compareStrengths(a, b) ||
    compare(canonicalJson(a.methods), canonicalJson(b.methods))
  );
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function compareStrengths(a: TransferPoint, b: TransferPoint): number {
  const differences = a.methods.map((method, i) => method.strength - (b.methods[i]?.strength ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}
