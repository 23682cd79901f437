import type { RandomStream } from "../base/index.ts";
import type { BatchShape } from "./batch.ts";
import { horizontalFlip } from "./horizontal-flip.ts";
import { randomCrop } from "./random-crop.ts";

const padding = 4;

/**
 * What every source model of the paper is trained with: random crop at the images' size after padding 4 zeros, then a
 * horizontal flip with probability 1/2 (Xu et al., released code). Give each batch a stream of its own, e.g.
 * `randomStream(seedFor(seed, "augment", epoch, step))`. Throws InputError when the data does not fit the shape.
 */
export function baseAugmentation(images: Float32Array, shape: BatchShape, stream: RandomStream): Float32Array {
  return horizontalFlip(randomCrop(images, shape, padding, stream), shape, stream);
}
