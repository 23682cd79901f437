import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { DatasetOptions, ListedDefinition } from "../definition.ts";
import { checkFolder, foldersIn } from "../local-files.ts";

/** Where a dataset of encoded images is on this machine. */
export interface FoundListed {
  readonly path: string;
  readonly where: "local" | "cache";
  /** Whether it is an archive of the official name and size; an unpacked folder is taken for the user's own. */
  readonly official: boolean;
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
      if (path) return { path, where: "local", official: isOfficial(definition, path) };
    }
  }
  const path = definition.find(join(cacheDir, definition.name));
  return path ? { path, where: "cache", official: isOfficial(definition, path) } : undefined;
}

function isOfficial({ files }: ListedDefinition, path: string): boolean {
  const file = files.find(({ name }) => name === basename(path));
  return file !== undefined && statSync(path).size === file.bytes;
}
