import koffi, { type LibraryHandle } from "koffi";
import { about } from "./about.ts";
import type { Dnnl } from "./dnnl.ts";
import { versionTwo } from "./dnnl-2.ts";
import { versionThree } from "./dnnl-3.ts";
import { openDnnl } from "./open-dnnl.ts";

/** Names under which systems have the library; CARRYOVER_ONEDNN names another file. */
const names: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ["libdnnl.so.3", "libdnnl.so.2"],
  darwin: ["/opt/homebrew/lib/libdnnl.dylib", "/usr/local/lib/libdnnl.dylib", "libdnnl.dylib"],
  win32: ["dnnl.dll"],
};

export type Found = { readonly dnnl: Dnnl } | { readonly reason: string };

let known: Found | undefined;

/** Loads the system's oneDNN, once in a process, or says why there is none to use. */
export function findDnnl(): Found {
  known ??= load();
  return known;
}

function load(): Found {
  const own = process.env.CARRYOVER_ONEDNN;
  const candidates = own ? [own] : (names[process.platform] ?? []);
  let reason = `oneDNN is not known on ${process.platform}`;
  for (const name of candidates) {
    keepOpenMp();
    try {
      return { dnnl: open(koffi.load(name)) };
    } catch (error) {
      reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    }
  }
  return { reason };
}

function open(library: LibraryHandle): Dnnl {
  const { version } = about(library);
  const setThreads = threadSetter();
  const major = Number(version.split(".")[0]);
  if (major === 2) return openDnnl(library, (engine) => versionTwo(library, engine), setThreads);
  if (major === 3) return openDnnl(library, (engine) => versionThree(library, engine), setThreads);
  throw new Error(`oneDNN ${version} is neither 2 nor 3`);
}

/**
 * Waiting threads sleep instead of spinning, which costs little here and much less than a spinning wait for a thread whose
 * core is taken. GNU's OpenMP must stay loaded until the process is gone: its threads outlive the libraries that are unloaded at the end.
 * RTLD_NOW | RTLD_NODELETE.
 */
function keepOpenMp(): void {
  process.env.OMP_WAIT_POLICY ??= "passive";
  if (process.platform !== "linux") return;
  koffi.load(null).func("void *dlopen(const char *, int)")("libgomp.so.1", 0x2 | 0x1000);
}

/** Sets OpenMP's number of threads, where the library brought OpenMP with it. */
function threadSetter(): (count: number) => void {
  try {
    const name = process.platform === "linux" ? "libgomp.so.1" : null;
    return koffi.load(name).func("void omp_set_num_threads(int)");
  } catch {
    return () => {};
  }
}
