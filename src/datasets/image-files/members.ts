import {
  closeSync,
  type Dirent,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
} from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { diskError, InputError } from "../../base/index.ts";
import type { ByteRange } from "./image-list.ts";

/** A file, or one within an archive: where its bytes are. */
export interface Member {
  /** The path within the folder or the archive, with slashes. */
  readonly name: string;
  readonly file: string;
  readonly range?: ByteRange;
}

/** The bytes of a member, unpacked. Throws an Error when the file is shorter than it should be. */
export function readMember({ file, range }: Pick<Member, "file" | "range">): Uint8Array {
  if (!range) return readFileSync(file);
  const archive = openArchive(file);
  try {
    return readRange(archive, range);
  } finally {
    archive.close();
  }
}

/** All files below a folder. */
export async function folderMembers(folder: string, prefix = ""): Promise<Member[]> {
  const members: Member[] = [];
  for (const { name, path, isFolder } of await entriesOf(folder))
    if (isFolder) members.push(...(await folderMembers(path, `${prefix}${name}/`)));
    else members.push({ name: `${prefix}${name}`, file: path });
  return members;
}

/** What is in a folder, sorted by name; hidden files are not looked at, links are followed. */
export async function entriesOf(folder: string): Promise<{ name: string; path: string; isFolder: boolean }[]> {
  if (!existsSync(folder)) throw new InputError(`${folder}: expected a folder of images, got nothing of that name`);
  let found: Dirent[];
  try {
    found = await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw diskError("read", folder, cause);
  }
  const entries: { name: string; path: string; isFolder: boolean }[] = [];
  for (const entry of found) {
    if (entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    const isFolder = entry.isSymbolicLink() ? (await stat(path)).isDirectory() : entry.isDirectory();
    entries.push({ name: entry.name, path, isFolder });
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export interface OpenArchive {
  readonly size: number;
  read(offset: number, bytes: number): Uint8Array;
  close(): void;
}

/** The bytes of a range, unpacked. */
export const readRange = (archive: OpenArchive, range: ByteRange): Uint8Array =>
  unpacked(archive.read(range.offset, range.bytes), range);

/** What was stored in a range, unpacked. */
export const unpacked = (stored: Uint8Array, range: ByteRange | undefined): Uint8Array =>
  range?.deflated ? inflateRawSync(stored) : stored;

/** A file that is read in parts. */
export function openArchive(path: string): OpenArchive {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (cause) {
    throw diskError("read", path, cause);
  }
  return {
    size: fstatSync(descriptor).size,
    read(offset, bytes) {
      const out = new Uint8Array(bytes);
      for (let done = 0; done < bytes; ) {
        const read = readSync(descriptor, out, done, bytes - done, offset + done);
        if (read === 0) throw new InputError(`${path}: cut short: expected ${bytes} bytes at ${offset}, got ${done}`);
        done += read;
      }
      return out;
    },
    close: () => closeSync(descriptor),
  };
}

/** A file or folder in `folder` whose name fits, the first in order; undefined also when there is no such folder. */
export function fileLike(folder: string, pattern: RegExp): string | undefined {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return undefined;
  const [name] = readdirSync(folder)
    .filter((entry) => pattern.test(entry))
    .sort();
  return name === undefined ? undefined : join(folder, name);
}

/** Lets other work go on during a long walk through an archive's headers. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
