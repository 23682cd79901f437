import type { Images, PixelReader } from "./images.ts";
import { readerOf } from "./images.ts";

/** How an image of bytes lies in its array: value (channel, y, x) stands at channel * plane + y * row + x * pixel. */
export interface Layout {
  readonly height: number;
  readonly width: number;
  /** 1 and 2 are grey (and alpha), 3 and 4 are colour (and alpha); alpha is left out. */
  readonly channels: number;
  readonly plane: number;
  readonly row: number;
  readonly pixel: number;
}

/** One axis: out[i] = sum over k of weights[i * taps + k] * in[start[i] + k]. */
interface Axis {
  readonly taps: number;
  readonly start: Int32Array;
  readonly weights: Float64Array;
}

/**
 * Writes an image as three planes of side x side to `out` from `at` on: resized so that its shorter side is `side` long
 * (larger or smaller), then the middle square of it. Grey becomes three equal channels.
 *
 * Resizing is bilinear with antialiasing, as PIL and torchvision do it: a triangle of half-width max(1, in / out) input
 * pixels about each output pixel's centre, its weights summing to 1 inside the image. The longer side becomes
 * floor(side * longer / shorter) long and the crop begins at half of what is over, rounded down. Sums are rounded once
 * (PIL rounds after each axis, so single pixels differ by one).
 */
export function fitSquare(source: Uint8Array, layout: Layout, side: number, out: Uint8Array, at: number): void {
  const { height, width, channels, plane } = layout;
  const shorter = Math.min(height, width);
  const [rows, columns] = [height, width].map((length) => axis(length, Math.floor((side * length) / shorter), side));
  if (!rows || !columns) throw new Error("fitSquare: expected two axes");
  const area = side * side;
  const colours = channels < 3 ? 1 : 3;
  for (let channel = 0; channel < colours; channel++) {
    const from = channel * plane;
    if (height === side && width === side) copyPlane(source, from, layout, out, at + channel * area);
    else resizePlane(source, from, layout, { rows, columns }, out, at + channel * area, side);
  }
  if (colours === 3) return;
  out.copyWithin(at + area, at, at + area);
  out.copyWithin(at + 2 * area, at, at + area);
}

/** Weights of the middle `side` of the `to` outputs that an axis of `from` inputs is resized to. */
function axis(from: number, to: number, side: number): Axis {
  const scale = from / to;
  const reach = Math.max(1, scale);
  const taps = Math.min(from, 2 * Math.ceil(reach) + 1);
  const start = new Int32Array(side);
  const weights = new Float64Array(side * taps);
  const cropped = Math.floor((to - side) / 2);
  for (let i = 0; i < side; i++) {
    const centre = (i + cropped + 0.5) * scale;
    const first = Math.min(Math.max(0, Math.ceil(centre - reach - 0.5)), from - taps);
    start[i] = first;
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      const weight = Math.max(0, 1 - Math.abs(first + k + 0.5 - centre) / reach);
      weights[i * taps + k] = weight;
      sum += weight;
    }
    for (let k = 0; k < taps; k++) weights[i * taps + k] = (weights[i * taps + k] as number) / sum;
  }
  return { taps, start, weights };
}

function copyPlane(source: Uint8Array, from: number, layout: Layout, out: Uint8Array, at: number): void {
  const { height, width, row, pixel } = layout;
  if (pixel === 1 && row === width) {
    out.set(source.subarray(from, from + height * width), at);
    return;
  }
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) out[at + y * width + x] = source[from + y * row + x * pixel] as number;
}

function resizePlane(
  source: Uint8Array,
  from: number,
  { row, pixel }: Layout,
  { rows, columns }: { readonly rows: Axis; readonly columns: Axis },
  out: Uint8Array,
  at: number,
  side: number,
): void {
  const top = rows.start[0] ?? 0;
  const bottom = (rows.start[side - 1] ?? 0) + rows.taps;
  const narrow = new Float64Array((bottom - top) * side); // [input rows, side]
  for (let y = top; y < bottom; y++)
    for (let x = 0; x < side; x++) {
      const first = from + y * row + (columns.start[x] as number) * pixel;
      let sum = 0;
      for (let k = 0; k < columns.taps; k++)
        sum += (columns.weights[x * columns.taps + k] as number) * (source[first + k * pixel] as number);
      narrow[(y - top) * side + x] = sum;
    }
  const line = new Float64Array(side);
  for (let y = 0; y < side; y++) {
    line.fill(0.5); // rounds, since the sums are not negative
    const first = (rows.start[y] as number) - top;
    for (let k = 0; k < rows.taps; k++) {
      const weight = rows.weights[y * rows.taps + k] as number;
      if (weight === 0) continue;
      const other = (first + k) * side;
      for (let x = 0; x < side; x++) line[x] = (line[x] as number) + weight * (narrow[other + x] as number);
    }
    for (let x = 0; x < side; x++) out[at + y * side + x] = line[x] as number;
  }
}

/**
 * The images as [n, 3, side, side], by `fitSquare`; as they are when they have that shape. Others are made when they are
 * read, so that nothing more is held in memory.
 */
export function fitImages(images: Images, side: number): Images {
  const [n, channels, height, width] = images.shape;
  if (channels === 3 && height === side && width === side) return images;
  const inner = readerOf(images);
  const layout: Layout = { height, width, channels, plane: height * width, row: width, pixel: 1 };
  const one = new Uint8Array(channels * height * width);
  const pixels: PixelReader = {
    read(index, out, at) {
      inner.read(index, one, 0);
      fitSquare(one, layout, side, out, at);
    },
  };
  return { pixels, shape: [n, 3, side, side] };
}
