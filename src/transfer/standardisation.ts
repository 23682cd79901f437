import type { Head, LabelledFeatures } from "./softmax-regression.ts";

/**
 * The coordinates in which a head is fitted: (feature - mean) / deviation, over the rows it is fitted on.
 *
 * Why: an L2 penalty on the head's weight is only comparable between feature extractors when their features have one
 * scale, and regularisers such as JR shrink features by orders of magnitude. The class of heads stays the same: it is a
 * change of variables, folded back into a head on the raw features when the fit is done.
 */
export interface Standardisation {
  readonly mean: Float64Array;
  /** 1 / deviation; 0 for a dead feature, whose weight then stays 0. */
  readonly scale: Float64Array;
}

/** A feature is dead when its deviation is below this share of the root mean square of all features: float32's noise. */
const deadShare = 1e-6;

/**
 * Smaller deviations count as this share of the median one. A unit that fires on one training image in a thousand has next
 * to no deviation, and a test image that fires it would lie tens of thousands of deviations away.
 */
const leastShare = 0.01;

export function standardisation({ features, labels, size }: LabelledFeatures): Standardisation {
  const n = labels.length;
  const mean = new Float64Array(size);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < size; j++) mean[j] = (mean[j] as number) + (features[i * size + j] as number) / n;
  const variance = new Float64Array(size);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < size; j++) {
      const offset = (features[i * size + j] as number) - (mean[j] as number);
      variance[j] = (variance[j] as number) + (offset * offset) / n;
    }
  let squares = 0;
  for (let i = 0; i < features.length; i++) squares += (features[i] as number) ** 2;
  const noise = deadShare * Math.sqrt(squares / features.length);
  const deviation = variance.map(Math.sqrt);
  const alive = deviation.filter((value) => value > noise).sort();
  const least = leastShare * (alive[alive.length >> 1] ?? 0);
  const scale = deviation.map((value) => (value > noise ? 1 / Math.max(value, least) : 0));
  return { mean, scale };
}

/** The head on raw features that equals `head` on standardised ones: W / deviation, b - W mean / deviation. */
export function onRawFeatures({ weight, bias }: Head, { mean, scale }: Standardisation): Head {
  const size = mean.length;
  const raw = weight.map((value, i) => value * (scale[i % size] as number));
  const shifted = bias.map((value, k) => {
    let sum = value;
    for (let j = 0; j < size; j++) sum -= (raw[k * size + j] as number) * (mean[j] as number);
    return sum;
  });
  return { weight: raw, bias: shifted };
}

/** The chain rule of `onRawFeatures`: a gradient for the raw head becomes one for the standardised head. */
export function onStandardisedHead({ weight, bias }: Head, { mean, scale }: Standardisation): Head {
  const size = mean.length;
  const pulled = weight.map((value, i) => {
    const j = i % size;
    return (scale[j] as number) * (value - (mean[j] as number) * (bias[Math.floor(i / size)] as number));
  });
  return { weight: pulled, bias };
}
