import { randomStream } from "../../base/index.ts";
import type { ConvGeometry } from "../nodes.ts";
import { Program } from "../program.ts";
import type { Dnnl, Precision } from "./dnnl.ts";
import { prepareOnednn } from "./executor.ts";

const [batch, channels, size, kernel] = [2, 16, 6, 3];
const image = [batch, channels, size, size];
const weight = [channels, channels, kernel, kernel];
const geometry: ConvGeometry = { strides: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 };
/**
 * Sums of some hundred terms of size 1/16: float32 rounds them by 1e-5, rounding the factors to bf16's 8 bits moves them by
 * 0.01; a kernel that is wrong is off by about one.
 */
const tolerances = { float32: 1e-3, bf16: 0.1 } as const;

/**
 * A self-test of a few milliseconds: a convolution, both of its gradients and a product through the library, against
 * nested loops. Returns what was wrong, or undefined.
 */
export async function complaintAbout(dnnl: Dnnl, precision: Precision = "float32"): Promise<string | undefined> {
  const program = new Program();
  const x = program.input(0, image, "float32");
  const w = program.input(1, weight, "float32");
  const y = program.input(2, image, "float32");
  const flat = program.reshape(y, [batch, channels * size * size]);
  const outputs = [
    program.conv(x, w, geometry),
    program.convInputGradient(y, w, geometry, [size, size]),
    program.convWeightGradient(x, y, geometry, [kernel, kernel]),
    program.matmul(flat, program.transpose(flat, [1, 0])),
  ];
  const given = [image, weight, image].map((shape, i) => ({
    dtype: "float32" as const,
    shape,
    data: noise(shape, i + 1),
  }));
  const executable = prepareOnednn(outputs, dnnl, { threads: 1, precision });
  const results = await executable.run((leaf) => {
    const found = given[leaf];
    if (found === undefined) throw new Error(`no leaf ${leaf}`);
    return found;
  });
  await executable.dispose();
  const [xs, ws, ys] = given.map(({ data }) => data) as [Float32Array, Float32Array, Float32Array];
  const wanted = expected(xs, ws, ys);
  const names = ["convolution", "input gradient", "weight gradient", "matrix product"];
  for (const [i, name] of names.entries()) {
    const got = results[i]?.data ?? new Float32Array();
    const target = wanted[i] ?? new Float64Array();
    const largest = target.reduce((most, value, k) => Math.max(most, difference(value, got[k])), 0);
    if (!(largest <= tolerances[precision])) return `its ${name} is off by ${largest}`;
  }
  return undefined;
}

const difference = (a: number, b: number | undefined) =>
  b === undefined || Number.isNaN(b) ? Infinity : Math.abs(a - b);

function noise(shape: readonly number[], seed: number): Float32Array {
  const stream = randomStream(seed);
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => stream.uniform() - 0.5);
}

/** The four results in nested loops. */
function expected(xs: Float32Array, ws: Float32Array, ys: Float32Array): Float64Array[] {
  const [forward, input, weights] = [xs.length, xs.length, ws.length].map((length) => new Float64Array(length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const at = (b: number, c: number, i: number, j: number) => ((b * channels + c) * size + i) * size + j;
  for (let b = 0; b < batch; b++)
    for (let o = 0; o < channels; o++)
      for (let c = 0; c < channels; c++)
        for (let di = 0; di < kernel; di++)
          for (let dj = 0; dj < kernel; dj++) {
            const k = ((o * channels + c) * kernel + di) * kernel + dj;
            const factor = ws[k] ?? 0;
            let sum = 0;
            for (let i = Math.max(0, 1 - di); i < Math.min(size, size + 1 - di); i++)
              for (let j = Math.max(0, 1 - dj); j < Math.min(size, size + 1 - dj); j++) {
                const [from, to] = [at(b, c, i + di - 1, j + dj - 1), at(b, o, i, j)];
                forward[to] = (forward[to] ?? 0) + factor * (xs[from] ?? 0);
                input[from] = (input[from] ?? 0) + factor * (ys[to] ?? 0);
                sum += (xs[from] ?? 0) * (ys[to] ?? 0);
              }
            weights[k] = (weights[k] ?? 0) + sum;
          }
  const row = ys.length / batch;
  const product = Float64Array.from({ length: batch * batch }, (_, k) => {
    const [a, b] = [Math.floor(k / batch) * row, (k % batch) * row];
    let sum = 0;
    for (let i = 0; i < row; i++) sum += (ys[a + i] ?? 0) * (ys[b + i] ?? 0);
    return sum;
  });
  return [forward, input, weights, product];
}
