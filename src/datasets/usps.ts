import { InputError } from "../base/index.ts";
import type { DatasetDefinition, FileBytes, SplitName } from "./definition.ts";

const side = 16;
const whole = { name: "usps.h5", bytes: 2_913_522, md5: "355df6b942eb766252e0340bc019b0b9" };

export const usps: DatasetDefinition = {
  name: "usps",
  title: "USPS",
  description: "7,291 + 2,007 grey handwritten digits of envelopes, 16 x 16, served as three equal channels",
  classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  licence: "none stated",
  homepage: "https://www.kaggle.com/datasets/bistaumanga/usps-dataset",
  folders: ["USPS"],
  files: [
    { ...whole, split: "train" },
    { ...whole, split: "test" },
  ],
  // As HDF5 it lies where a log-in is asked for; a file of one's own goes into a data folder.
  sources: [],
  decode,
};

/** HDF5: `<split>/data` [n, 256] in 0 to 1 and `<split>/target` [n]. */
async function decode([file]: readonly FileBytes[], split: SplitName) {
  if (!file) throw new Error("usps: expected a file");
  const [data, target] = await readHdf5(file, [`${split}/data`, `${split}/target`]);
  const [n = 0, pixels] = data?.shape ?? [];
  if (!data || !target || data.shape.length !== 2 || pixels !== side * side || target.values.length !== n)
    throw new InputError(
      `${file.path}: ${split}: expected data [n, ${side * side}] and target [n], got [${data?.shape}] and [${target?.shape}]`,
    );
  const labels = Int32Array.from(target.values, (label, i) => {
    if (!(Number.isInteger(label) && label >= 0 && label <= 9))
      throw new InputError(`${file.path}: ${split}/target: label ${i}: expected 0-9, got ${label}`);
    return label;
  });
  const bytes = Uint8Array.from(data.values, (value) => {
    if (!(value >= 0 && value <= 1))
      throw new InputError(`${file.path}: ${split}/data: expected values from 0 to 1, got ${value}`);
    return Math.round(255 * value);
  });
  return { pixels: bytes, labels, shape: [n, 1, side, side] as const };
}

interface Hdf5Array {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** Numeric datasets of an HDF5 file by path. Throws InputError for another file, and for a path that is not there. */
async function readHdf5({ path, bytes }: FileBytes, names: readonly string[]): Promise<Hdf5Array[]> {
  if (Buffer.compare(bytes.subarray(0, 8), signature) !== 0)
    throw new InputError(
      `${path}: expected an HDF5 file, got first bytes ${Buffer.from(bytes.subarray(0, 8)).toString("hex")}`,
    );
  // Loaded when needed: it is a WebAssembly build of the HDF5 library, which reads files by their paths.
  const { default: hdf5 } = await import("h5wasm/node");
  await hdf5.ready;
  const file = new hdf5.File(path, "r");
  try {
    if (file.file_id < 0n) throw new InputError(`${path}: expected a whole HDF5 file, got a damaged one`);
    return names.map((name) => {
      const found = file.get(name);
      const values = found instanceof hdf5.Dataset ? found.value : undefined;
      if (!(found instanceof hdf5.Dataset) || !ArrayBuffer.isView(values))
        throw new InputError(`${path}: expected a numeric dataset ${name}, got ${found === null ? "none" : "another"}`);
      return { shape: found.shape ?? [], values: Array.from(values as unknown as Iterable<number | bigint>, Number) };
    });
  } finally {
    file.close();
  }
}

const signature = Buffer.from("894844460d0a1a0a", "hex");
