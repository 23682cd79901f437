/** Penalties in float64 loops, written apart from src, on the reference CNN's parameters. */
import { mean, type Tensor } from "../../src/base/index.ts";
import type { Parameters } from "../../src/models/index.ts";
import { dense, type Leaf64, referenceJacobian, type toFloat64 } from "../models/reference-cnn.ts";
import { side } from "../models/tiny.ts";

export type Parameters64 = ReturnType<typeof toFloat64>;

const size = 3 * side * side;

export function imageOf(images: Tensor<"float32">, b: number): Float64Array {
  return Float64Array.from(images.data.subarray(b * size, (b + 1) * size));
}

export const squared = (x: ArrayLike<number>) => Array.from(x).reduce((sum, value) => sum + value * value, 0);

export const length = (x: ArrayLike<number>) => Math.sqrt(squared(x));

/** Features of one image and J [pixels][features], exact within float64: forward mode along each pixel. */
export function jacobian(f: Parameters<Leaf64>["f"], image: Float64Array, convolutions: readonly number[]) {
  const pixels = Array.from(image, (_, i) => Float64Array.from(image, (_, j) => +(i === j)));
  const { features, along } = referenceJacobian(f, image, side, convolutions, pixels);
  return { features, rows: along };
}

/** The mean over the images of what `one` makes of each. */
export function meanOver(images: Tensor<"float32">, one: (image: Float64Array, b: number) => number): number {
  return mean(Array.from({ length: images.shape[0] ?? 0 }, (_, b) => one(imageOf(images, b), b)));
}

export function softmax(logits: Float64Array): Float64Array {
  const largest = Math.max(...logits);
  const e = logits.map((z) => Math.exp(z - largest));
  const total = e.reduce((sum, value) => sum + value, 0);
  return e.map((value) => value / total);
}

/** || d/dx ||f(x)||_2 ||_2: the row of J along the features' own direction. */
export function featureNormGradient(p: Parameters64, image: Float64Array, convolutions: readonly number[]): number {
  const { features, rows } = jacobian(p.f, image, convolutions);
  const norm = length(features);
  return length(rows.map((row) => row.reduce((sum, z, k) => sum + (z * (features[k] ?? 0)) / norm, 0)));
}

/** ||d/dx cross-entropy||_2^2, by the chain rule through the logits. */
export function squaredLossGradient(
  p: Parameters64,
  image: Float64Array,
  label: number,
  convolutions: readonly number[],
): number {
  const { features, rows } = jacobian(p.f, image, convolutions);
  const residual = softmax(dense(features, p.g.weight, p.g.bias.data)).map((q, k) => q - +(k === label));
  const along = features.map((_, j) =>
    residual.reduce((sum, r, k) => sum + r * (p.g.weight.data[k * features.length + j] ?? 0), 0),
  );
  return squared(rows.map((row) => row.reduce((sum, z, j) => sum + z * (along[j] ?? 0), 0)));
}

/** The largest singular value of a weight as an [out, rest] matrix, by many power iterations from ones. */
export function spectralNorm({ shape, data }: Leaf64): number {
  const outputs = shape[0] ?? 0;
  const inputs = data.length / outputs;
  const along = (v: Float64Array) =>
    Float64Array.from({ length: outputs }, (_, o) =>
      v.reduce((sum, value, i) => sum + value * (data[o * inputs + i] ?? 0), 0),
    );
  const back = (u: Float64Array) =>
    Float64Array.from({ length: inputs }, (_, i) =>
      u.reduce((sum, value, o) => sum + value * (data[o * inputs + i] ?? 0), 0),
    );
  let v: Float64Array = new Float64Array(inputs).fill(1);
  for (let t = 0; t < 300; t++) {
    const next = back(along(v));
    v = next.map((value) => value / length(next));
  }
  return length(along(v));
}

/** ONI in float64, row-major [rows, columns]. */
export function newtonOrthogonal({ shape, data }: Leaf64, iterations: number): Leaf64 {
  const [n = 0, m = 0] = shape;
  const z = data.map((value, at) => {
    const row = data.subarray(Math.floor(at / m) * m, (Math.floor(at / m) + 1) * m);
    return value - row.reduce((sum, each) => sum + each, 0) / m;
  });
  const times = (a: Float64Array, b: Float64Array, inner: number, columns: number) =>
    Float64Array.from({ length: (a.length / inner) * columns }, (_, at) => {
      const [i, j] = [Math.floor(at / columns), at % columns];
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += (a[i * inner + k] ?? 0) * (b[k * columns + j] ?? 0);
      return sum;
    });
  const transposed = Float64Array.from({ length: n * m }, (_, at) => z[(at % n) * m + Math.floor(at / n)] ?? 0);
  const gram = times(z, transposed, m, n).map((value, at) => value + (at % (n + 1) === 0 ? 1e-5 : 0));
  const norm = length(gram);
  let root = Float64Array.from({ length: n * n }, (_, at) => +(at % (n + 1) === 0));
  for (let t = 0; t < iterations; t++) {
    const cubed = times(times(times(root, root, n, n), root, n, n), gram, n, n);
    root = root.map((value, at) => 1.5 * value - (0.5 * (cubed[at] ?? 0)) / norm);
  }
  return { shape, data: times(root, z, n, m).map((value) => value / Math.sqrt(norm)) };
}
