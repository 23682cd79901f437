import { dirname, join } from "node:path";
import { InputError } from "../base/index.ts";
import { mismatch } from "./checksums.ts";
import {
  type DatasetDefinition,
  type DatasetOptions,
  type DecodedDefinition,
  filesOf,
  type ListedDefinition,
  type SplitName,
} from "./definition.ts";
import { findListed, officialArchive } from "./image-files/find-listed.ts";
import { type Dataset, decodeFiles, loadDefinition } from "./load.ts";
import { type FoundFile, findCached, findLocal, type ReadFile, readFound } from "./local-files.ts";
import { findOwn, loadOwn, type OwnDataset } from "./own/find-own.ts";
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
  /** Of the official files, each counted once. */
  readonly bytes: number;
  /** Whether it can be fetched; what cannot has to be brought. */
  readonly fetched: boolean;
  readonly splits: readonly SplitPresence[];
}

/** All known datasets and where their splits are; quick, for it reads no file. */
export async function listDatasets(folders: Folders): Promise<readonly DatasetPresence[]> {
  return Promise.all(
    Object.values(datasets).map(async (definition) => ({
      name: definition.name,
      title: definition.title,
      description: definition.description,
      classes: "list" in definition ? definition.classCount : definition.classes.length,
      licence: definition.licence,
      homepage: definition.homepage,
      bytes: bytesOfFiles(definition),
      fetched: definition.sources.length > 0,
      splits: "list" in definition ? await presenceListed(definition, folders) : await presenceOf(definition, folders),
    })),
  );
}

function bytesOfFiles({ files }: DatasetDefinition): number {
  const sizes = new Map(files.map(({ name, bytes }) => [name, bytes]));
  return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
}

async function presenceOf(definition: DatasetDefinition, folders: Folders): Promise<SplitPresence[]> {
  return [await presence(definition, "train", folders), await presence(definition, "test", folders)];
}

/** Archives and folders of images have both splits, or none. */
async function presenceListed(definition: ListedDefinition, folders: Folders): Promise<SplitPresence[]> {
  const found = await findListed(definition, folders);
  return splits.map((split) => {
    if (!found) return { split, where: "absent" };
    const officialSize = officialArchive(definition, found, split) !== undefined;
    return { split, where: found.where, folder: dirname(found.path), officialSize };
  });
}

const splits = ["train", "test"] as const;

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
export async function verifyDataset(name: string, folders: Folders): Promise<readonly SplitCheck[]> {
  const known = Object.hasOwn(datasets, name) ? datasets[name] : undefined;
  if (known) return verifyDefinition(known, folders);
  return verifyOwn(findOwn("dataset", name, folders.dataDirs), folders);
}

/** `verifyDataset` for a definition of one's own. */
export async function verifyDefinition(
  definition: DatasetDefinition,
  folders: Folders,
): Promise<readonly SplitCheck[]> {
  if ("list" in definition) return verifyListed(definition, folders);
  return [await check(definition, "train", folders), await check(definition, "test", folders)];
}

/** Decodes every image, which the cache keeps; a split's archive of the official size is compared with its md5. */
async function verifyListed(definition: ListedDefinition, folders: Folders): Promise<SplitCheck[]> {
  const found = await findListed(definition, folders);
  if (!found)
    return splits.map((split) => ({
      split,
      where: "absent",
      state: "absent",
      note: `no ${definition.files.map(({ name }) => name).join(", ")}`,
    }));
  const checks: SplitCheck[] = [];
  for (const split of splits) {
    const at = { split, where: found.where, folder: dirname(found.path) };
    const archive = officialArchive(definition, found, split);
    const wrong = archive && (await mismatch(archive.path, { algorithm: "md5", digest: archive.file.md5 }));
    if (wrong) checks.push({ ...at, state: "damaged", note: `${archive.path}: ${wrong}` });
    else {
      const check = await checked(at, () => loadDefinition(definition, split, { ...folders, offline: true }));
      const official = archive !== undefined && check.state !== "damaged";
      checks.push(official ? { ...check, state: "official", note: "official files" } : check);
    }
  }
  return checks;
}

/** The user's own, by loading it. */
async function verifyOwn(own: OwnDataset, folders: Folders): Promise<SplitCheck[]> {
  const at = { where: "local", folder: dirname(own.path) } as const;
  const checks: SplitCheck[] = [];
  for (const split of splits)
    checks.push(await checked({ split, ...at }, () => loadOwn(own, split, { ...folders, offline: true })));
  return checks;
}

/** Loads what is not known to be official, and tells damage instead of throwing it. */
async function checked(presence: SplitPresence, load: () => Promise<Dataset>): Promise<SplitCheck> {
  try {
    const { shape, provenance } = await load();
    return { ...presence, state: "local", images: shape[0], note: provenance.note };
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    return { ...presence, state: "damaged", note: cause.message };
  }
}

async function check(definition: DecodedDefinition, split: SplitName, folders: Folders): Promise<SplitCheck> {
  const { where, folder, files } = await locate(definition, split, folders);
  const names = filesOf(definition, split).map((file) => file.name);
  if (where === "absent") return { split, where, state: "absent", note: `no ${names.join(", ")}` };
  try {
    const read: ReadFile[] = [];
    for (const file of files) read.push(await readFound(file));
    const { shape, provenance } = await decodeFiles(definition, split, read);
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
