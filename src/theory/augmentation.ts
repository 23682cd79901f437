import type { Interval } from "../base/index.ts";

/** A mean over images with its 95 % interval, from the images' own spread. */
export interface MeanOverImages {
  readonly value: number;
  readonly interval: Interval;
}

/** What an augmentation T adds to a model's loss, in the loss's unit. total = variance + bias. */
export interface AugmentationEffect {
  /** E l(h(T x)) - l(h(x)). */
  readonly total: MeanOverImages;
  /** E l(h(T x)) - l(E h(T x)): at least 0 for a convex loss; what an unbiased augmentation adds, and a penalty. */
  readonly variance: MeanOverImages;
  /** l(E h(T x)) - l(h(x)): of either sign; 0 for a linear h when E T x = x. */
  readonly bias: MeanOverImages;
  readonly images: number;
  readonly draws: number;
}

/** A convex loss of a model's outputs for one image. */
export type OutputLoss = (outputs: Float64Array, label: number) => number;

/** Cross-entropy in nats of logits. */
export const crossEntropyLoss: OutputLoss = (logits, label) => {
  const largest = logits.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const total = logits.reduce((sum, value) => sum + Math.exp(value - largest), 0);
  return Math.log(total) + largest - (logits[label] as number);
};

/** Squared distance from the label's indicator, summed over classes. */
export const squaredLoss: OutputLoss = (outputs, label) =>
  outputs.reduce((sum, value, k) => sum + (value - (k === label ? 1 : 0)) ** 2, 0);

/**
 * Splits what an augmentation adds to the loss into a penalty (variance) and a bias, image by image: the mean output over
 * K draws stands for E h(T x). That mean has a variance of its own, 1 / K of a draw's; the factor K / (K - 1) on the
 * variance part makes up for it, exactly for squared loss and to second order otherwise.
 *
 * For a linear h, squared loss and x' = W1 x + W2 with E W1 = I, E W2 = 0 the bias is 0 and the variance w' Cov(x') w: the
 * paper's condition for an augmentation to be a regulariser.
 *
 * clean: [n][outputs]; draws: [K][n][outputs], K >= 2.
 */
export function augmentationEffect(
  loss: OutputLoss,
  labels: Int32Array,
  clean: readonly Float64Array[],
  draws: readonly (readonly Float64Array[])[],
): AugmentationEffect {
  const [n, k] = [labels.length, draws.length];
  const [total, variance, bias] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++) {
    const label = labels[i] as number;
    const outputs = draws.map((draw) => draw[i] as Float64Array);
    const centre = (clean[i] as Float64Array).map(
      (_, j) => outputs.reduce((sum, each) => sum + (each[j] as number), 0) / k,
    );
    const mean = outputs.reduce((sum, each) => sum + loss(each, label), 0) / k;
    total[i] = mean - loss(clean[i] as Float64Array, label);
    variance[i] = ((mean - loss(centre, label)) * k) / (k - 1);
    bias[i] = (total[i] as number) - (variance[i] as number);
  }
  return { total: meanOf(total), variance: meanOf(variance), bias: meanOf(bias), images: n, draws: k };
}

function meanOf(values: Float64Array): MeanOverImages {
  const n = values.length;
  const value = values.reduce((sum, each) => sum + each, 0) / n;
  const spread = values.reduce((sum, each) => sum + (each - value) ** 2, 0) / Math.max(1, n - 1);
  const margin = 1.959963984540054 * Math.sqrt(spread / n);
  return { value, interval: { low: value - margin, high: value + margin } };
}

/** Whether an augmentation acts as a penalty on a model. */
export type AugmentationVerdict = "penalty" | "penalty, bias unclear" | "penalty and bias" | "bias" | "nothing seen";

/** Beside a penalty, a bias of at most this share of it counts as none. */
const negligibleShare = 0.1;

/**
 * `penalty`: the variance part is above 0, and the bias within a tenth of it, as far as its interval goes; `penalty and
 * bias` when the bias's interval leaves 0 out; `penalty, bias unclear` when these images tell neither. `bias`: there is no
 * variance part (as with deterministic augmentations); `nothing seen` where the bias's interval holds 0 too.
 */
export function augmentationVerdict({ variance, bias }: AugmentationEffect): AugmentationVerdict {
  const { low, high } = bias.interval;
  const holdsZero = low <= 0 && high >= 0;
  if (variance.interval.low <= 0) return holdsZero ? "nothing seen" : "bias";
  const small = negligibleShare * variance.value;
  if (low >= -small && high <= small) return "penalty";
  return holdsZero ? "penalty, bias unclear" : "penalty and bias";
}
