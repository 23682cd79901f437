/** The few instructions of WebAssembly that loops over vectors of four float32 need, and how it writes numbers (LEB128). */

export const unsigned = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
};

export const signed = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const last = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(last ? low : low | 0x80);
    if (last) return bytes;
  }
};

export const simple = {
  end: [0x0b],
  "i32.add": [0x6a],
  "i32.mul": [0x6c],
  "f64.promote_f32": [0xbb],
  "f32.demote_f64": [0xb6],
  "f64.convert_i32_s": [0xb7],
  "i32.trunc_sat_f64_s": [0xfc, 0x02],
} as const;

/** Vector instructions without operands of their own, by their number after the prefix 0xfd. */
export const vector = {
  "f32x4.splat": 0x13,
  "i32x4.eq": 0x37,
  "i32x4.lt_s": 0x39,
  "i32x4.le_s": 0x3d,
  "f32x4.eq": 0x41,
  "f32x4.lt": 0x43,
  "f32x4.gt": 0x44,
  "f32x4.le": 0x45,
  "v128.not": 0x4d,
  "v128.and": 0x4e,
  "v128.or": 0x50,
  "v128.xor": 0x51,
  "v128.bitselect": 0x52,
  "f32x4.ceil": 0x67,
  "f32x4.floor": 0x68,
  "i32x4.neg": 0xa1,
  "i32x4.shl": 0xab,
  "i32x4.shr_u": 0xad,
  "i32x4.add": 0xae,
  "i32x4.sub": 0xb1,
  "i32x4.mul": 0xb5,
  "i32x4.min_s": 0xb6,
  "i32x4.max_s": 0xb8,
  "f32x4.neg": 0xe1,
  "f32x4.sqrt": 0xe3,
  "f32x4.add": 0xe4,
  "f32x4.sub": 0xe5,
  "f32x4.mul": 0xe6,
  "f32x4.div": 0xe7,
  "f32x4.min": 0xe8,
  "f32x4.max": 0xe9,
  "f32x4.pmax": 0xeb,
  "i32x4.trunc_sat_f32x4_s": 0xf8,
  "f32x4.convert_i32x4_s": 0xfa,
} as const;

export type VectorOp = keyof typeof vector;
export type LaneType = "i32x4" | "f32x4";
