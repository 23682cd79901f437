import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { InputError } from "../base/index.ts";
import { dataFolders } from "../datasets/index.ts";

/** Where the store, the checkpoints and what else is kept between runs live, below the current folder. */
export const storeFolder = ".carryover";

/** Where trained source models and checkpoints are kept, unless --artifacts names another folder. */
export const workFolder = join(storeFolder, "work");

/**
 * Of those, source models and their checkpoints. The order of sums, and so a model's last bits, depend on the number of
 * threads; those of several threads have a folder of their own.
 */
export const stagesFolder = (artifacts = workFolder, threads = 1): string =>
  join(artifacts, threads === 1 ? "stages" : `stages-of-${threads}-threads`);

/** Where a study's figures and tables land unless --out says otherwise. */
export const resultsFolder = (study: string): string => join("results", study);

export interface Folders {
  readonly dataDirs: string[];
  readonly cacheDir: string;
  /** Images that cannot be decoded are left out instead of being an error. */
  readonly skipCorrupt: boolean;
}

/** The folders to look for data in: those of --data first, then those of CARRYOVER_DATA; and the cache for downloads. */
export function foldersFor(data: readonly string[] = [], skipCorrupt = false): Folders {
  const { dataDirs, cacheDir } = dataFolders();
  for (const dir of data)
    if (!existsSync(dir)) throw new InputError(`--data: expected a folder, got "${dir}", which is not there`);
  return { dataDirs: [...data.map((dir) => resolve(dir)), ...dataDirs], cacheDir, skipCorrupt };
}
