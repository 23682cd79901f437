import { InputError } from "../base/index.ts";
import type { DatasetDefinition, FileBytes } from "./definition.ts";
import { type MatlabArray, readMatlab } from "./read-matlab.ts";

const side = 32;
const plane = side * side;

export const svhn: DatasetDefinition = {
  name: "svhn",
  title: "SVHN",
  description: "73,257 + 26,032 colour photos of house numbers, cropped to the digit in the middle, 32 x 32",
  classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  licence: "for non-commercial use only (dataset page)",
  homepage: "http://ufldl.stanford.edu/housenumbers/",
  folders: ["SVHN"],
  files: [
    { name: "train_32x32.mat", split: "train", bytes: 182_040_794, md5: "e26dedcc434d2e4c54c9b2d4a06d8373" },
    { name: "test_32x32.mat", split: "test", bytes: 64_275_384, md5: "eb5a983be6a315427106f1b164d9cef3" },
  ],
  sources: [{ kind: "files", base: "http://ufldl.stanford.edu/housenumbers/" }],
  decode,
};

/** `X` is [32, 32, 3, n] (rows, columns, channels, images), `y` is [n, 1] with 10 for the digit 0. */
function decode([file]: readonly FileBytes[]) {
  if (!file) throw new Error("svhn: expected a file");
  const variables = readMatlab(file.bytes, file.path);
  const x = variable(variables, "X", file.path);
  const y = variable(variables, "y", file.path);
  const [height, width, channels, n = 1] = x.shape;
  if (height !== side || width !== side || channels !== 3 || !(x.data instanceof Uint8Array))
    throw new InputError(`${file.path}: X: expected uint8 of shape [32, 32, 3, n], got [${x.shape.join(", ")}]`);
  if (y.data.length !== n)
    throw new InputError(`${file.path}: y: expected ${n} labels, one an image, got ${y.data.length}`);
  const labels = Int32Array.from({ length: n }, (_, i) => {
    const label = y.data[i] as number;
    if (!(Number.isInteger(label) && label >= 0 && label <= 10))
      throw new InputError(`${file.path}: y: label ${i}: expected a whole number in 0-10, got ${label}`);
    return label % 10;
  });
  return { pixels: planesTransposed(x.data), labels, shape: [n, 3, side, side] as const };
}

function variable(variables: ReadonlyMap<string, MatlabArray>, name: string, file: string): MatlabArray {
  const found = variables.get(name);
  if (found) return found;
  const names = [...variables.keys()].join(", ") || "none";
  throw new InputError(`${file}: expected a numeric variable ${name}, got variables: ${names}`);
}

/** Column-major [row, column, channel, image] is row-major [image, channel, column, row]; rows and columns swap. */
function planesTransposed(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length);
  for (let start = 0; start < data.length; start += plane)
    for (let column = 0; column < side; column++)
      for (let row = 0; row < side; row++)
        out[start + row * side + column] = data[start + column * side + row] as number;
  return out;
}
