import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { InputError, identity } from "../base/index.ts";
import {
  type DatasetDefinition,
  type DatasetOptions,
  type DecodedDefinition,
  filesOf,
  type ListedDefinition,
  type SplitName,
} from "./definition.ts";
import { fetchDefinition } from "./fetch.ts";
import { findListed, officialArchive } from "./image-files/find-listed.ts";
import { loadSplit } from "./image-files/load-list.ts";
import type { LabelledImages } from "./images.ts";
import { type FoundFile, findCached, findLocal, type ReadFile, readFound } from "./local-files.ts";
import { findOwn, loadOwn, refuseNamesake } from "./own/find-own.ts";
import { datasets } from "./registry.ts";
import { fitImages } from "./resize.ts";

/** A loaded split: [n, 3, side, side], and where it came from. */
export interface Dataset extends LabelledImages {
  readonly name: string;
  readonly split: SplitName;
  readonly provenance: Provenance;
}

export interface Provenance {
  /** Whether every file has the official md5; of archives of images, had it when it was fetched. */
  readonly official: boolean;
  /** "official files", or in words what is not, or not known to be. No paths, so that it may stand beside results. */
  readonly note: string;
  /** Of what was read, the files' md5 sums or pixels and labels: equal bytes, equal digest, wherever they came from. */
  readonly digest: string;
  /** The folder they were read from. */
  readonly folder: string;
}

/**
 * Loads one split of a dataset: from a local folder, else from the cache, else fetched into it first.
 *
 * Files in local folders need not be the official ones (a subset, say): this is told in `provenance`, not an error. A file
 * of the official size with another md5 is an error, and in the cache it is fetched anew.
 *
 * Throws InputError on an unknown name, on data of one's own under a known name, on damaged files and when the files cannot be had; the signal's reason when it
 * is aborted.
 */
export async function loadDataset(name: string, split: SplitName, options: DatasetOptions): Promise<Dataset> {
  const known = Object.hasOwn(datasets, name) ? datasets[name] : undefined;
  if (known) return loadDefinition(known, split, options);
  return loadOwn(findOwn("dataset", name, options.dataDirs), split, options);
}

/** `loadDataset` for a definition of one's own. */
export async function loadDefinition(
  definition: DatasetDefinition,
  split: SplitName,
  options: DatasetOptions,
): Promise<Dataset> {
  if ("list" in definition) return loadListed(definition, split, options);
  const { found } = await findLocal(definition, split, options.dataDirs);
  if (!found) await refuseNamesake(definition.name, options.dataDirs);
  const files = found ? await readAll(found.files) : await readCached(definition, split, options);
  return decodeFiles(definition, split, files, options.side);
}

async function loadListed(definition: ListedDefinition, split: SplitName, options: DatasetOptions): Promise<Dataset> {
  const there = await findListed(definition, options);
  if (there?.where !== "local") await refuseNamesake(definition.name, options.dataDirs);
  const found = there ?? (await fetchListed(definition, options));
  const archive = officialArchive(definition, found, split);
  // Archives of many gigabytes are not read whole to be compared; what is in the cache was, before it got its name.
  const official = archive !== undefined && found.where === "cache";
  const unsure = archive
    ? `local, ${archive.file.name} of the official name and size, its checksum not compared`
    : "local, not the official files";
  const loaded = await loadSplit(definition.name, await definition.list(found.path, options), split, options);
  const { provenance } = loaded;
  return {
    ...loaded,
    provenance: {
      ...provenance,
      official,
      note: [official ? "official files" : unsure, ...provenance.notes].join("; "),
    },
  };
}

async function fetchListed(definition: ListedDefinition, options: DatasetOptions) {
  await fetchDefinition(definition, options);
  const found = await findListed(definition, options);
  if (!found) throw new Error(`${definition.name}: what was fetched is not found`);
  return found;
}

/** Decodes read files and says what they are. Throws InputError, naming the file, when they are damaged. */
export async function decodeFiles(
  definition: DecodedDefinition,
  split: SplitName,
  files: readonly ReadFile[],
  side = 32,
): Promise<Dataset> {
  const decoded = await definition.decode(files, split);
  const { pixels, shape } = fitImages(decoded, side);
  const others = files.filter(({ official }) => !official);
  const names = filesOf(definition, split);
  const note = others
    .map((file) => names[files.indexOf(file)])
    .map((file, i) => `${file?.name} (${others[i]?.bytes.length} of the official ${file?.bytes} bytes)`);
  return {
    pixels,
    shape,
    labels: decoded.labels,
    classes: definition.classes,
    name: definition.name,
    split,
    provenance: {
      official: others.length === 0,
      note: others.length === 0 ? "official files" : `local, not the official file: ${note.join(", ")}`,
      digest: identity(files.map(({ md5 }) => md5)),
      folder: dirname(files[0]?.path ?? ""),
    },
  };
}

async function readCached(
  definition: DecodedDefinition,
  split: SplitName,
  options: DatasetOptions,
): Promise<readonly ReadFile[]> {
  const cached = async (): Promise<readonly FoundFile[]> => {
    await fetchDefinition(definition, { ...options, splits: [split] });
    return (await findCached(definition, filesOf(definition, split), options.cacheDir)).found;
  };
  const files = await cached();
  try {
    return await readAll(files);
  } catch (cause) {
    if (!(cause instanceof InputError) || options.offline) throw cause;
    // Bits rot and disks lie: a damaged file of our own cache is replaced, once.
    for (const found of files) await readFound(found).catch(() => rm(found.path, { force: true }));
    return readAll(await cached());
  }
}

async function readAll(files: readonly FoundFile[]): Promise<ReadFile[]> {
  const read: ReadFile[] = [];
  for (const file of files) read.push(await readFound(file));
  return read;
}
