import { sizeOf } from "../base/index.ts";
import { type PixelReader, toFloat } from "../datasets/index.ts";
import { checkImages } from "../models/index.ts";
import type { Victim } from "./victim.ts";

/** A test set: bytes, which stand for v / 255, or numbers, which are taken as they are. */
export interface Examples {
  readonly pixels: Uint8Array | PixelReader | Float32Array;
  readonly shape: readonly [n: number, channels: number, height: number, width: number];
  readonly labels: Int32Array;
}

/** The clean pixels of one example as a copy. */
export function imageAt({ pixels, shape }: Examples, index: number): Float32Array {
  if (!(pixels instanceof Float32Array)) return toFloat({ pixels, shape }, [index]);
  const [, ...image] = shape;
  const size = sizeOf(image);
  return pixels.slice(index * size, (index + 1) * size);
}

/**
 * Checks at the border of an attack that the victim can look at these images and answer with these labels. Whether the
 * pixels lie in [0, 1] is left to the health checks, which tell it as a verdict.
 */
export function checkExamples(where: string, { imageShape, classes }: Victim, examples: Examples): void {
  checkImages(where, { inputShape: imageShape, classes }, examples, { floats: true });
}

export function everyIndex({ labels }: Examples): Uint32Array {
  return Uint32Array.from(labels, (_, index) => index);
}
