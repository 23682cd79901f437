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
    try {
      return { dnnl: open(name) };
    } catch (error) {
      reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    }
  }
  return { reason };
}

function open(file: string): Dnnl {
  const library = openLibrary(file);
  const { version } = about(library);
  const major = Number(version.split(".")[0]);
  if (major === 2) return openDnnl({ file, library }, (engine) => versionTwo(library, engine));
  if (major === 3) return openDnnl({ file, library }, (engine) => versionThree(library, engine));
  throw new Error(`oneDNN ${version} is neither 2 nor 3`);
}

/**
 * Loads the library for the thread that asks. Its own threads are not used: each call runs on the thread that makes it, which
 * shares work with others as the engine's Team does. GNU's OpenMP must stay loaded until the process is gone.
 */
export function openLibrary(file: string): LibraryHandle {
  // RTLD_NOW | RTLD_NODELETE
  if (process.platform === "linux")
    koffi.load(null).func("void *dlopen(const char *, int)")("libgomp.so.1", 0x2 | 0x1000);
  const library = koffi.load(file);
  computeOnOneThread();
  return library;
}

/** Tells OpenMP, where the library brought it with it. */
function computeOnOneThread(): void {
  const name = process.platform === "linux" ? "libgomp.so.1" : null;
  try {
    koffi.load(name).func("void omp_set_num_threads(int)")(1);
  } catch {
    // Another runtime of threads, or none.
  }
}
