import { join } from "node:path";
import { choose, InputError } from "../base/index.ts";
import { type DatasetDefinition, type DatasetOptions, filesOf, type SplitName } from "./definition.ts";
import { decodeFiles } from "./load.ts";
import { type FoundFile, findCached, findLocal, type ReadFile, readFound } from "./local-files.ts";
import { datasets } from "./registry.ts";

type Folders = Pick<DatasetOptions, "dataDirs" | "cacheDir">;

/** Where a split is on this machine. */
export interface SplitPresence {
  readonly split: SplitName;
  /** "local" folders go before the cache; "absent" is fetched when it is needed. */
  readonly where: "local" | "cache" | "absent";
  readonly folder?: string;
  /** Whether the files have the official sizes (compressed ones are taken at their word); their md5 is not looked at. */
  readonly officialSize?: boolean;
}

export interface DatasetPresence {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly classes: number;
  readonly licence: string;
  readonly homepage: string;
  /** What a download brings into the cache. */
  readonly bytes: number;
  readonly splits: readonly SplitPresence[];
}

/** All known datasets and where their splits are; quick, for it reads no file. */
export async function listDatasets(folders: Folders): Promise<readonly DatasetPresence[]> {
  return Promise.all(
    Object.values(datasets).map(async (definition) => ({
      name: definition.name,
      title: definition.title,
      description: definition.description,
      classes: definition.classes.length,
      licence: definition.licence,
      homepage: definition.homepage,
      bytes: definition.files.reduce((sum, { bytes }) => sum + bytes, 0),
      splits: [await presence(definition, "train", folders), await presence(definition, "test", folders)],
    })),
  );
}

async function presence(definition: DatasetDefinition, split: SplitName, folders: Folders): Promise<SplitPresence> {
  const { where, folder, files } = await locate(definition, split, folders);
  if (where === "absent") return { split, where };
  return { split, where, folder, officialSize: files.every(({ file, bytes, gzip }) => gzip || bytes === file.bytes) };
}

/** What became of checking a split. */
export interface SplitCheck extends SplitPresence {
  /** "official": every md5 is right. "local": readable, but not the official files. */
  readonly state: "official" | "local" | "damaged" | "absent";
  /** How many images it holds, when it is readable. */
  readonly images?: number;
  /** What is wrong, or not official, in words. */
  readonly note: string;
}

/**
 * Reads a dataset's files where `loadDataset` would find them, compares their md5 with the official ones and decodes
 * them. Fetches nothing; damage is told, not thrown. Throws InputError on an unknown name or a local folder that does
 * not exist.
 */
export function verifyDataset(name: string, folders: Folders): Promise<readonly SplitCheck[]> {
  return verifyDefinition(choose("dataset", name, datasets), folders);
}

/** `verifyDataset` for a definition of one's own. */
export async function verifyDefinition(
  definition: DatasetDefinition,
  folders: Folders,
): Promise<readonly SplitCheck[]> {
  return [await check(definition, "train", folders), await check(definition, "test", folders)];
}

async function check(definition: DatasetDefinition, split: SplitName, folders: Folders): Promise<SplitCheck> {
  const { where, folder, files } = await locate(definition, split, folders);
  const names = filesOf(definition, split).map((file) => file.name);
  if (where === "absent") return { split, where, state: "absent", note: `no ${names.join(", ")}` };
  try {
    const read: ReadFile[] = [];
    for (const file of files) read.push(await readFound(file));
    const { shape, provenance } = decodeFiles(definition, split, read);
    const state = provenance.official ? "official" : "local";
    return { split, where, folder, state, images: shape[0], note: provenance.note };
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    return { split, where, folder, state: "damaged", note: cause.message };
  }
}

interface Located {
  readonly where: "local" | "cache" | "absent";
  readonly folder?: string;
  readonly files: readonly FoundFile[];
}

async function locate(definition: DatasetDefinition, split: SplitName, folders: Folders): Promise<Located> {
  const { found: local } = await findLocal(definition, split, folders.dataDirs);
  if (local) return { where: "local", ...local };
  const { found, missing } = await findCached(definition, filesOf(definition, split), folders.cacheDir);
  if (missing.length > 0) return { where: "absent", files: [] };
  return { where: "cache", folder: join(folders.cacheDir, definition.name), files: found };
}
