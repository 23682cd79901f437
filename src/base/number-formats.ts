/** How a number of a file is stored, and the type of tensor that it is read into. */
export interface NumberFormat {
  readonly dtype: "float32" | "int32";
  readonly bytes: number;
  /** The little-endian number at a byte. */
  readonly read: (view: DataView, at: number) => number;
}

/** Every format in which other tools store weights. float64 loses digits on the way, int64 what is beyond 32 bits. */
export const numberFormats = {
  float64: { dtype: "float32", bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  float32: { dtype: "float32", bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  float16: { dtype: "float32", bytes: 2, read: (view, at) => halfOf(view.getUint16(at, true)) },
  bfloat16: { dtype: "float32", bytes: 2, read: (view, at) => bfloatOf(view.getUint16(at, true)) },
  int64: { dtype: "int32", bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  int32: { dtype: "int32", bytes: 4, read: (view, at) => view.getInt32(at, true) },
  int16: { dtype: "int32", bytes: 2, read: (view, at) => view.getInt16(at, true) },
  int8: { dtype: "int32", bytes: 1, read: (view, at) => view.getInt8(at) },
  uint8: { dtype: "int32", bytes: 1, read: (view, at) => view.getUint8(at) },
} as const satisfies Record<string, NumberFormat>;

function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** A bfloat16 is the upper half of a float32. */
function bfloatOf(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0] ?? 0;
}
