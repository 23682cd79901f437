import { InputError } from "../base/index.ts";

/** Images as they are kept: planar uint8, `shape` is [n, channels, height, width], and pixels are its row-major data. */
export interface Images {
  readonly pixels: Uint8Array;
  readonly shape: readonly [n: number, channels: number, height: number, width: number];
}

/** Images with a class each: `labels[i]` indexes `classes`. */
export interface LabelledImages extends Images {
  readonly labels: Int32Array;
  readonly classes: readonly string[];
}

/** The images at `indices`, in that order, as a new set. Throws InputError on an index outside [0, n). */
export function gather(images: LabelledImages, indices: ArrayLike<number>): LabelledImages {
  const [n, channels, height, width] = images.shape;
  const size = channels * height * width;
  const pixels = new Uint8Array(indices.length * size);
  const labels = new Int32Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const from = checkedIndex("gather", indices, i, n);
    pixels.set(images.pixels.subarray(from * size, (from + 1) * size), i * size);
    labels[i] = images.labels[from] ?? 0;
  }
  return { pixels, shape: [indices.length, channels, height, width], labels, classes: images.classes };
}

/** The labels at `indices`, in that order: [batch]. */
export function gatherLabels(images: LabelledImages, indices: ArrayLike<number>): Int32Array {
  const n = images.labels.length;
  return Int32Array.from(
    { length: indices.length },
    (_, i) => images.labels[checkedIndex("gatherLabels", indices, i, n)] ?? 0,
  );
}

/** The float32 nearest to v / 255 for each byte v. */
const fractions = Float32Array.from({ length: 256 }, (_, value) => value / 255);

/**
 * A batch for the engine: the pixels at `indices` divided by 255, [batch, channels, height, width] in [0, 1].
 * Writes into `out` when it is given (its length must be the batch's) and returns it. Throws InputError on an index
 * outside [0, n) or an `out` of another length.
 */
export function toFloat(images: Images, indices: ArrayLike<number>, out?: Float32Array): Float32Array {
  const [n, channels, height, width] = images.shape;
  const size = channels * height * width;
  const batch = out ?? new Float32Array(indices.length * size);
  if (batch.length !== indices.length * size)
    throw new InputError(`toFloat: out: expected ${indices.length * size} elements, got ${batch.length}`);
  const { pixels } = images;
  for (let i = 0; i < indices.length; i++) {
    const from = checkedIndex("toFloat", indices, i, n) * size;
    const to = i * size;
    for (let k = 0; k < size; k++) batch[to + k] = fractions[pixels[from + k] as number] as number;
  }
  return batch;
}

function checkedIndex(where: string, indices: ArrayLike<number>, i: number, n: number): number {
  const index = indices[i] as number;
  if (!(Number.isInteger(index) && index >= 0 && index < n))
    throw new InputError(`${where}: indices[${i}]: expected a whole number in [0, ${n}), got ${index}`);
  return index;
}
