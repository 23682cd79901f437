import type { RandomStream } from "../base/index.ts";
import { type BatchShape, checkBatch, eachImage } from "./batch.ts";
import { shiftImage } from "./shift.ts";

/**
 * Moves each image by whole pixels: to the right by round(U(-d, d) * width) and down by round(U(-d, d) * height); what
 * moves in is 0. `d` is the largest move as a share of the side, 0 changes nothing.
 *
 * As torchvision's RandomAffine(degrees=0, translate=(d, d)) on tensors: it rounds too, so no pixel is interpolated.
 * Draws two numbers an image, right and down, in the order of the batch. Throws InputError when the data does not fit the
 * shape.
 */
export function translation(images: Float32Array, shape: BatchShape, d: number, stream: RandomStream): Float32Array {
  checkBatch("translation", images, shape);
  const [, , height, width] = shape;
  return eachImage(images, shape, (image, out) => {
    const right = randomMove(d, width, stream);
    const down = randomMove(d, height, stream);
    shiftImage(image, out, shape, -down, -right);
  });
}

/** A whole number of pixels: round(U(-d, d) * side). Draws one number. */
export function randomMove(d: number, side: number, stream: RandomStream): number {
  return Math.round((2 * stream.uniform() - 1) * d * side);
}
