import { InputError } from "../base/index.ts";
import type { FileBytes } from "./definition.ts";
import { readIdx } from "./read-idx.ts";
import { threeBy32 } from "./standard-size.ts";

/** A pair of idx files, images [n, height, width] of at most 32 x 32 and labels [n] in 0-9, served as 3 x 32 x 32. */
export function decodeIdxImages([imageFile, labelFile]: readonly FileBytes[]) {
  if (!imageFile || !labelFile) throw new Error("idx images: expected an image file and a label file");
  const images = readIdx(imageFile.bytes, imageFile.path);
  const labels = readIdx(labelFile.bytes, labelFile.path);
  const [n = 0, height = 0, width = 0] = images.shape;
  if (images.shape.length !== 3 || height > 32 || width > 32)
    throw new InputError(`${imageFile.path}: expected shape [n, 28, 28], got [${images.shape.join(", ")}]`);
  if (labels.shape.length !== 1 || labels.shape[0] !== n)
    throw new InputError(`${labelFile.path}: expected ${n} labels, one an image, got [${labels.shape.join(", ")}]`);
  const wrong = labels.data.findIndex((label) => label > 9);
  if (wrong >= 0)
    throw new InputError(`${labelFile.path}: label ${wrong}: expected 0-9, got ${labels.data[wrong] ?? "nothing"}`);
  return { ...threeBy32({ pixels: images.data, shape: [n, 1, height, width] }), labels: Int32Array.from(labels.data) };
}
