import { Marker, type Pickled } from "./unpickle.ts";

/** A pickle with the storages that it refers to, by key. */
export interface Archive {
  readonly value: Pickled;
  readonly storages: ReadonlyMap<string, Uint8Array>;
}

interface StorageType {
  readonly dtype: "float32" | "int32";
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number;
}

/** How each of PyTorch's storages is read, by its name in a pickle. */
export const storageTypes: Readonly<Record<string, StorageType>> = {
  "torch FloatStorage": { dtype: "float32", bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  "torch DoubleStorage": { dtype: "float32", bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  "torch HalfStorage": { dtype: "float32", bytes: 2, read: (view, at) => halfOf(view.getUint16(at, true)) },
  "torch BFloat16Storage": { dtype: "float32", bytes: 2, read: (view, at) => bfloatOf(view.getUint16(at, true)) },
  "torch LongStorage": { dtype: "int32", bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  "torch IntStorage": { dtype: "int32", bytes: 4, read: (view, at) => view.getInt32(at, true) },
  "torch ShortStorage": { dtype: "int32", bytes: 2, read: (view, at) => view.getInt16(at, true) },
  "torch CharStorage": { dtype: "int32", bytes: 1, read: (view, at) => view.getInt8(at) },
  "torch ByteStorage": { dtype: "int32", bytes: 1, read: (view, at) => view.getUint8(at) },
  "torch BoolStorage": { dtype: "int32", bytes: 1, read: (view, at) => view.getUint8(at) },
};

/** Bytes of one number of a storage type; undefined for a type that is not known. */
export const bytesOf = (type: Pickled): number | undefined =>
  type instanceof Marker ? storageTypes[type.name]?.bytes : undefined;

function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function bfloatOf(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0] ?? 0;
}
