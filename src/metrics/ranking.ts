import { type Interval, randomStream, wilsonInterval } from "../base/index.ts";

/** One candidate among several on the same test examples. */
export interface Ranked {
  /** Its place in the list that was given. */
  readonly candidate: number;
  readonly accuracy: { readonly value: number; readonly n: number };
  /** 95 %, Wilson's: resamples of examples that are all right would be all right too. */
  readonly interval: Interval;
  /** Share of the resamples in which it is the best; equal ones share. */
  readonly best: number;
}

export interface Ranking {
  /** The most accurate first; of equals, the one that was given first. */
  readonly order: readonly Ranked[];
  /** better[i][j]: share of the resamples in which candidate i is more accurate than j, equal ones counted as a half. */
  readonly better: readonly (readonly number[])[];
  readonly resamples: number;
}

/**
 * Ranks candidates by their accuracy on one test set, with the confidence in the ranking: a paired bootstrap draws test
 * examples anew, the same for all candidates, so that what is hard for all of them moves none against the others.
 * It tells the noise of the test examples alone, not that of training images or fits.
 *
 * `correct`: for each candidate its flags, [n]. Cost: resamples * n * candidates additions.
 */
export function rankCandidates(
  correct: readonly Uint8Array[],
  { seed, resamples = 2000 }: { readonly seed: number; readonly resamples?: number },
): Ranking {
  const n = correct[0]?.length ?? 0;
  const odd = correct.find((flags) => flags.length !== n);
  if (n === 0 || odd) throw new Error(`rankCandidates: expected flags of ${n} examples, got ${odd?.length ?? 0}`);
  const stream = randomStream(seed);
  const drawn = correct.map(() => new Float64Array(resamples));
  const sums = new Float64Array(correct.length);
  for (let resample = 0; resample < resamples; resample++) {
    sums.fill(0);
    for (let draw = 0; draw < n; draw++) {
      const i = stream.below(n);
      for (let c = 0; c < correct.length; c++) sums[c] = (sums[c] as number) + (correct[c]?.[i] as number);
    }
    for (const [c, sum] of sums.entries()) (drawn[c] as Float64Array)[resample] = sum;
  }
  const shares = bestShares(drawn, resamples);
  const ranked = correct.map((flags, candidate): Ranked => {
    const right = flags.reduce((sum, flag) => sum + flag, 0);
    return {
      candidate,
      accuracy: { value: right / n, n },
      interval: wilsonInterval(right, n),
      best: shares[candidate] as number,
    };
  });
  return {
    order: ranked.toSorted((a, b) => b.accuracy.value - a.accuracy.value || a.candidate - b.candidate),
    better: drawn.map((mine) => drawn.map((others) => winsOver(mine, others))),
    resamples,
  };
}

function bestShares(drawn: readonly Float64Array[], resamples: number): Float64Array {
  const shares = new Float64Array(drawn.length);
  for (let resample = 0; resample < resamples; resample++) {
    const sums = drawn.map((list) => list[resample] as number);
    const most = Math.max(...sums);
    const first = sums.flatMap((sum, c) => (sum === most ? [c] : []));
    for (const c of first) shares[c] = (shares[c] as number) + 1 / first.length;
  }
  return shares.map((wins) => wins / resamples);
}

function winsOver(mine: Float64Array, others: Float64Array): number {
  let wins = 0;
  for (const [i, sum] of mine.entries()) {
    const other = others[i] as number;
    wins += sum > other ? 1 : sum === other ? 0.5 : 0;
  }
  return wins / mine.length;
}
