import { dot, norm, randomStream, seedFor, type Tensor } from "../../base/index.ts";
import type { Parameters } from "../../models/index.ts";

/** Norms of weights; biases and normalising layers are left out. A convolution counts as [out, in * height * width]. */
export interface WeightNorms {
  /** sqrt(sum over the layers of f of ||W||_F^2). */
  readonly features: number;
  /** sum over the layers of f of ln sigma_max(W): the log of the product that bounds f's Lipschitz constant. */
  readonly logSpectralProduct: number;
  /** ||W||_F of the head. */
  readonly head: number;
}

export function weightNorms({ f, g }: Parameters<Tensor<"float32">>): WeightNorms {
  const matrices = Object.entries(f).filter(([, { weight }]) => weight.shape.length > 1);
  const squares = matrices.reduce((sum, [, { weight }]) => sum + dot(weight.data, weight.data), 0);
  const logs = matrices.map(([name, { weight }]) =>
    Math.log(largestSingularValue(weight.data, weight.shape[0] ?? 1, seedFor(0, "spectral", name))),
  );
  return {
    features: Math.sqrt(squares),
    logSpectralProduct: logs.reduce((sum, value) => sum + value, 0),
    head: norm(g.weight.data),
  };
}

/**
 * sigma_max of a [rows, ...] matrix by power iteration on W W', until it changes by less than 1e-6 of itself, 100 times at
 * most. Layers have fewer rows than columns, so that W W' is worked out once and is small.
 */
export function largestSingularValue(w: Float32Array, rows: number, seed: number): number {
  const products = rowProducts(w, rows);
  const stream = randomStream(seed);
  let u = unit(Float64Array.from({ length: rows }, () => stream.normal()));
  let sigma = 0;
  for (let step = 0; step < 100; step++) {
    const next = new Float64Array(rows);
    for (let i = 0; i < rows; i++) {
      const factor = u[i] as number;
      for (let j = 0; j < rows; j++) next[j] = (next[j] as number) + factor * (products[i * rows + j] as number);
    }
    const before = sigma;
    sigma = Math.sqrt(norm(next));
    if (!(sigma > 0) || Math.abs(sigma - before) <= 1e-6 * sigma) break;
    u = unit(next);
  }
  return sigma;
}

/** W W', [rows, rows]. A row meets four others at a time, so that no sum waits for its own last addition. */
function rowProducts(w: Float32Array, rows: number): Float64Array {
  const columns = w.length / rows;
  const out = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j <= i; j += 4) {
      // Past the last row stands that row again.
      const [j0, j1, j2, j3] = [0, 1, 2, 3].map((k) => Math.min(i, j + k)) as [number, number, number, number];
      const x = i * columns;
      const [y0, y1, y2, y3] = [j0 * columns, j1 * columns, j2 * columns, j3 * columns];
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let k = 0; k < columns; k++) {
        const value = w[x + k] as number;
        a += value * (w[y0 + k] as number);
        b += value * (w[y1 + k] as number);
        c += value * (w[y2 + k] as number);
        d += value * (w[y3 + k] as number);
      }
      out[i * rows + j0] = out[j0 * rows + i] = a;
      out[i * rows + j1] = out[j1 * rows + i] = b;
      out[i * rows + j2] = out[j2 * rows + i] = c;
      out[i * rows + j3] = out[j3 * rows + i] = d;
    }
  return out;
}

function unit(x: Float64Array): Float64Array {
  const length = norm(x);
  return length > 0 ? x.map((value) => value / length) : x;
}
