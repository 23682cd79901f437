import { ranks, spearman } from "./rank-correlation.ts";
import { permutation, randomStream, seedFor } from "./seeds.ts";
import { mean } from "./statistics.ts";

/** One replicate of a trend: values at increasing levels. */
export interface TrendBlock {
  readonly levels: readonly number[];
  readonly values: readonly number[];
}

export interface Trend {
  /** Mean over the blocks of Spearman's correlation of level and value. */
  readonly rho: number;
  /** Probability of a mean as far from 0, on either side, when levels within a block are shuffled. */
  readonly p: number;
  /** Each block's own correlation. */
  readonly rhos: readonly number[];
}

/** Blocks of up to this many levels have all their orders looked at, 5,040 at most; longer ones have some drawn. */
const mostLevels = 7;
const draws = 20_000;

/**
 * Sums of correlations are kept to a ten-thousandth: blocks of different ties have different correlations, of which
 * nearly every sum would be a number of its own.
 */
const parts = 10_000;

/**
 * Does the value rise with the level? Page's test (1963) of an ordered alternative in blocks: the mean of the blocks'
 * rank correlations against its distribution under all orders within each block, so that what sets blocks (seeds) apart
 * plays no part. Up to 7 levels the distribution is worked out, and sums within half a ten-thousandth a block of the one
 * that was seen count as equal to it; beyond, orders are drawn, and p is (hits + 1) / (draws + 1), which is never 0
 * (Phipson and Smyth 2010).
 */
export function pageTrend(blocks: readonly TrendBlock[]): Trend {
  const rhos = blocks.map(blockTrend);
  const seen = Math.abs(rhos.reduce((sum, rho) => sum + rho, 0));
  const isShort = blocks.every(({ values }) => values.length <= mostLevels);
  const p = (isShort ? workedOut : drawn)(blocks.map(scoresOf), seen);
  return { rho: mean(rhos), p: Math.min(1, p), rhos };
}

/** A block's correlation of level and value; 0 where the values do not vary: that is no trend. */
export const blockTrend = ({ levels, values }: TrendBlock): number => spearman(levels, values) || 0;

/** Ranks less their mean, at length 1, so that the product of both is Spearman's correlation; zeros for equal values. */
interface Scores {
  readonly levels: readonly number[];
  readonly values: readonly number[];
}

const scoresOf = ({ levels, values }: TrendBlock): Scores => ({ levels: unitRanks(levels), values: unitRanks(values) });

function unitRanks(values: readonly number[]): number[] {
  const centred = ranks(values).map((rank) => rank - (values.length + 1) / 2);
  const length = Math.sqrt(centred.reduce((sum, each) => sum + each * each, 0));
  return centred.map((each) => (length > 0 ? each / length : 0));
}

/** The chance of a sum of the blocks' correlations of at least `seen` on either side, all orders being equally likely. */
function workedOut(blocks: readonly Scores[], seen: number): number {
  const zero = parts * blocks.length;
  let chances = new Float64Array(2 * zero + 1);
  chances[zero] = 1;
  for (const block of blocks) {
    const next = new Float64Array(chances.length);
    const own = everyOrder(block);
    // Plain loops: entries, made anew for each of millions of sums, would be most of the work.
    const [rhos, shares] = [Int32Array.from(own.keys()), Float64Array.from(own.values())];
    for (let at = 0; at < chances.length; at++) {
      const chance = chances[at] as number;
      if (chance === 0) continue;
      for (let k = 0; k < rhos.length; k++) {
        const to = at + (rhos[k] as number);
        next[to] = (next[to] as number) + chance * (shares[k] as number);
      }
    }
    chances = next;
  }
  // Each correlation was rounded by half a part at most.
  const least = parts * seen - blocks.length / 2 - 1e-6;
  return chances.reduce((sum, chance, at) => sum + (Math.abs(at - zero) >= least ? chance : 0), 0);
}

/** A block's correlations, in parts, under every order of its values, with their shares. */
function everyOrder({ levels, values }: Scores): Map<number, number> {
  const counts = new Map<number, number>();
  let orders = 0;
  const place = (at: number, sum: number, taken: number) => {
    if (at === levels.length) {
      const rho = Math.round(parts * sum);
      counts.set(rho, (counts.get(rho) ?? 0) + 1);
      orders++;
      return;
    }
    for (let i = 0; i < values.length; i++)
      if ((taken & (1 << i)) === 0)
        place(at + 1, sum + (levels[at] as number) * (values[i] as number), taken | (1 << i));
  };
  place(0, 0, 0);
  return new Map([...counts].map(([rho, count]) => [rho, count / orders]));
}

/** The same chance by orders that are drawn. */
function drawn(blocks: readonly Scores[], seen: number): number {
  const stream = randomStream(seedFor(0, "page trend"));
  let hits = 0;
  for (let draw = 0; draw < draws; draw++) {
    let sum = 0;
    for (const { levels, values } of blocks)
      for (const [at, i] of permutation(values.length, stream).entries())
        sum += (levels[at] as number) * (values[i] as number);
    if (Math.abs(sum) >= seen - 1e-9) hits++;
  }
  return (hits + 1) / (draws + 1);
}
