import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InputError } from "./errors.ts";

/** What the user can mend about a disk, by error code. */
const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the device",
  EDQUOT: "the disk quota is used up",
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  EROFS: "the file system is read-only",
  ENOENT: "there is no such file or folder",
  ENOTDIR: "a part of the path is not a folder",
  EISDIR: "a folder of that name is in the way",
  EEXIST: "a file of that name is in the way",
  ENAMETOOLONG: "the path is too long",
  EFBIG: "the file is too large for the file system",
  ERR_FS_FILE_TOO_LARGE: "the file is too large to read at once",
  EIO: "the disk reported an input/output error",
  ESTALE: "the network file system has lost the file",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
};

const codeOf = (cause: unknown) => (cause instanceof Error && "code" in cause ? String(cause.code) : "");

/** The InputError, naming the path, for what the user can mend; any other error as it came. */
export function diskError(action: "read" | "write", path: string, cause: unknown): unknown {
  const code = codeOf(cause);
  const reason = Object.hasOwn(reasons, code) ? reasons[code] : undefined;
  return reason ? new InputError(`cannot ${action} ${path}: ${reason} (${code})`, { cause }) : cause;
}

/** All bytes of a file; InputError naming the path when it cannot be read. */
export async function readWhole(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw diskError("read", path, cause);
  }
}

/** Runs work that writes at `path`; a failure that the user can mend becomes one InputError naming the path. */
export async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw diskError("write", path, cause);
  }
}

/**
 * Writes a file that others see whole or not at all: a temporary name of its own beside it, fsync, rename, fsync of the
 * folder. Until the rename an older file stays as it was; two writers at once leave one of the two whole files. Makes
 * the folder. Throws InputError naming the path when the disk is full, read-only or closed to us.
 */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryName(path);
  await onDisk(path, async () => {
    await makeFolder(dirname(path));
    try {
      await writeAndSync(temporary, bytes);
      await moveInPlace(temporary, path);
    } catch (cause) {
      await rm(temporary, { force: true });
      throw cause;
    }
  });
}

/** A name beside a file, of this writer alone, under which it is written before it is renamed. */
export const temporaryName = (path: string): string => `${path}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`;

const abandonedMs = 24 * 3600 * 1000;

/**
 * Removes from a folder what writers left that were killed amid a write: files of `temporaryName` that nobody has written to
 * for a day. So long, because the folder may be shared by machines whose clocks differ.
 */
export async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!/\.\d+-[0-9a-f]{8}\.tmp$/.test(name)) continue;
    const path = join(folder, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > abandonedMs) await rm(path, { force: true }).catch(() => {});
  }
}

async function writeAndSync(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, "wx");
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder and those above it. (node's own recursive mkdir says ENOENT for a read-only file system.) */
export async function makeFolder(path: string): Promise<void> {
  const parent = dirname(path);
  try {
    await makeOne(path);
  } catch (cause) {
    if (codeOf(cause) !== "ENOENT" || parent === path) throw cause;
    await makeFolder(parent);
    await makeOne(path);
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (cause) {
    if (codeOf(cause) !== "EEXIST" || !(await stat(path)).isDirectory()) throw cause;
  }
}

/** Renames a finished file to its name and makes the rename last. */
export async function moveInPlace(from: string, to: string): Promise<void> {
  await rename(from, to);
  // Windows cannot open a folder; there the rename is as lasting as it gets.
  if (process.platform === "win32") return;
  const folder = await open(dirname(to), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
