import type { RandomStream } from "../base/index.ts";
import { type BatchShape, checkBatch } from "./batch.ts";
import { turned } from "./homography.ts";
import { type Interpolation, warp } from "./warp.ts";

/**
 * Turns each image about its centre by U(-degrees, degrees), counter-clockwise when positive; what turns in is 0.
 * 0 degrees change nothing.
 *
 * As torchvision's RandomRotation(degrees) on tensors, whose default is to take the nearest pixel; "bilinear" smooths as
 * well as it turns. Not unbiased: uniform angles up to a have mean rotation (sin a / a) I, so that rotation is no penalty
 * in the sense of Xu et al. (2022). Draws one number an image, in the order of the batch. Throws InputError when the data
 * does not fit the shape.
 */
export function rotation(
  images: Float32Array,
  shape: BatchShape,
  degrees: number,
  stream: RandomStream,
  { interpolation = "nearest" }: { readonly interpolation?: Interpolation } = {},
): Float32Array {
  checkBatch("rotation", images, shape);
  const [batch, , height, width] = shape;
  const maps = Array.from({ length: batch }, () => turned(height, width, -randomAngle(degrees, stream)));
  return warp(images, shape, maps, interpolation);
}

/** U(-degrees, degrees). Draws one number. */
export function randomAngle(degrees: number, stream: RandomStream): number {
  return (2 * stream.uniform() - 1) * degrees;
}
