import type { RandomStream } from "../base/index.ts";
import { type BatchShape, checkBatch } from "./batch.ts";

/**
 * Mirrors each image left to right with probability 1/2 (torchvision's RandomHorizontalFlip). Draws one number an image,
 * in the order of the batch. Throws InputError when the data does not fit the shape.
 */
export function horizontalFlip(images: Float32Array, shape: BatchShape, stream: RandomStream): Float32Array {
  checkBatch("horizontalFlip", images, shape);
  const [batch, channels, height, width] = shape;
  const out = images.slice();
  for (let i = 0; i < batch; i++) {
    if (stream.uniform() >= 0.5) continue;
    const end = (i + 1) * channels * height * width;
    for (let row = i * channels * height * width; row < end; row += width) out.subarray(row, row + width).reverse();
  }
  return out;
}
