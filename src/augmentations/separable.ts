import type { BatchShape } from "./batch.ts";

/**
 * A square linear map along one axis, out[i] = sum over k of weights[i * taps + k] * in[start[i] + k], whose rows have at
 * most `taps` neighbouring non-zero weights.
 */
export interface AxisMap {
  readonly size: number;
  readonly taps: number;
  readonly start: Int32Array;
  readonly weights: Float64Array;
}

/** The axis map of a dense square matrix, given row by row. Zeros around each row's non-zero weights are dropped. */
export function axisMap(rows: readonly Float64Array[]): AxisMap {
  const size = rows.length;
  const first = rows.map((row) => row.findIndex((weight) => weight !== 0));
  const last = rows.map((row) => row.findLastIndex((weight) => weight !== 0));
  const taps = Math.max(...rows.map((_, i) => (last[i] ?? 0) - (first[i] ?? 0) + 1));
  // All rows get equally many taps, so that the inner loop has one length; near the end they reach back.
  const start = Int32Array.from(first, (at) => Math.min(Math.max(at, 0), size - taps));
  const weights = new Float64Array(size * taps);
  rows.forEach((row, i) => {
    const from = start[i] ?? 0;
    weights.set(row.subarray(from, from + taps), i * taps);
  });
  return { size, taps, start, weights };
}

/** How many columns are summed at once, each in a register of its own: a third of the time of one by one. */
const lanes = 4;
const padded = (length: number) => Math.ceil(length / lanes) * lanes;

/**
 * Applies one map along the height and one along the width to every plane of a batch:
 * out = vertical . image . horizontal^T, summed in float64 and rounded to float32 once.
 */
export function applySeparable(
  images: Float32Array,
  [batch, channels, height, width]: BatchShape,
  vertical: AxisMap,
  horizontal: AxisMap,
): Float32Array {
  const out = new Float32Array(images.length);
  const [paddedHeight, paddedWidth] = [padded(height), padded(width)];
  const upright = new Float64Array(paddedHeight * paddedWidth);
  const turned = new Float64Array(paddedHeight * paddedWidth);
  const plane = height * width;
  for (let at = 0; at < batch * channels * plane; at += plane) {
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) upright[y * paddedWidth + x] = images[at + y * width + x] as number;
    mapAndTranspose(vertical, upright, paddedWidth, turned, paddedHeight);
    mapAndTranspose(horizontal, turned, paddedHeight, upright, paddedWidth);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) out[at + y * width + x] = upright[y * paddedWidth + x] as number;
  }
  return out;
}

/** Maps the first axis of `from`, [map.size, columns], and writes the result transposed: [columns, toColumns]. */
function mapAndTranspose(map: AxisMap, from: Float64Array, columns: number, to: Float64Array, toColumns: number): void {
  const { size, taps, start, weights } = map;
  for (let i = 0; i < size; i++) {
    const top = (start[i] as number) * columns;
    for (let x = 0; x < columns; x += lanes) {
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      for (let k = 0, at = top + x; k < taps; k++, at += columns) {
        const weight = weights[i * taps + k] as number;
        a += weight * (from[at] as number);
        b += weight * (from[at + 1] as number);
        c += weight * (from[at + 2] as number);
        d += weight * (from[at + 3] as number);
      }
      to[x * toColumns + i] = a;
      to[(x + 1) * toColumns + i] = b;
      to[(x + 2) * toColumns + i] = c;
      to[(x + 3) * toColumns + i] = d;
    }
  }
}
