import { mean, symmetricEigen } from "../../base/index.ts";
import type { LabelledFeatures } from "../../transfer/index.ts";

/** Eigenvalues below this share of the largest count as zero: float32's noise in features. */
const negligible = 1e-10;

/**
 * H-score: tr(cov(f)^-1 cov(E[f | y])), the share of the features' variance that the label explains, summed over whitened
 * directions; in [0, classes - 1]. The inverse is Moore and Penrose's. Higher predicts better transfer.
 *
 * Source: Bao et al., ICIP 2019.
 */
export function hScore(data: LabelledFeatures, classes: number): number {
  const { sums, counts, squares } = classSpectrum(centred(data), classes);
  const least = negligible * squares.reduce((most, value) => Math.max(most, value), 0);
  let score = 0;
  for (const [k, square] of squares.entries()) {
    if (square <= least) continue;
    for (let c = 0; c < classes; c++)
      score += (sums[c * squares.length + k] as number) ** 2 / (square * Math.max(1, counts[c] as number));
  }
  return score;
}

/**
 * LogME: the mean over classes of the largest log evidence an example of a Bayesian linear regression of the label's
 * indicator on the features, y ~ N(F w, 1 / beta), w ~ N(0, 1 / alpha), alpha and beta by their fixed point.
 * Higher predicts better transfer. Over the classes that have examples: of an indicator that is 0 everywhere the evidence
 * has no largest value.
 *
 * Source: You, Liu, Wang and Long, ICML 2021, algorithm 1.
 */
export function logMe(data: LabelledFeatures, classes: number): number {
  const n = data.labels.length;
  const { sums, counts, squares } = classSpectrum(data, classes);
  const present = [...counts.keys()].filter((c) => (counts[c] as number) > 0);
  return mean(
    present.map((c) =>
      evidence(squares, sums.subarray(c * squares.length, (c + 1) * squares.length), counts[c] as number, n),
    ),
  );
}

/** The largest log evidence / n for the eigenvalues of F' F that may not be 0, z = V' F' y and y' y. */
function evidence(sigma: Float64Array, z: Float64Array, yy: number, n: number): number {
  let [alpha, beta] = [1, 1];
  let [mm, residual] = [0, 0];
  for (let step = 0; step < 200; step++) {
    let gamma = 0;
    [mm, residual] = [0, yy];
    for (let k = 0; k < sigma.length; k++) {
      const [s, zk] = [sigma[k] as number, z[k] as number];
      // F v = 0, so z = v' F' y is 0 too; a dead model has nothing else.
      if (s === 0) continue;
      const precision = alpha + beta * s;
      const m = (beta * zk) / precision;
      gamma += (beta * s) / precision;
      mm += m * m;
      residual += s * m * m - 2 * m * zk;
    }
    residual = Math.max(residual, 1e-12 * yy);
    const [nextAlpha, nextBeta] = [gamma / (mm + 1e-12), (n - gamma) / (residual + 1e-12)];
    const settled = Math.abs(nextAlpha / nextBeta - alpha / beta) <= 1e-9 * (alpha / beta);
    [alpha, beta] = [nextAlpha, nextBeta];
    if (settled) break;
  }
  // size ln alpha - ln det(alpha I + beta F' F): directions without variation cancel.
  let logRatio = 0;
  for (const s of sigma) if (s > 0) logRatio += Math.log(alpha / (alpha + beta * s));
  const logEvidence =
    (n / 2) * Math.log(beta) +
    logRatio / 2 -
    (n / 2) * Math.log(2 * Math.PI) -
    (beta / 2) * residual -
    (alpha / 2) * mm;
  return logEvidence / n;
}

/** What the class of an example says along each direction in which features F vary. */
interface ClassSpectrum {
  /** Eigenvalues of F' F; of more features than rows only as many as rows, the others being 0. */
  readonly squares: Float64Array;
  /** [classes, directions]: v_k' F' y, y the indicator of a class, up to the sign of v_k. */
  readonly sums: Float64Array;
  /** Examples of each class. */
  readonly counts: Float64Array;
}

function classSpectrum(data: LabelledFeatures<Float32Array | Float64Array>, classes: number): ClassSpectrum {
  const { labels, size } = data;
  const counts = new Float64Array(classes);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  return { counts, ...(size <= labels.length ? byFeatures(data, classes) : byRows(data, classes)) };
}

/** By the eigenvectors v of F' F. */
function byFeatures({ features, labels, size }: LabelledFeatures<Float32Array | Float64Array>, classes: number) {
  const { values, vectors } = symmetricEigen(gram(features, labels.length, size), size);
  const moments = new Float64Array(classes * size); // F' y of each class
  for (const [i, label] of labels.entries())
    for (let j = 0; j < size; j++)
      moments[label * size + j] = (moments[label * size + j] as number) + (features[i * size + j] as number);
  const sums = new Float64Array(classes * size);
  for (let c = 0; c < classes; c++)
    for (let k = 0; k < size; k++) {
      let along = 0;
      for (let j = 0; j < size; j++) along += (vectors[k * size + j] as number) * (moments[c * size + j] as number);
      sums[c * size + k] = along;
    }
  return { squares: values.map((value) => Math.max(0, value)), sums };
}

/** By the eigenvectors u of F F', which is smaller where there are fewer rows than features: F v = sqrt(square) u. */
function byRows({ features, labels, size }: LabelledFeatures<Float32Array | Float64Array>, classes: number) {
  const n = labels.length;
  const turned = new Float64Array(n * size);
  for (let i = 0; i < n; i++) for (let j = 0; j < size; j++) turned[j * n + i] = features[i * size + j] as number;
  const { values, vectors } = symmetricEigen(gram(turned, size, n), n);
  const squares = values.map((value) => Math.max(0, value));
  const sums = new Float64Array(classes * n);
  for (let k = 0; k < n; k++) {
    const root = Math.sqrt(squares[k] as number);
    for (const [i, label] of labels.entries())
      sums[label * n + k] = (sums[label * n + k] as number) + root * (vectors[k * n + i] as number);
  }
  return { squares, sums };
}

/** The features less their mean. */
function centred({ features, labels, size }: LabelledFeatures): LabelledFeatures<Float64Array> {
  const centre = new Float64Array(size);
  for (const [at, value] of features.entries())
    centre[at % size] = (centre[at % size] as number) + value / labels.length;
  return { features: Float64Array.from(features, (value, at) => value - (centre[at % size] as number)), labels, size };
}

/** X' X, [size, size]. */
function gram(x: Float32Array | Float64Array, n: number, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < size; j++) {
      const value = x[i * size + j] as number;
      if (value === 0) continue;
      for (let k = 0; k <= j; k++)
        out[j * size + k] = (out[j * size + k] as number) + value * (x[i * size + k] as number);
    }
  for (let j = 0; j < size; j++) for (let k = 0; k < j; k++) out[k * size + j] = out[j * size + k] as number;
  return out;
}
