import koffi, { type LibraryHandle } from "koffi";
import type { Dnnl } from "./dnnl.ts";

const instructionSets: Readonly<Record<number, string>> = {
  1: "sse41",
  3: "avx",
  7: "avx2",
  15: "avx2_vnni",
  31: "avx2_vnni_2",
  39: "avx512_core",
  103: "avx512_core_vnni",
  231: "avx512_core_bf16",
  495: "avx10_1_512",
  1007: "avx512_core_fp16",
  4079: "avx512_core_amx",
  8175: "avx512_core_amx_fp16",
};

/** Version and instruction set; needs no engine. */
export function about(library: LibraryHandle): Pick<Dnnl, "version" | "instructions"> {
  const [major, minor, patch] = koffi.decode(library.func("void *dnnl_version()")(), "int", 3) as number[];
  const set = library.func("int dnnl_get_effective_cpu_isa()")() as number;
  return {
    version: `${major}.${minor}.${patch}`,
    instructions: instructionSets[set] ?? `0x${set.toString(16)}`,
  };
}
