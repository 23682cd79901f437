import type { LabelledFeatures } from "./softmax-regression.ts";
import type { Standardisation } from "./standardisation.ts";

/**
 * Multiplies by an inverse that bounds the curvature of softmax regression: its Hessian is at most (1/2) R for each
 * class (Boehning 1992), R = X'X / n the correlations of the standardised features, whatever the head. With the penalty
 * the bound is (1/2) R + l2 I, factorised (Cholesky) for
 * each penalty; R, which costs a pass over the data, is worked out once for all. Started from it, L-BFGS does not have to learn how features
 * correlate, which is most of what it learns otherwise.
 *
 * Vectors are [classes * size] weights, then [classes] biases, whose bound is 1/2.
 */
export function inverseCurvatureBound(
  data: LabelledFeatures,
  coordinates: Standardisation,
): (l2: number) => (vector: Float64Array) => Float64Array {
  const { size } = data;
  const half = correlations(data, coordinates).map((value) => value / 2);
  return (l2) => {
    const bound = half.slice();
    // A little more than the penalty: features that depend on each other would leave nothing to divide by.
    for (let i = 0; i < size; i++) bound[i * size + i] = (bound[i * size + i] as number) + l2 + 1e-6;
    const factor = cholesky(bound, size);
    return (vector) => {
      const classes = vector.length / (size + 1);
      const out = vector.slice();
      for (let k = 0; k < classes; k++) solve(factor, size, out.subarray(k * size, (k + 1) * size));
      for (let k = 0; k < classes; k++) out[classes * size + k] = 2 * (out[classes * size + k] as number);
      return out;
    };
  };
}

/** X'X / n of the standardised features, [size, size]. */
function correlations({ features, labels, size }: LabelledFeatures, { mean, scale }: Standardisation): Float64Array {
  const sums = new Float64Array(size * size);
  const row = new Float64Array(size);
  for (let i = 0; i < labels.length; i++) {
    for (let j = 0; j < size; j++)
      row[j] = ((features[i * size + j] as number) - (mean[j] as number)) * (scale[j] as number);
    for (let j = 0; j < size; j++) {
      const value = row[j] as number;
      if (value === 0) continue;
      for (let k = 0; k <= j; k++) sums[j * size + k] = (sums[j * size + k] as number) + value * (row[k] as number);
    }
  }
  for (let j = 0; j < size; j++)
    for (let k = 0; k <= j; k++) {
      const value = (sums[j * size + k] as number) / labels.length;
      sums[j * size + k] = value;
      sums[k * size + j] = value;
    }
  return sums;
}

/** The lower triangle L with L L' = a, a [size, size] symmetric and positive definite. */
function cholesky(a: Float64Array, size: number): Float64Array {
  const l = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i * size + j] as number;
      for (let k = 0; k < j; k++) sum -= (l[i * size + k] as number) * (l[j * size + k] as number);
      l[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / (l[j * size + j] as number);
    }
  return l;
}

/** x <- (L L')^-1 x. */
function solve(l: Float64Array, size: number, x: Float64Array): void {
  for (let i = 0; i < size; i++) {
    let sum = x[i] as number;
    for (let k = 0; k < i; k++) sum -= (l[i * size + k] as number) * (x[k] as number);
    x[i] = sum / (l[i * size + i] as number);
  }
  for (let i = size - 1; i >= 0; i--) {
    const value = (x[i] as number) / (l[i * size + i] as number);
    x[i] = value;
    for (let k = 0; k < i; k++) x[k] = (x[k] as number) - (l[i * size + k] as number) * value;
  }
}
