import { randomStream, sizeOf } from "../../base/index.ts";
import type { ConvGeometry } from "../nodes.ts";
import { Program } from "../program.ts";
import type { Dnnl, Precision } from "./dnnl.ts";
import { prepareOnednn } from "./executor.ts";

/** A layer that goes from as many channels to as many. */
interface Layer {
  readonly batch: number;
  readonly channels: number;
  readonly size: number;
}

/** A small one, for direct kernels, and one for which Winograd's algorithm is taken where the library has it. */
const layers: readonly Layer[] = [
  { batch: 2, channels: 16, size: 6 },
  { batch: 8, channels: 32, size: 16 },
];
const kernel = 3;
const geometry: ConvGeometry = { strides: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 };
/** Of a wide layer every so many elements are looked at; a prime, so that all places of a tile and all edges come up. */
const every = 331;
/** Results of no more elements are looked at whole. */
const few = 5000;
/**
 * Sums of some hundred to two thousand terms of size 1/16: float32 rounds them by 1e-5, rounding the factors to bf16's 8 bits moves
 * them by 0.01; a kernel that is wrong is off by about one.
 */
const tolerances = { float32: 1e-3, bf16: 0.1 } as const;

/**
 * A self-test of less than a tenth of a second: convolutions, both of their gradients and a product through the library, against
 * plain sums. Returns what was wrong, or undefined.
 */
export async function complaintAbout(dnnl: Dnnl, precision: Precision = "float32"): Promise<string | undefined> {
  for (const layer of layers) {
    const complaint = await complaintOf(layer, dnnl, precision);
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}

async function complaintOf(layer: Layer, dnnl: Dnnl, precision: Precision): Promise<string | undefined> {
  const { batch, channels, size } = layer;
  const image = [batch, channels, size, size];
  const weight = [channels, channels, kernel, kernel];
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
  const executable = prepareOnednn(outputs, dnnl, { precision });
  const results = await executable.run((leaf) => {
    const found = given[leaf];
    if (found === undefined) throw new Error(`no leaf ${leaf}`);
    return found;
  });
  await executable.dispose();
  const [xs, ws, ys] = given.map(({ data }) => data) as [Float32Array, Float32Array, Float32Array];
  const wanted = sumsOf(layer, xs, ws, ys);
  for (const [i, [name, sum]] of Object.entries(wanted).entries()) {
    const got = results[i]?.data ?? new Float32Array();
    const step = got.length > few ? every : 1;
    let largest = 0;
    for (let k = 0; k < got.length; k += step) largest = Math.max(largest, difference(sum(k), got[k]));
    if (!(largest <= tolerances[precision])) return `its ${name} is off by ${largest}`;
  }
  return undefined;
}

const difference = (a: number, b: number | undefined) =>
  b === undefined || Number.isNaN(b) ? Infinity : Math.abs(a - b);

/** Numbers within half of 0. */
function noise(shape: readonly number[], seed: number): Float32Array {
  const { uniform } = randomStream(seed);
  const numbers = new Float32Array(sizeOf(shape));
  for (let i = 0; i < numbers.length; i++) numbers[i] = uniform() - 0.5;
  return numbers;
}

/** Each result's element, by its place, as a plain sum in float64. */
function sumsOf({ batch, channels, size }: Layer, xs: Float32Array, ws: Float32Array, ys: Float32Array) {
  const within = (i: number) => i >= 0 && i < size;
  const pixel = (of: Float32Array, b: number, c: number, i: number, j: number) =>
    within(i) && within(j) ? (of[((b * channels + c) * size + i) * size + j] ?? 0) : 0;
  const weight = (o: number, c: number, di: number, dj: number) =>
    ws[((o * channels + c) * kernel + di) * kernel + dj] ?? 0;
  const place = (k: number, ...lengths: readonly number[]) => {
    let rest = k;
    return lengths
      .toReversed()
      .map((length) => {
        const index = rest % length;
        rest = Math.floor(rest / length);
        return index;
      })
      .reverse() as [number, number, number, number];
  };
  /** Over all channels and the window's places. */
  const over = (term: (channel: number, di: number, dj: number) => number) => {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++)
      for (let di = 0; di < kernel; di++) for (let dj = 0; dj < kernel; dj++) sum += term(channel, di, dj);
    return sum;
  };
  const row = channels * size * size;
  return {
    convolution(k: number) {
      const [b, o, i, j] = place(k, batch, channels, size, size);
      return over((c, di, dj) => pixel(xs, b, c, i + di - 1, j + dj - 1) * weight(o, c, di, dj));
    },
    "input gradient"(k: number) {
      const [b, c, i, j] = place(k, batch, channels, size, size);
      return over((o, di, dj) => pixel(ys, b, o, i - di + 1, j - dj + 1) * weight(o, c, di, dj));
    },
    "weight gradient"(k: number) {
      const [o, c, di, dj] = place(k, channels, channels, kernel, kernel);
      let sum = 0;
      for (let b = 0; b < batch; b++)
        for (let i = 0; i < size; i++)
          for (let j = 0; j < size; j++) sum += pixel(ys, b, o, i, j) * pixel(xs, b, c, i + di - 1, j + dj - 1);
      return sum;
    },
    "matrix product"(k: number) {
      const [a, b] = [Math.floor(k / batch), k % batch];
      let sum = 0;
      for (let i = 0; i < row; i++) sum += (ys[a * row + i] ?? 0) * (ys[b * row + i] ?? 0);
      return sum;
    },
  };
}
