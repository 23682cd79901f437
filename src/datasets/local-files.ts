import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { InputError } from "../base/index.ts";
import { md5Of } from "./checksums.ts";
import { type DataFile, type DatasetDefinition, filesOf, type SplitName } from "./definition.ts";

/** A file of a dataset as found on this machine, perhaps as `name`.gz. */
export interface FoundFile {
  readonly file: DataFile;
  readonly path: string;
  readonly bytes: number;
  readonly gzip: boolean;
}

export interface Search {
  /** All the files of the split, when one folder has them. */
  readonly found?: { readonly folder: string; readonly files: readonly FoundFile[] };
  /** Folders that have some of them but not all, in words. */
  readonly incomplete: readonly string[];
}

/**
 * Looks for a split's files in local folders, within each in folders of the dataset's names. Throws InputError when a
 * local folder does not exist.
 */
export async function findLocal(
  definition: DatasetDefinition,
  split: SplitName,
  dataDirs: readonly string[],
): Promise<Search> {
  const incomplete: string[] = [];
  for (const dir of dataDirs) {
    await checkFolder(dir);
    for (const folder of foldersIn(dir, definition)) {
      const { found, missing } = await filesIn(folder, filesOf(definition, split));
      if (missing.length === 0) return { found: { folder, files: found }, incomplete };
      if (found.length > 0) incomplete.push(`${folder} lacks ${missing.join(", ")}`);
    }
  }
  return { incomplete };
}

/** Where in a local folder a dataset may lie. */
export const foldersIn = (dir: string, { name, folders, sharesNames }: DatasetDefinition) =>
  [name, ...folders, ...(sharesNames ? [] : ["."])].map((folder) => join(dir, folder));

/** Every place in local folders where a file may lie. */
export const localPaths = (definition: DatasetDefinition, dataDirs: readonly string[], file: string) =>
  dataDirs.flatMap((dir) => foldersIn(dir, definition).map((folder) => join(folder, file)));

/** Where the cache keeps a file. */
export const cachedPath = (cacheDir: string, definition: DatasetDefinition, file: DataFile): string =>
  join(cacheDir, definition.name, file.name);

/** The files of a split in the cache, those of the right size, and the names of the others. */
export async function findCached(definition: DatasetDefinition, files: readonly DataFile[], cacheDir: string) {
  const found: FoundFile[] = [];
  const missing: DataFile[] = [];
  for (const file of files) {
    const path = cachedPath(cacheDir, definition, file);
    if ((await sizeOfFile(path)) === file.bytes) found.push({ file, path, bytes: file.bytes, gzip: false });
    else missing.push(file);
  }
  return { found, missing };
}

/** What a file turned out to be. `md5` and `bytes` are those of the content, unpacked when it was compressed. */
export interface ReadFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly md5: string;
  readonly official: boolean;
}

/**
 * Reads a found file and compares it with the official one. A file of another size may be a subset of the user's own and
 * is returned as not official; one of the official size with another md5 is damaged. Throws InputError on that, and when
 * the file cannot be read or unpacked.
 */
export async function readFound({ file, path, gzip }: FoundFile): Promise<ReadFile> {
  const bytes = await contentOf(path, gzip);
  const md5 = md5Of(bytes);
  if (md5 !== file.md5 && bytes.length === file.bytes)
    throw new InputError(
      `${path}: altered or damaged: expected ${file.bytes} bytes of md5 ${file.md5}, got md5 ${md5}`,
    );
  return { path, bytes, md5, official: md5 === file.md5 };
}

async function contentOf(path: string, gzip: boolean): Promise<Uint8Array> {
  try {
    const bytes = await readFile(path);
    const content = gzip ? await promisify(gunzip)(bytes) : bytes;
    // A plain view: a Buffer's subarray is several times slower, and readers take one for every image.
    return new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`${path}: expected a readable ${gzip ? "gzip " : ""}file, got: ${message}`, { cause });
  }
}

async function filesIn(folder: string, files: readonly DataFile[]) {
  const found: FoundFile[] = [];
  const missing: string[] = [];
  for (const file of files) {
    const plain = join(folder, file.name);
    const size = await sizeOfFile(plain);
    const packed = size === undefined && file.gzip ? await sizeOfFile(`${plain}.gz`) : undefined;
    if (size !== undefined) found.push({ file, path: plain, bytes: size, gzip: false });
    else if (packed !== undefined) found.push({ file, path: `${plain}.gz`, bytes: packed, gzip: true });
    else missing.push(file.name);
  }
  return { found, missing };
}

async function sizeOfFile(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? found.size : undefined;
}

export async function checkFolder(dir: string): Promise<void> {
  const found = await stat(dir).catch(() => undefined);
  if (!found?.isDirectory())
    throw new InputError(`data folder: expected a folder, got ${dir}, which ${found ? "is a file" : "does not exist"}`);
}
