import { type Interval, studentCdf, studentQuantile } from "../base/index.ts";
import type { Row } from "../studies/row.ts";
import type { Family, Setting } from "./family.ts";
import { twoWayFit } from "./two-way-fit.ts";

/** A setting less vanilla, in the quantity's own unit. */
export interface Contrast {
  readonly setting: Setting;
  readonly difference: number;
  /** Of the difference; NaN without replicates. */
  readonly standardError: number;
  /** Student's t interval at 95 %, for this contrast alone; undefined without replicates. */
  readonly interval: Interval | undefined;
  /** Two-sided p, corrected by Holm (1979) for all contrasts of the quantity. */
  readonly p: number | undefined;
  /** How many seeds a setting would need for a difference of this size to be seen; undefined for more than 50. */
  readonly seedsNeeded: number | undefined;
}

export interface Contrasts {
  /** Of the settings that can be compared: those that a chain of common seeds joins to vanilla. */
  readonly all: readonly Contrast[];
  /** Standard deviation of what neither the setting nor the seed explains, pooled over all trials, with its degrees of freedom. */
  readonly deviation: number;
  readonly degrees: number;
}

/** Significance is at this level throughout, after Holm's correction. */
export const level = 0.05;

const mostSeeds = 50;

/**
 * Each setting against vanilla, seed by seed: DT Acc is defined against the vanilla model of the same seed, and what trials
 * of one seed share (images, initial weights) is no noise of their difference. Least squares of setting + seed, tested
 * by t with one standard deviation for all settings, since a few seeds cannot tell each setting's own. Where no trial is
 * missing a difference is the mean of the seeds' differences, with (settings - 1) (seeds - 1) degrees of freedom, vanilla
 * counting as a setting.
 */
export function contrastsOf({ vanilla, settings }: Family, quantity: (row: Row) => number): Contrasts {
  const cells = [vanilla, ...settings].flatMap(({ rows }, setting) =>
    rows.map((row) => ({ setting, seed: row.trial.seed, value: quantity(row) })),
  );
  const { differences, deviation, degrees } = twoWayFit(cells);
  const raw = settings.flatMap((setting, i) => {
    const found = differences[i];
    if (!found) return [];
    const { difference } = found;
    const standardError = deviation * found.leverage;
    // Without any spread over seeds there is nothing to test against.
    const p = standardError > 0 ? 2 * studentCdf(-Math.abs(difference) / standardError, degrees) : undefined;
    return [{ setting, difference, standardError, p }];
  });
  const corrected = holm(raw.map(({ p }) => p ?? 1));
  return {
    deviation,
    degrees,
    all: raw.map(({ setting, difference, standardError, p }, i) => {
      const margin = degrees > 0 ? studentQuantile(0.975, degrees) * standardError : undefined;
      return {
        setting,
        difference,
        standardError,
        interval: margin === undefined ? undefined : { low: difference - margin, high: difference + margin },
        p: p === undefined ? undefined : corrected[i],
        seedsNeeded: seedsFor(difference, deviation, settings.length),
      };
    }),
  };
}

/**
 * Those of the `chosen` contrasts that lie below `margin` significantly: by t, two-sided, corrected by Holm for the chosen
 * ones, so that many candidates do not make one of them likely by chance.
 */
export function surelyBelow(
  margin: number,
  chosen: readonly Contrast[],
  { degrees }: Pick<Contrasts, "degrees">,
): Contrast[] {
  const values = chosen.map(({ difference, standardError }) =>
    standardError > 0 ? 2 * studentCdf(-Math.abs(difference - margin) / standardError, degrees) : 1,
  );
  const corrected = holm(values);
  return chosen.filter(({ difference }, i) => difference < margin && (corrected[i] as number) < level);
}

/** Holm's step-down correction of p-values, in their order. */
export function holm(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => (values[i] as number) - (values[j] as number));
  const out = new Array<number>(values.length).fill(1);
  let largest = 0;
  for (const [rank, i] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (values.length - rank) * (values[i] as number)));
    out[i] = largest;
  }
  return out;
}

/**
 * The least number of seeds at which |difference| would be significant among `settings` settings, Bonferroni's way, if
 * every setting had them all.
 */
export function seedsFor(difference: number, deviation: number, settings: number): number | undefined {
  if (!(deviation > 0)) return undefined;
  for (let seeds = 2; seeds <= mostSeeds; seeds++) {
    const degrees = settings * (seeds - 1);
    const needed = studentQuantile(1 - level / (2 * settings), degrees) * deviation * Math.sqrt(2 / seeds);
    if (Math.abs(difference) > needed) return seeds;
  }
  return undefined;
}

/** Whether a contrast is significant, and in which direction. */
export const direction = ({ difference, p }: Contrast): -1 | 0 | 1 =>
  p !== undefined && p < level ? (difference > 0 ? 1 : -1) : 0;
