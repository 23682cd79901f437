import { mean, meanInterval } from "../../base/statistics.ts";
import type { FigurePoint, Quantity } from "../../server/api-figure.ts";
import type { Summary } from "../../server/api-trial.ts";

/** Trials that differ only in their seed, as one line. */
export interface Group {
  readonly key: string;
  readonly label: string;
  readonly family: string;
  readonly setting: number;
  readonly trials: readonly Summary[];
  readonly means: Readonly<Record<string, GroupMean>>;
}

export interface GroupMean {
  readonly mean: number;
  readonly interval: { readonly low: number; readonly high: number } | undefined;
  readonly n: number;
}

/**
 * Means over seeds with intervals at 95 %, of the trials that are given: the figure's own where all trials of its dot are
 * among them, and Student's t where a filter left some out.
 */
export function groupTrials(
  trials: readonly Summary[],
  quantities: readonly Quantity[],
  points: readonly FigurePoint[],
): Group[] {
  const byId = new Map(points.map((point) => [point.id, point]));
  return [...Map.groupBy(trials, ({ setting, label }) => `${setting}:${label}`)].map(([key, members]) => {
    const [first] = members;
    const here = new Set(members.map(({ id }) => id));
    const point = byId.get(key);
    const whole = point?.trials.every((id) => here.has(id)) ? point : undefined;
    const means = quantities.flatMap(({ id }) => {
      const known = whole?.estimates[id];
      if (known) return [[id, { mean: known.mean, interval: known.interval, n: known.values.length }] as const];
      const values = members.flatMap(({ numbers }) => numbers[id] ?? []);
      return values.length === 0 ? [] : [[id, meanOf(values)] as const];
    });
    return {
      key,
      label: first?.label ?? "",
      family: first?.family ?? "",
      setting: first?.setting ?? 0,
      trials: members,
      means: Object.fromEntries(means),
    };
  });
}

/** "3", or "2 of 3" where the means are of fewer: others run still, or failed, or lack their reference. */
export function trialsText({ trials, means }: Pick<Group, "trials" | "means">): string {
  const most = Math.max(0, ...Object.values(means).map(({ n }) => n));
  return most === trials.length ? `${most}` : `${most} of ${trials.length}`;
}

function meanOf(values: readonly number[]): GroupMean {
  return { mean: mean(values), interval: meanInterval(values), n: values.length };
}
