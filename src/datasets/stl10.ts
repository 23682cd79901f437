import { InputError } from "../base/index.ts";
import type { DatasetDefinition, FileBytes } from "./definition.ts";

const side = 96;
const plane = side * side;
const size = 3 * plane;

/** md5 sums of the members as torchvision states them. */
export const stl10: DatasetDefinition = {
  name: "stl10",
  title: "STL-10",
  description: "5,000 + 8,000 colour photos of 10 kinds of objects, 96 x 96 (the 100,000 without labels are left out)",
  classes: ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"],
  licence: "none stated; images from ImageNet",
  homepage: "https://cs.stanford.edu/~acoates/stl10/",
  folders: ["stl10_binary", "stl10/stl10_binary", "STL10"],
  files: [
    { name: "train_X.bin", split: "train", bytes: 5000 * size, md5: "918c2871b30a85fa023e0c44e0bee87f" },
    { name: "train_y.bin", split: "train", bytes: 5000, md5: "5a34089d4802c674881badbb80307741" },
    { name: "test_X.bin", split: "test", bytes: 8000 * size, md5: "7f263ba9f9e0b06b93213547f721ac82" },
    { name: "test_y.bin", split: "test", bytes: 8000, md5: "36f9794fa4beb8a2c72628de14fa638e" },
  ],
  sources: [
    {
      kind: "archive",
      url: "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
      bytes: 2_640_397_119,
      md5: "91f7769df0f17e558f3565bffb0c7dfb",
    },
  ],
  decode,
};

/** Images of 3 planes, each column by column, and labels 1-10. */
function decode([imageFile, labelFile]: readonly FileBytes[]) {
  if (!imageFile || !labelFile) throw new Error("stl10: expected an image file and a label file");
  const n = imageFile.bytes.length / size;
  if (!Number.isInteger(n))
    throw new InputError(
      `${imageFile.path}: expected whole STL-10 images of ${size} bytes, got ${imageFile.bytes.length} bytes (truncated?)`,
    );
  if (labelFile.bytes.length !== n)
    throw new InputError(`${labelFile.path}: expected ${n} labels, one an image, got ${labelFile.bytes.length}`);
  const labels = Int32Array.from(labelFile.bytes, (label, i) => {
    if (label < 1 || label > 10) throw new InputError(`${labelFile.path}: label ${i}: expected 1-10, got ${label}`);
    return label - 1;
  });
  return { pixels: transposed(imageFile.bytes), labels, shape: [n, 3, side, side] as const };
}

/** Rows and columns of every plane swapped. */
function transposed(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let from = 0; from < bytes.length; from += plane)
    for (let column = 0; column < side; column++)
      for (let row = 0; row < side; row++)
        out[from + row * side + column] = bytes[from + column * side + row] as number;
  return out;
}
