import type { RandomStream } from "../base/index.ts";
import { type BatchShape, checkBatch } from "./batch.ts";
import { cornersTo, type Point } from "./homography.ts";
import { type Interpolation, warp } from "./warp.ts";

/**
 * Draws each image's corners inwards, each by its own whole number of pixels from 0 to floor(scale * floor(side / 2)),
 * and maps the image onto the quadrilateral between them; outside it is 0. Scale 0 changes nothing.
 *
 * As torchvision's RandomPerspective(distortion_scale=scale, p=1) on tensors: bilinear by default. torchvision allows
 * scales up to 1, where corners may cross; here they may not (see `staysConvex`). Draws eight numbers an image: right and
 * down for the upper left corner and on clockwise, in the order of the batch. Throws InputError when the data does not
 * fit the shape.
 */
export function perspective(
  images: Float32Array,
  shape: BatchShape,
  scale: number,
  stream: RandomStream,
  { interpolation = "bilinear" }: { readonly interpolation?: Interpolation } = {},
): Float32Array {
  checkBatch("perspective", images, shape);
  const [batch, , height, width] = shape;
  const [w, h] = [width - 1, height - 1];
  const [mostX, mostY] = [mostInwards(scale, width), mostInwards(scale, height)];
  const inwards = (): Point => [stream.below(mostX + 1), stream.below(mostY + 1)];
  const maps = Array.from({ length: batch }, () => {
    const [[x0, y0], [x1, y1], [x2, y2], [x3, y3]] = [inwards(), inwards(), inwards(), inwards()];
    return cornersTo(w, h, [
      [x0, y0],
      [w - x1, y1],
      [w - x2, h - y2],
      [x3, h - y3],
    ]);
  });
  return warp(images, shape, maps, interpolation);
}

/**
 * Whether no draw of this scale puts three corners in a line or crosses them, for then there is no map. The worst draw
 * has one corner furthest inwards and its two neighbours moved towards the sides that meet there: it is convex when
 * (w - 2 mostX) (h - 2 mostY) > mostX mostY, w and h the last pixel's indices. At 32 x 32 scales below 0.6875 are.
 */
export function staysConvex(scale: number, height: number, width: number): boolean {
  const [mostX, mostY] = [mostInwards(scale, width), mostInwards(scale, height)];
  const [freeX, freeY] = [width - 1 - 2 * mostX, height - 1 - 2 * mostY];
  return freeX > 0 && freeY > 0 && freeX * freeY > mostX * mostY;
}

const mostInwards = (scale: number, side: number): number => Math.floor(scale * Math.floor(side / 2));
