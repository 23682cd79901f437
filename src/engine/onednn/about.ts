import koffi, { type LibraryHandle } from "koffi";
import type { Dnnl } from "./dnnl.ts";

const common: Readonly<Record<number, string>> = {
  1: "sse41",
  3: "avx",
  7: "avx2",
  39: "avx512_core",
  103: "avx512_core_vnni",
  231: "avx512_core_bf16",
};

/** `dnnl_cpu_isa_t` of each major version, which number the later sets anew. */
const instructionSets: Readonly<Record<number, Readonly<Record<number, string>>>> = {
  2: {
    ...common,
    15: "avx512_mic",
    31: "avx512_mic_4ops",
    487: "avx512_core_fp16",
    999: "avx512_core_amx",
    1031: "avx2_vnni",
  },
  3: {
    ...common,
    15: "avx2_vnni",
    31: "avx2_vnni_2",
    495: "avx512_core_fp16",
    4079: "avx512_core_amx",
    8175: "avx512_core_amx_fp16",
    131583: "avx10_2",
    143359: "avx10_2_amx_2",
  },
};

/** The name of an instruction set, or its number where it has none. */
export const instructionsOf = (major: number, set: number): string =>
  instructionSets[major]?.[set] ?? `0x${set.toString(16)}`;

/** Whether the instruction set multiplies bf16 itself; others imitate it, slower than they compute in float32. */
export const multipliesBf16 = (instructions: string): boolean => /bf16|amx|fp16|avx10/.test(instructions);

/** Version and instruction set; needs no engine. */
export function about(library: LibraryHandle): Pick<Dnnl, "version" | "instructions"> {
  const [major, minor, patch] = koffi.decode(library.func("void *dnnl_version()")(), "int", 3) as [
    number,
    number,
    number,
  ];
  const set = library.func("int dnnl_get_effective_cpu_isa()")() as number;
  return { version: `${major}.${minor}.${patch}`, instructions: instructionsOf(major, set) };
}
