import { type Interval, quantile, randomStream } from "../base/index.ts";

/** The mean over classes of the share of right answers in each; `n` examples, in `classes` classes that have any. */
export interface PerClass {
  readonly value: number;
  readonly n: number;
  readonly classes: number;
}

/**
 * Mean-per-class accuracy, the field's number for targets whose classes differ in size. `correct` [n] flags, `labels` [n].
 * Classes without an example are left out, and `classes` says how many were counted.
 */
export function meanPerClass(correct: ArrayLike<number>, labels: Int32Array): PerClass {
  const shares = [...countsOf(correct, labels).values()].map(({ right, n }) => right / n);
  return {
    value: shares.reduce((sum, share) => sum + share, 0) / shares.length,
    n: labels.length,
    classes: shares.length,
  };
}

/**
 * Its 95 % interval by the bootstrap: each class's examples drawn anew from that class's, percentiles of the means. A class
 * of one example cannot vary so, which makes the interval too narrow where many classes have one.
 */
export function meanPerClassInterval(
  correct: ArrayLike<number>,
  labels: Int32Array,
  { seed, resamples = 1000 }: { readonly seed: number; readonly resamples?: number },
): Interval {
  const classes = [...countsOf(correct, labels).values()];
  const stream = randomStream(seed);
  const means = Array.from({ length: resamples }, () => {
    let sum = 0;
    for (const { right, n } of classes) {
      // Drawing n of n flags with replacement is counting how many of n draws fall among the right ones.
      let hits = 0;
      for (let i = 0; i < n; i++) if (stream.below(n) < right) hits++;
      sum += hits / n;
    }
    return sum / classes.length;
  }).sort((a, b) => a - b);
  return { low: quantile(means, 0.025), high: quantile(means, 0.975) };
}

function countsOf(correct: ArrayLike<number>, labels: Int32Array): Map<number, { right: number; n: number }> {
  const counts = new Map<number, { right: number; n: number }>();
  for (const [i, label] of labels.entries()) {
    const { right, n } = counts.get(label) ?? { right: 0, n: 0 };
    counts.set(label, { right: right + (correct[i] ? 1 : 0), n: n + 1 });
  }
  return counts;
}
