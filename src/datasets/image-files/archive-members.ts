import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import {
  InputError,
  identity,
  makeFolder,
  moveInPlace,
  onDisk,
  removeAbandoned,
  temporaryName,
} from "../../base/index.ts";
import { folderMembers, type Member } from "./members.ts";
import { tarMembers } from "./tar-members.ts";
import { zipMembers } from "./zip-members.ts";

/**
 * The files of a folder, a .tar, a .zip, or a .tar.gz, which is unpacked into `cacheDir`/unpacked first (images could not
 * be read one by one from it). Throws InputError for damaged archives.
 */
export async function membersOf(path: string, cacheDir: string): Promise<Member[]> {
  if (/\.(tar\.gz|tgz)$/i.test(path)) return tarMembers(await unpackedTar(path, cacheDir));
  if (/\.tar$/i.test(path)) return tarMembers(path);
  return /\.zip$/i.test(path) ? zipMembers(path) : folderMembers(path);
}

async function unpackedTar(path: string, cacheDir: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  const name = basename(path).replace(/\.(tar\.gz|tgz)$/i, "");
  const unpacked = join(cacheDir, "unpacked", `${name}-${identity([size, mtimeMs])}.tar`);
  if (existsSync(unpacked)) return unpacked;
  const temporary = temporaryName(unpacked);
  await onDisk(unpacked, () => makeFolder(dirname(unpacked)));
  await removeAbandoned(dirname(unpacked));
  try {
    await onDisk(unpacked, () => pipeline(createReadStream(path), createGunzip(), createWriteStream(temporary)));
    await onDisk(unpacked, () => moveInPlace(temporary, unpacked));
  } catch (cause) {
    await rm(temporary, { force: true });
    if (cause instanceof InputError) throw cause;
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`${path}: expected a readable gzip file, got: ${said}`, { cause });
  }
  return unpacked;
}
