import { expect, test } from "vitest";
import { instructionsOf, multipliesBf16 } from "../../../src/engine/onednn/about.ts";

/** As oneapi/dnnl/dnnl_types.h of 2.6 and 2.7, and that of version 3, number them. */
const headers = {
  2: {
    sse41: 0x1,
    avx: 0x3,
    avx2: 0x7,
    avx512_mic: 0xf,
    avx512_mic_4ops: 0x1f,
    avx512_core: 0x27,
    avx512_core_vnni: 0x67,
    avx512_core_bf16: 0xe7,
    avx512_core_fp16: 0x1e7,
    avx512_core_amx: 0x3e7,
    avx2_vnni: 0x407,
  },
  3: {
    sse41: 0x1,
    avx: 0x3,
    avx2: 0x7,
    avx2_vnni: 0xf,
    avx2_vnni_2: 0x1f,
    avx512_core: 0x27,
    avx512_core_vnni: 0x67,
    avx512_core_bf16: 0xe7,
    avx512_core_fp16: 0x1ef,
    avx512_core_amx: 0xfef,
    avx512_core_amx_fp16: 0x1fef,
  },
};
const withBf16 = ["avx512_core_bf16", "avx512_core_fp16", "avx512_core_amx", "avx512_core_amx_fp16"];

test.each([2, 3] as const)("version %s names its instruction sets, and which of them multiply bf16", (major) => {
  for (const [name, set] of Object.entries(headers[major])) {
    expect(instructionsOf(major, set)).toBe(name);
    expect([name, multipliesBf16(name)]).toEqual([name, withBf16.includes(name)]);
  }
});

test("a set without a name is told by its number, and not trusted with bf16", () => {
  expect(instructionsOf(2, 0xfef)).toBe("0xfef");
  expect(multipliesBf16("0xfef")).toBe(false);
});
