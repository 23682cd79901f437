import type { RandomStream } from "../base/index.ts";
import { type BatchShape, checkBatch, eachImage } from "./batch.ts";
import { shiftImage } from "./shift.ts";

/**
 * Moves each image by a whole number of pixels, up to `padding` in each direction, each offset equally likely; what moves
 * in is 0. The same as torchvision's RandomCrop(size, padding=padding) at the image's own size. Draws two numbers an
 * image, in the order of the batch. Throws InputError when the data does not fit the shape.
 */
export function randomCrop(
  images: Float32Array,
  shape: BatchShape,
  padding: number,
  stream: RandomStream,
): Float32Array {
  checkBatch("randomCrop", images, shape);
  return eachImage(images, shape, (image, out) => {
    const dy = stream.below(2 * padding + 1) - padding;
    const dx = stream.below(2 * padding + 1) - padding;
    shiftImage(image, out, shape, dy, dx);
  });
}
