import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { DataFile, DatasetOptions, ListedDefinition, SplitName } from "../definition.ts";
import { checkFolder, foldersIn } from "../local-files.ts";

/** Where a dataset of encoded images is on this machine. */
export interface FoundListed {
  readonly path: string;
  readonly where: "local" | "cache";
}

/**
 * Looks in the local folders, then in the cache. Throws InputError when a local folder does not exist; undefined when it is
 * nowhere.
 */
export async function findListed(
  definition: ListedDefinition,
  { dataDirs, cacheDir }: Pick<DatasetOptions, "dataDirs" | "cacheDir">,
): Promise<FoundListed | undefined> {
  for (const dir of dataDirs) {
    await checkFolder(dir);
    for (const folder of foldersIn(dir, definition)) {
      const path = existsSync(folder) ? definition.find(folder) : undefined;
      if (path) return { path, where: "local" };
    }
  }
  const path = definition.find(join(cacheDir, definition.name));
  return path ? { path, where: "cache" } : undefined;
}

/**
 * The archive that holds a split, where what was found are official archives by their names and sizes; their md5 is not
 * looked at. An unpacked folder is taken for the user's own.
 */
export function officialArchive(
  { files }: ListedDefinition,
  { path }: FoundListed,
  split: SplitName,
): { readonly path: string; readonly file: DataFile } | undefined {
  // One archive may hold both splits.
  const file = files.find((each) => each.split === split) ?? files[0];
  if (!file || !files.some(({ name }) => name === basename(path))) return undefined;
  const archive = join(dirname(path), file.name);
  return existsSync(archive) && statSync(archive).size === file.bytes ? { path: archive, file } : undefined;
}
