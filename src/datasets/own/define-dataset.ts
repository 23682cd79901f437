import { InputError, sizeOf } from "../../base/index.ts";
import type { DecodedImages, SplitName } from "../definition.ts";

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

/** Checks what `images` gave. Throws InputError. */
export function checkImages(where: string, { classes }: OwnDefinition, images: DecodedImages): void {
  const { pixels, shape, labels } = images;
  const [n, channels] = shape;
  if (shape.length !== 4 || (channels !== 1 && channels !== 3) || n < 1)
    throw new InputError(`${where}: shape: expected [n, 1 or 3, height, width], got [${shape}]`);
  if (pixels instanceof Uint8Array && pixels.length !== sizeOf(shape))
    throw new InputError(`${where}: pixels: expected ${sizeOf(shape)} bytes for [${shape}], got ${pixels.length}`);
  if (labels.length !== n) throw new InputError(`${where}: labels: expected ${n}, one an image, got ${labels.length}`);
  const wrong = labels.find((label) => label < 0 || label >= classes.length);
  if (wrong !== undefined)
    throw new InputError(`${where}: labels: expected 0 to ${classes.length - 1}, one a class, got ${wrong}`);
}
