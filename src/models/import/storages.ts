import { type NumberFormat, numberFormats } from "../../base/index.ts";
import { Marker, type Pickled } from "./pickled.ts";

/** A pickle with the storages that it refers to, by key. */
export interface Archive {
  readonly value: Pickled;
  readonly storages: ReadonlyMap<string, Uint8Array>;
}

/** How each of PyTorch's storages is read, by its name in a pickle. */
export const storageTypes: Readonly<Record<string, NumberFormat>> = {
  "torch FloatStorage": numberFormats.float32,
  "torch DoubleStorage": numberFormats.float64,
  "torch HalfStorage": numberFormats.float16,
  "torch BFloat16Storage": numberFormats.bfloat16,
  "torch LongStorage": numberFormats.int64,
  "torch IntStorage": numberFormats.int32,
  "torch ShortStorage": numberFormats.int16,
  "torch CharStorage": numberFormats.int8,
  "torch ByteStorage": numberFormats.uint8,
  "torch BoolStorage": numberFormats.uint8,
};

/** Bytes of one number of a storage type; undefined for a type that is not known. */
export const bytesOf = (type: Pickled): number | undefined =>
  type instanceof Marker ? storageTypes[type.name]?.bytes : undefined;
