import { float32, type Tensor, tensor } from "../../src/base/index.ts";

/** One tensor of each type that a file may have. */
export const small = {
  b: tensor("bool", [3], Uint8Array.of(1, 0, 1)),
  w: float32([2, 2], [1.5, -0, Number.NaN, 1e-45]),
  n: tensor("int32", [], Int32Array.of(-7)),
  none: tensor("uint8", [0, 2], new Uint8Array()),
};

/** A file from its two parts, as the format's description lays it out. */
export function file(header: unknown, data: Uint8Array = new Uint8Array()): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

/** Bit for bit: NaN equals NaN, 0 differs from -0. */
export function bits(tensors: Readonly<Record<string, Tensor>>): unknown {
  return Object.entries(tensors).map(([name, { dtype, shape, data }]) => [
    name,
    dtype,
    [...shape],
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex"),
  ]);
}
