import { norm, randomStream, seedFor } from "../base/index.ts";
import type { LabelledFeatures } from "../transfer/index.ts";
import type { Standardisation } from "../transfer/standardisation.ts";

/** One extractor's features of a sample, and the coordinates in which heads are bounded. */
export interface SampleFeatures {
  readonly data: LabelledFeatures;
  readonly coordinates: Standardisation;
}

export interface RademacherEstimate {
  /** Estimated bound of the empirical Rademacher complexity of the losses, in nats. */
  readonly value: number;
  /** Standard error of the Monte Carlo mean. */
  readonly standardError: number;
  /** How far the mean over the draws may lie below its expectation, with the chance that was asked for. */
  readonly monteCarlo: number;
  readonly draws: number;
  /** sqrt(2) * (largest ||(x~, 1)|| seen) * radius + ln classes: an upper bound of every loss on the sample. */
  readonly lossRange: number;
}

/**
 * How well the class of losses l . G . F fits random labels on a sample, F a finite family of extractors and G the heads
 * with ||(W, b)||_F <= radius: an upper bound of its empirical Rademacher complexity.
 *
 * The cross-entropy is sqrt(2)-Lipschitz in the logits, so by Maurer's vector contraction (2016, corollary 4) the
 * complexity is at most 2 E_sigma sup_{f, g} 1/n sum_ik sigma_ik g_k(f(x_i)), signs sigma [classes, n]; and for this ball
 * the sup over heads is radius / n * ||sigma' X~||_F. Only the max over f and the mean over signs are estimated; a sign
 * that flips moves a draw by at most 4 radius ||x~_i|| / n, which gives the Monte Carlo error (McDiarmid).
 */
export function rademacherEstimate(
  family: readonly SampleFeatures[],
  {
    classes,
    radius,
    seed,
    failure,
    draws = 10,
  }: {
    readonly classes: number;
    readonly radius: number;
    readonly seed: number;
    readonly failure: number;
    readonly draws?: number;
  },
): RademacherEstimate {
  const n = family[0]?.data.labels.length ?? 0;
  const longest = new Float64Array(n);
  const rowsOf = family.map(({ data, coordinates }) => {
    const rows = standardised(data, coordinates);
    const width = data.size + 1;
    for (let i = 0; i < n; i++)
      longest[i] = Math.max(longest[i] as number, norm(rows.subarray(i * width, (i + 1) * width)));
    return { rows, width };
  });
  const values = Array.from({ length: draws }, (_, draw) => {
    const stream = randomStream(seedFor(seed, "rademacher", draw));
    const signs = Int8Array.from({ length: n * classes }, () => (stream.uniform() < 0.5 ? -1 : 1));
    return 2 * (radius / n) * Math.max(...rowsOf.map(({ rows, width }) => correlation(rows, width, signs, classes)));
  });
  const value = values.reduce((sum, each) => sum + each, 0) / draws;
  const variance = values.reduce((sum, each) => sum + (each - value) ** 2, 0) / (draws - 1);
  const changes = longest.reduce((sum, length) => sum + classes * ((4 * radius * length) / n) ** 2, 0);
  return {
    value,
    standardError: Math.sqrt(variance / draws),
    monteCarlo: Math.sqrt((changes * Math.log(1 / failure)) / (2 * draws)),
    draws,
    lossRange: Math.log(classes) + Math.SQRT2 * radius * longest.reduce((most, length) => Math.max(most, length), 0),
  };
}

/** (f(x) - mean) * scale with a 1 behind, [n, size + 1]. */
function standardised({ features, labels, size }: LabelledFeatures, { mean, scale }: Standardisation): Float64Array {
  const rows = new Float64Array(labels.length * (size + 1));
  for (let i = 0; i < labels.length; i++) {
    for (let j = 0; j < size; j++)
      rows[i * (size + 1) + j] = ((features[i * size + j] as number) - (mean[j] as number)) * (scale[j] as number);
    rows[i * (size + 1) + size] = 1;
  }
  return rows;
}

/** || signs' rows ||_F, signs [n, classes]. */
function correlation(rows: Float64Array, width: number, signs: Int8Array, classes: number): number {
  const sums = new Float64Array(classes * width);
  const n = rows.length / width;
  for (let i = 0; i < n; i++)
    for (let k = 0; k < classes; k++) {
      const sign = signs[i * classes + k] as number;
      for (let j = 0; j < width; j++)
        sums[k * width + j] = (sums[k * width + j] as number) + sign * (rows[i * width + j] as number);
    }
  return norm(sums);
}
