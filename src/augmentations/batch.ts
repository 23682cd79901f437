import { InputError, sizeOf } from "../base/index.ts";

/** [batch, channels, height, width]; a batch is its row-major float32 data with pixels in [0, 1]. */
export type BatchShape = readonly [batch: number, channels: number, height: number, width: number];

/** Throws InputError when the data's length is not the shape's product. */
export function checkBatch(where: string, images: Float32Array, shape: BatchShape): void {
  if (images.length !== sizeOf(shape))
    throw new InputError(
      `${where}: images: expected ${sizeOf(shape)} elements for shape [${shape.join(", ")}], got ${images.length}`,
    );
}

/** A new batch: `change` is given each image in the order of the batch, and zeros of its size to write on. */
export function eachImage(
  images: Float32Array,
  [batch, ...imageShape]: BatchShape,
  change: (image: Float32Array, out: Float32Array, i: number) => void,
): Float32Array {
  const size = sizeOf(imageShape);
  const changed = new Float32Array(images.length);
  for (let i = 0; i < batch; i++) {
    const [from, to] = [i * size, (i + 1) * size];
    change(images.subarray(from, to), changed.subarray(from, to), i);
  }
  return changed;
}
