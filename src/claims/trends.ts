import {
  blockTrend,
  type Interval,
  mean,
  normalQuantile,
  pageTrend,
  quantile,
  randomStream,
  seedFor,
  type TrendBlock,
} from "../base/index.ts";
import type { Row } from "../studies/row.ts";
import { holm, level } from "./contrasts.ts";
import { type Family, settingsOf } from "./family.ts";

/** A number of a row and the standard error that its test examples alone give it. */
export interface Quantity {
  readonly of: (row: Row) => number;
  readonly samplingError: (row: Row) => number;
}

/** How a quantity goes with a method's strength, vanilla counting as the weakest setting. */
export interface StrengthTrend {
  readonly kind: string;
  /** Mean over seeds of Spearman's rank correlation; a seed whose values are all equal counts as 0. */
  readonly rho: number;
  /** Page's exact permutation test within seeds, two-sided, corrected by Holm for the kinds tested together. */
  readonly p: number;
  /** Bootstrap over seeds and test examples, percentiles at 95 %; undefined with one seed. */
  readonly interval: Interval | undefined;
  readonly seeds: number;
  readonly levels: number;
  /** How many seeds would show a correlation of this size; undefined for more than 50. */
  readonly seedsNeeded: number | undefined;
}

const resamples = 1000;
const mostSeeds = 50;

/** Trends of the kinds that have at least two settings; collapsed trials are missing from their seed's ranks. */
export function trendsOf(family: Family, kinds: readonly string[], { of, samplingError }: Quantity): StrengthTrend[] {
  const found = kinds.flatMap((kind) => {
    const ladder = [family.vanilla, ...settingsOf(family, kind)];
    if (ladder.length < 3) return [];
    const blocks = family.seeds.flatMap((seed) => {
      const rungs = ladder.flatMap(({ rows }, rung) => {
        const row = rows.find(({ trial }) => trial.seed === seed);
        return row ? [{ rung, row }] : [];
      });
      return rungs.length >= 3 && rungs[0]?.rung === 0 ? [rungs] : [];
    });
    if (blocks.length === 0) return [];
    const seen: TrendBlock[] = blocks.map((rungs) => ({
      levels: rungs.map(({ rung }) => rung),
      values: rungs.map(({ row }) => of(row)),
    }));
    const { rho, p } = pageTrend(seen);
    const stream = randomStream(seedFor(0, "trend", kind));
    const noisy = ({ rung, row }: { rung: number; row: Row }) => ({
      rung,
      value: of(row) + samplingError(row) * stream.normal(),
    });
    const draws = Array.from({ length: resamples }, () => {
      const chosen = blocks.map(() => (blocks[stream.below(blocks.length)] ?? []).map(noisy));
      return mean(
        chosen.map((rungs) =>
          blockTrend({ levels: rungs.map(({ rung }) => rung), values: rungs.map(({ value }) => value) }),
        ),
      );
    }).sort((a, b) => a - b);
    // Without any spread there is nothing that an interval could be made of.
    const interval =
      blocks.length > 1 && draws[0] !== draws.at(-1)
        ? { low: quantile(draws, 0.025), high: quantile(draws, 0.975) }
        : undefined;
    return [{ kind, rho, p, interval, seeds: blocks.length, levels: ladder.length }];
  });
  const corrected = holm(found.map(({ p }) => p));
  return found.map((trend, i) => ({
    ...trend,
    p: corrected[i] as number,
    seedsNeeded: seedsForTrend(trend.rho, trend.levels, found.length),
  }));
}

/** A seed's correlation has variance 1 / (levels - 1) when strength does nothing, so seeds >= (z / rho)^2 / (levels - 1). */
function seedsForTrend(rho: number, levels: number, tests: number): number | undefined {
  const z = normalQuantile(1 - level / (2 * tests));
  const seeds = Math.ceil((z / rho) ** 2 / (levels - 1));
  return seeds <= mostSeeds ? Math.max(2, seeds) : undefined;
}
