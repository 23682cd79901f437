import { choose, InputError, type RandomStream } from "../base/index.ts";
import type { BatchShape } from "./batch.ts";
import { gaussianBlur } from "./gaussian-blur.ts";
import { rescale, rescaledSide } from "./rescale.ts";

/** A way to change training images, with one strength. */
export interface Augmentation {
  readonly title: string;
  /** What the strength counts. */
  readonly unit: string;
  /** Which strengths there are, in words. */
  readonly range: string;
  /** Whether images of this size can be changed with this strength. */
  readonly accepts: (strength: number, height: number, width: number) => boolean;
  /** A batch, [batch, channels, height, width] in [0, 1], changed; draws from `stream` in the order of the batch. */
  readonly apply: (images: Float32Array, shape: BatchShape, strength: number, stream: RandomStream) => Float32Array;
}

/** Every augmentation that a study may sweep, by kind of method. */
export const augmentations: Readonly<Record<string, Augmentation>> = {
  blur: {
    title: "Gaussian blur",
    unit: "kernel width in pixels",
    range: "an odd whole number of at least 1, with half of it smaller than the image",
    accepts: (k, height, width) =>
      Number.isInteger(k) && k >= 1 && k % 2 === 1 && (k - 1) / 2 < Math.min(height, width),
    apply: (images, shape, k) => gaussianBlur(images, shape, k),
  },
  rescale: {
    title: "rescale",
    unit: "factor by which the image is made smaller and then larger again",
    range: "a number of at least 1 that leaves at least 2 pixels a side",
    accepts: (m, height, width) => m >= 1 && rescaledSide(Math.min(height, width), m) >= 2,
    apply: (images, shape, m) => rescale(images, shape, m),
  },
};

/**
 * Throws InputError when the kind is unknown, or the strength is outside its range for images of this size.
 */
export function checkStrength(
  kind: string,
  strength: number,
  { height, width }: { readonly height: number; readonly width: number } = { height: 32, width: 32 },
): void {
  const { unit, range, accepts } = choose("augmentation", kind, augmentations);
  if (!accepts(strength, height, width))
    throw new InputError(
      `${kind}: strength (${unit}): expected ${range}, got ${strength} for images of ${height} x ${width}`,
    );
}

/** Changes a batch by the augmentation of this kind. Throws InputError as `checkStrength` does, and on a wrong shape. */
export function augment(
  kind: string,
  images: Float32Array,
  shape: BatchShape,
  strength: number,
  stream: RandomStream,
): Float32Array {
  checkStrength(kind, strength, { height: shape[2], width: shape[3] });
  return choose("augmentation", kind, augmentations).apply(images, shape, strength, stream);
}
