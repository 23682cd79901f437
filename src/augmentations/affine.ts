import type { RandomStream } from "../base/index.ts";
import { type BatchShape, checkBatch } from "./batch.ts";
import { turned } from "./homography.ts";
import { randomAngle } from "./rotation.ts";
import { randomMove } from "./translation.ts";
import { type Interpolation, warp } from "./warp.ts";

/** The setting of the paper's code: 30 degrees go with moves of up to 0.1 of a side. */
const shareOfSide = 0.1 / 30;

/**
 * Turns each image about its centre by U(-degrees, degrees), clockwise when positive, and then moves it by whole pixels,
 * round(U(-d, d) * side) to the right and down, with d = degrees / 300; what comes in is 0. 0 degrees change nothing.
 *
 * As torchvision's RandomAffine(degrees, translate=(d, d)) on tensors, nearest pixel by default. Xu et al.'s code fixes
 * d = 0.1 and calls the degrees, 30, the parameter; here d goes with the degrees, equal to theirs at 30, so that the
 * strength begins at nothing. Draws three numbers an image, angle, right and down, in the order of the batch. Throws
 * InputError when the data does not fit the shape.
 */
export function affine(
  images: Float32Array,
  shape: BatchShape,
  degrees: number,
  stream: RandomStream,
  { interpolation = "nearest" }: { readonly interpolation?: Interpolation } = {},
): Float32Array {
  checkBatch("affine", images, shape);
  const [batch, , height, width] = shape;
  const d = degrees * shareOfSide;
  const maps = Array.from({ length: batch }, () => {
    const angle = randomAngle(degrees, stream);
    const right = randomMove(d, width, stream);
    return turned(height, width, angle, [right, randomMove(d, height, stream)]);
  });
  return warp(images, shape, maps, interpolation);
}
