/** Rows of features with their classes: the data of a head. */
export interface LabelledFeatures<Numbers extends Float32Array | Float64Array = Float32Array> {
  /** [n, size], row-major. */
  readonly features: Numbers;
  /** [n], each in [0, classes). */
  readonly labels: Int32Array;
  readonly size: number;
}

/** A linear head in float64: weight [classes, size] row-major, bias [classes]. */
export interface Head {
  readonly weight: Float64Array;
  readonly bias: Float64Array;
}

export interface LossAndGradient {
  /** Mean cross-entropy in nats. */
  readonly loss: number;
  readonly correct: number;
  /** Of the mean cross-entropy, in the head's layout. */
  readonly gradient: Head;
}

/**
 * Mean cross-entropy of softmax(W x + b) over all rows, and its gradient: with r = softmax(W x + b) - onehot(y),
 * dL/dW = mean r x', dL/db = mean r. Everything is summed in float64; correct counts first-largest logits.
 *
 * This is the whole cost of fitting a head: n * size * classes multiply-adds, twice. The inner loops therefore work on
 * four classes or four rows at a time, which keeps four sums in flight and reads each number once for four uses.
 */
export function softmaxRegression({ features, labels, size }: LabelledFeatures, head: Head): LossAndGradient {
  const classes = head.bias.length;
  const n = labels.length;
  const gradient = { weight: new Float64Array(classes * size), bias: new Float64Array(classes) };
  const residuals = new Float64Array(4 * classes);
  let loss = 0;
  let correct = 0;
  for (let from = 0; from < n; from += 4) {
    residuals.fill(0);
    const rows = Math.min(4, n - from);
    for (let row = 0; row < rows; row++) {
      const r = residuals.subarray(row * classes, (row + 1) * classes);
      logitsOf(features, (from + row) * size, size, head, r);
      const judged = toResidual(r, labels[from + row] ?? 0);
      loss += judged.loss;
      correct += judged.correct;
    }
    addOuterProducts(features, from * size, size, rows, residuals, gradient);
  }
  const scale = (x: Float64Array) => x.map((value) => value / n);
  return { loss: loss / n, correct, gradient: { weight: scale(gradient.weight), bias: scale(gradient.bias) } };
}

/** W x + b of the row that starts at `at`, into `out`. */
function logitsOf(x: Float32Array, at: number, size: number, { weight, bias }: Head, out: Float64Array): void {
  const classes = bias.length;
  let k = 0;
  for (; k + 4 <= classes; k += 4) {
    const [w0, w1, w2, w3] = [k * size, (k + 1) * size, (k + 2) * size, (k + 3) * size];
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let j = 0; j < size; j++) {
      const value = x[at + j] as number;
      a += value * (weight[w0 + j] as number);
      b += value * (weight[w1 + j] as number);
      c += value * (weight[w2 + j] as number);
      d += value * (weight[w3 + j] as number);
    }
    out[k] = a + (bias[k] as number);
    out[k + 1] = b + (bias[k + 1] as number);
    out[k + 2] = c + (bias[k + 2] as number);
    out[k + 3] = d + (bias[k + 3] as number);
  }
  for (; k < classes; k++) {
    let sum = bias[k] as number;
    for (let j = 0; j < size; j++) sum += (x[at + j] as number) * (weight[k * size + j] as number);
    out[k] = sum;
  }
}

/** Logits in, softmax minus one-hot out, in place. */
function toResidual(z: Float64Array, label: number): { readonly loss: number; readonly correct: number } {
  let largest = Number.NEGATIVE_INFINITY;
  let best = 0;
  for (let k = 0; k < z.length; k++) {
    const value = z[k] as number;
    if (value > largest) [largest, best] = [value, k];
  }
  const ofLabel = z[label] as number;
  let total = 0;
  for (let k = 0; k < z.length; k++) {
    const e = Math.exp((z[k] as number) - largest);
    z[k] = e;
    total += e;
  }
  for (let k = 0; k < z.length; k++) z[k] = (z[k] as number) / total;
  z[label] = (z[label] as number) - 1;
  return { loss: Math.log(total) + largest - ofLabel, correct: best === label ? 1 : 0 };
}

/** gradient += sum over up to four rows of r x' and r; rows that are missing have r = 0. */
function addOuterProducts(
  x: Float32Array,
  at: number,
  size: number,
  rows: number,
  r: Float64Array,
  { weight, bias }: Head,
): void {
  const classes = bias.length;
  // A missing row reads the first one again, times zero.
  const [x1, x2, x3] = [1, 2, 3].map((row) => at + (row < rows ? row * size : 0)) as [number, number, number];
  for (let k = 0; k < classes; k++) {
    const r0 = r[k] as number;
    const r1 = r[classes + k] as number;
    const r2 = r[2 * classes + k] as number;
    const r3 = r[3 * classes + k] as number;
    bias[k] = (bias[k] as number) + r0 + r1 + r2 + r3;
    const w = k * size;
    for (let j = 0; j < size; j++) {
      const products =
        r0 * (x[at + j] as number) +
        r1 * (x[x1 + j] as number) +
        r2 * (x[x2 + j] as number) +
        r3 * (x[x3 + j] as number);
      weight[w + j] = (weight[w + j] as number) + products;
    }
  }
}
