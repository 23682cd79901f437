import { InputError, sizeOf } from "../base/index.ts";
import { type PixelReader, toFloat } from "../datasets/index.ts";
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
export function checkExamples(where: string, victim: Victim, { pixels, shape, labels }: Examples): void {
  const [n, ...image] = shape;
  const wanted = victim.imageShape.join(", ");
  if (image.join(", ") !== wanted)
    throw new InputError(`${where}: images: expected shape [n, ${wanted}], got [${shape.join(", ")}]`);
  const areHeld = pixels instanceof Uint8Array || pixels instanceof Float32Array;
  if (!areHeld && typeof pixels.read !== "function")
    throw new InputError(
      `${where}: pixels: expected a Uint8Array, a Float32Array or a reader, got ${Object.prototype.toString.call(pixels).slice(8, -1)}`,
    );
  if (areHeld && pixels.length !== sizeOf(shape))
    throw new InputError(
      `${where}: pixels: expected ${sizeOf(shape)} numbers for shape [${shape.join(", ")}], got ${pixels.length}`,
    );
  if (n === 0) throw new InputError(`${where}: images: expected at least one example, got 0`);
  if (labels.length !== n) throw new InputError(`${where}: labels: expected ${n}, one an image, got ${labels.length}`);
  const wrong = labels.find((label) => label < 0 || label >= victim.classes);
  if (wrong !== undefined)
    throw new InputError(`${where}: labels: expected classes 0 to ${victim.classes - 1} of the model, got ${wrong}`);
}

export function everyIndex({ labels }: Examples): Uint32Array {
  return Uint32Array.from(labels, (_, index) => index);
}
