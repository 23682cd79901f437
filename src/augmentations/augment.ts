import { choose, InputError, type RandomStream, unknownName } from "../base/index.ts";
import type { AugmentationOptions, GivenOptions } from "./augmentation.ts";
import type { BatchShape } from "./batch.ts";
import { augmentations } from "./registry.ts";
import { type Interpolation, interpolations } from "./warp.ts";

/**
 * Changes a batch by the augmentation of this kind: each image with the probability that the options give, the others
 * stay as they are. Returns a new batch.
 *
 * Draws one number for each image, which decides whether it is changed, and then what the augmentation draws for all of
 * them, changed or not: with the same stream, a probability of 1/2 and one of 1 change an image in the same way. Give
 * each batch and each method a stream of its own, e.g. `randomStream(seedFor(seed, "augment", kind, epoch, step))`.
 * Throws InputError as `checkStrength` and `checkOptions` do, and on a wrong shape.
 */
export function augment(
  kind: string,
  images: Float32Array,
  shape: BatchShape,
  strength: number,
  stream: RandomStream,
  options: GivenOptions = {},
): Float32Array {
  checkStrength(kind, strength, { height: shape[2], width: shape[3] });
  const settled = settleOptions(kind, options);
  const [batch] = shape;
  const changes = Array.from({ length: batch }, () => stream.uniform() < settled.probability);
  const out = choose("augmentation", kind, augmentations).apply(images, shape, strength, stream, settled);
  const size = images.length / batch;
  changes.forEach((change, i) => {
    if (!change) out.set(images.subarray(i * size, (i + 1) * size), i * size);
  });
  return out;
}

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

/** Throws InputError when the kind is unknown, or has no option of this name, or the option's value is not one it takes. */
export function checkOptions(kind: string, options: GivenOptions = {}): void {
  settleOptions(kind, options);
}

/** The given options, checked, and the defaults of those that are left out. */
function settleOptions(kind: string, given: GivenOptions): AugmentationOptions {
  const { defaults } = choose("augmentation", kind, augmentations);
  for (const name of Object.keys(given))
    if (!Object.hasOwn(defaults, name)) throw unknownName(`${kind}: options`, name, Object.keys(defaults));
  const { probability, interpolation }: GivenOptions = { ...defaults, ...given };
  if (!(typeof probability === "number" && probability >= 0 && probability <= 1))
    throw new InputError(`${kind}: options.probability: expected a number in [0, 1], got ${quoted(probability)}`);
  if (interpolation === undefined) return { probability };
  if (!isInterpolation(interpolation))
    throw new InputError(
      `${kind}: options.interpolation: expected ${interpolations.join(" or ")}, got ${quoted(interpolation)}`,
    );
  return { probability, interpolation };
}

const isInterpolation = (value: unknown): value is Interpolation => interpolations.some((each) => each === value);

const quoted = (value: unknown) => (typeof value === "string" ? `"${value}"` : `${value}`);
