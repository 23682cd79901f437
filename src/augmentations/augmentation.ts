import type { RandomStream } from "../base/index.ts";
import type { BatchShape } from "./batch.ts";
import type { Interpolation } from "./warp.ts";

/** A way to change training images, with one strength. */
export interface Augmentation {
  readonly title: string;
  /** What the strength counts. */
  readonly unit: string;
  /** Which strengths there are, in words. */
  readonly range: string;
  /** Which of two strengths changes images more. */
  readonly stronger: "larger" | "smaller";
  /** The strength that changes nothing. */
  readonly identity: number;
  /** The options there are and what they are when they are left out. */
  readonly defaults: AugmentationOptions;
  /** Whether images of this size can be changed with this strength. */
  readonly accepts: (strength: number, height: number, width: number) => boolean;
  /**
   * A batch, [batch, channels, height, width] in [0, 1], with every image changed. Draws as many numbers for each image
   * as for any other, in the order of the batch, so that what happens to one image does not depend on another.
   */
  readonly apply: (
    images: Float32Array,
    shape: BatchShape,
    strength: number,
    stream: RandomStream,
    options: AugmentationOptions,
  ) => Float32Array;
}

export interface AugmentationOptions {
  /** The chance of each image to be changed, in [0, 1]. */
  readonly probability: number;
  /** How images are read between their pixels; only where `defaults` has it. */
  readonly interpolation?: Interpolation;
}

/** Options as they come from outside, e.g. from a trial's method. */
export type GivenOptions = Readonly<Record<string, unknown>>;
