import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { InputError } from "../src/base/index.ts";

/** A Python that can import torch, and what its process needs to run at full speed. */
export interface Torch {
  readonly python: string;
  readonly environment: Readonly<Record<string, string>>;
}

export const howToInstall = "apt-get install python3-torch libopenblas0-openmp";

/** Where a Python with torch is looked for; the second is Debian's own when another one comes first on the path. */
const candidates = ["python3", "/usr/bin/python3", "python"];

const run = promisify(execFile);

/**
 * The first Python that can import torch, or undefined when none can. `python` names the only one to try; when that one
 * cannot, it is an InputError.
 */
export async function findTorch(python?: string): Promise<Torch | undefined> {
  for (const candidate of python === undefined ? candidates : [python])
    if (await importsTorch(candidate)) return { python: candidate, environment: environment() };
  if (python !== undefined)
    throw new InputError(`--python: expected a Python that can import torch, got "${python}", which cannot`);
  return undefined;
}

async function importsTorch(python: string): Promise<boolean> {
  try {
    await run(python, ["-c", "import torch"]);
    return true;
  } catch {
    return false;
  }
}

/**
 * Debian's torch takes its BLAS from the system, where the variant with its own threads comes first although it fights
 * with torch's; the OpenMP one shares them. Other builds of torch bring their BLAS along and do not look there.
 */
function environment(): Record<string, string> {
  const folder = openBlasFolder();
  if (folder === undefined) return {};
  const { LD_LIBRARY_PATH: others } = process.env;
  return { LD_LIBRARY_PATH: others ? `${folder}:${others}` : folder };
}

function openBlasFolder(root = "/usr/lib"): string | undefined {
  if (!existsSync(root)) return undefined;
  return readdirSync(root)
    .map((name) => join(root, name, "openblas-openmp"))
    .find((folder) => existsSync(join(folder, "libblas.so.3")));
}
