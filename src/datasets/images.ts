import { InputError } from "../base/index.ts";

/** Pixels that are not held in memory, such as those of a large file, or that are made when they are asked for. */
export interface PixelReader {
  /** Writes image `index`, planar uint8 [channels, height, width], to `out` from `at` on. */
  read(index: number, out: Uint8Array, at: number): void;
}

/**
 * Images as they are kept: planar uint8, `shape` is [n, channels, height, width], and pixels are its row-major data, or
 * what reads them image by image.
 */
export interface Images {
  readonly pixels: Uint8Array | PixelReader;
  readonly shape: readonly [n: number, channels: number, height: number, width: number];
}

/** Images with a class each: `labels[i]` indexes `classes`. */
export interface LabelledImages extends Images {
  readonly labels: Int32Array;
  readonly classes: readonly string[];
}

/**
 * The images at `indices`, in that order, as a new set: a copy of pixels in memory, a view of others. Throws InputError
 * on an index outside [0, n).
 */
export function gather(images: LabelledImages, indices: ArrayLike<number>): LabelledImages {
  const { pixels, classes, shape } = images;
  const [n, channels, height, width] = shape;
  const chosen = Uint32Array.from({ length: indices.length }, (_, i) => checkedIndex("gather", indices, i, n));
  return {
    pixels: pixels instanceof Uint8Array ? copyOf(pixels, channels * height * width, chosen) : viewOf(pixels, chosen),
    shape: [chosen.length, channels, height, width],
    labels: Int32Array.from(chosen, (from) => images.labels[from] ?? 0),
    classes,
  };
}

function copyOf(pixels: Uint8Array, size: number, chosen: Uint32Array): Uint8Array {
  const out = new Uint8Array(chosen.length * size);
  for (const [i, from] of chosen.entries()) out.set(pixels.subarray(from * size, (from + 1) * size), i * size);
  return out;
}

const viewOf = (pixels: PixelReader, chosen: Uint32Array): PixelReader => ({
  read: (index, out, at) => pixels.read(chosen[index] ?? 0, out, at),
});

/** What reads a set's images one by one, wherever they are. */
export function readerOf({ pixels, shape }: Images): PixelReader {
  if (!(pixels instanceof Uint8Array)) return pixels;
  const size = shape[1] * shape[2] * shape[3];
  return { read: (index, out, at) => out.set(pixels.subarray(index * size, (index + 1) * size), at) };
}

/** All the pixels of a set in memory, row-major; a copy only where they are not there yet. */
export function bytesOf(images: Images): Uint8Array {
  const { pixels, shape } = images;
  if (pixels instanceof Uint8Array) return pixels;
  const size = shape[1] * shape[2] * shape[3];
  const out = new Uint8Array(shape[0] * size);
  for (let i = 0; i < shape[0]; i++) pixels.read(i, out, i * size);
  return out;
}

/** Sets of equally large images one after the other. Throws InputError on another image shape, or on no set. */
export function concatenate(sets: readonly Images[]): Images {
  const [first] = sets;
  if (!first) throw new InputError("concatenate: expected at least one set of images, got none");
  const [, ...image] = first.shape;
  const other = sets.find(({ shape }) => String(shape.slice(1)) !== String(image));
  if (other) throw new InputError(`concatenate: expected images of [${image}], got [${other.shape.slice(1)}]`);
  const places = sets.flatMap((set) => {
    const reader = readerOf(set);
    return Array.from({ length: set.shape[0] }, (_, index) => ({ reader, index }));
  });
  const read = (index: number, out: Uint8Array, at: number) => {
    const place = places[index];
    place?.reader.read(place.index, out, at);
  };
  return { pixels: { read }, shape: [places.length, ...image] };
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
  const held = pixels instanceof Uint8Array;
  const bytes = held ? pixels : new Uint8Array(size);
  for (let i = 0; i < indices.length; i++) {
    const index = checkedIndex("toFloat", indices, i, n);
    if (!held) pixels.read(index, bytes, 0);
    const from = held ? index * size : 0;
    const to = i * size;
    for (let k = 0; k < size; k++) batch[to + k] = fractions[bytes[from + k] as number] as number;
  }
  return batch;
}

function checkedIndex(where: string, indices: ArrayLike<number>, i: number, n: number): number {
  const index = indices[i] as number;
  if (!(Number.isInteger(index) && index >= 0 && index < n))
    throw new InputError(`${where}: indices[${i}]: expected a whole number in [0, ${n}), got ${index}`);
  return index;
}
