import { InputError, sizeOf } from "../../base/index.ts";
import type { DecodedImages, SplitName } from "../definition.ts";
import type { PixelReader } from "../images.ts";

/** An image of a dataset of one's own: a file and its class. */
export interface LabelledFile {
  /** From the folder that the dataset's file is in, or absolute. */
  readonly path: string;
  readonly label: string;
}

/**
 * A dataset of one's own, the default export of `<name>.dataset.ts` (or .js, .mjs) in a data folder. Either `files` lists
 * encoded images (JPEG, PNG, WebP) with their classes, or `images` gives pixels: uint8 [n, 1 or 3, height, width] and
 * labels [n] that index `classes`.
 */
export type OwnDefinition = {
  /** In the order of the labels. */
  readonly classes: readonly string[];
} & (
  | { readonly files: (split: SplitName) => readonly LabelledFile[] | Promise<readonly LabelledFile[]> }
  | { readonly images: (split: SplitName) => DecodedImages | Promise<DecodedImages> }
);

/** Checks a definition's members. Throws InputError. */
export function defineDataset(definition: OwnDefinition): OwnDefinition {
  return checkOwn("dataset", definition);
}

/** `defineDataset` for a value from outside. */
export function checkOwn(where: string, value: unknown): OwnDefinition {
  const given = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const { classes } = given;
  if (!Array.isArray(classes) || classes.length < 2 || !classes.every((name) => typeof name === "string"))
    throw new InputError(`${where}: classes: expected a list of two or more names, got ${JSON.stringify(classes)}`);
  if (new Set(classes).size < classes.length)
    throw new InputError(`${where}: classes: expected each name once, got ${classes.join(", ")}`);
  const strange = Object.keys(given).find((key) => !["classes", "files", "images"].includes(key));
  if (strange !== undefined)
    throw new InputError(`${where}: expected members classes and files or images, got ${strange}`);
  if ((typeof given.files === "function") === (typeof given.images === "function"))
    throw new InputError(
      `${where}: expected one function, files(split) or images(split), got ${given.files && given.images ? "both" : "neither"}`,
    );
  return value as OwnDefinition;
}

/** What `files` gave, checked. Throws InputError. */
export function checkFiles(where: string, given: unknown): readonly LabelledFile[] {
  if (!Array.isArray(given)) throw new InputError(`${where}: expected a list of { path, label }, got ${kindOf(given)}`);
  for (const [i, each] of given.entries())
    if (typeof each?.path !== "string" || typeof each?.label !== "string")
      throw new InputError(`${where}: file ${i}: expected { path, label }, both texts, got ${JSON.stringify(each)}`);
  return given;
}

/** What `images` gave, checked. Throws InputError. */
export function checkImages(where: string, { classes }: OwnDefinition, given: unknown): DecodedImages {
  if (typeof given !== "object" || given === null)
    throw new InputError(`${where}: expected { pixels, shape, labels }, got ${kindOf(given)}`);
  const { pixels, shape, labels } = given as Record<string, unknown>;
  if (!isShape(shape))
    throw new InputError(
      `${where}: shape: expected [n, 1 or 3, height, width], whole and positive, got ${JSON.stringify(shape)}`,
    );
  if (!(pixels instanceof Uint8Array) && !isReader(pixels))
    throw new InputError(
      `${where}: pixels: expected a Uint8Array or an object with read(index, out, at), got ${kindOf(pixels)}`,
    );
  if (pixels instanceof Uint8Array && pixels.length !== sizeOf(shape))
    throw new InputError(`${where}: pixels: expected ${sizeOf(shape)} bytes for [${shape}], got ${pixels.length}`);
  if (!Array.isArray(labels) && !ArrayBuffer.isView(labels))
    throw new InputError(`${where}: labels: expected a list of numbers, got ${kindOf(labels)}`);
  const numbers: unknown[] = Array.from(labels as ArrayLike<unknown>);
  if (numbers.length !== shape[0])
    throw new InputError(`${where}: labels: expected ${shape[0]}, one an image, got ${numbers.length}`);
  const wrong = numbers.findIndex((label) => !isWhole(label) || label >= classes.length);
  if (wrong >= 0)
    throw new InputError(
      `${where}: labels: expected whole numbers from 0 to ${classes.length - 1}, one a class, got ${typeof numbers[wrong] === "string" ? `"${numbers[wrong]}"` : numbers[wrong]}`,
    );
  return { pixels, shape, labels: Int32Array.from(numbers as number[]) };
}

const isWhole = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;

const isShape = (value: unknown): value is DecodedImages["shape"] =>
  Array.isArray(value) &&
  value.length === 4 &&
  value.every((length) => isWhole(length) && length > 0) &&
  (value[1] === 1 || value[1] === 3);

const isReader = (value: unknown): value is PixelReader =>
  typeof value === "object" && value !== null && "read" in value && typeof value.read === "function";

/** "nothing", "Float32Array", "Array", ... */
const kindOf = (value: unknown): string => (value == null ? "nothing" : (value.constructor?.name ?? typeof value));
