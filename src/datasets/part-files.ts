import { randomBytes } from "node:crypto";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";

const abandonedAfterMs = 10 * 60 * 1000;

/**
 * A half-downloaded file is `<file>.part`, and while a process writes it, `<file>.<host>-<pid>-<random>.part`: renaming
 * is atomic, so of two downloaders only one continues an old part and the other starts its own.
 *
 * `claimPart` returns the path to write to; a file is there when an older download can be continued: one that was put
 * down, one of a process of this machine that is no more, or one of another machine that has not grown for ten minutes.
 */
export async function claimPart(file: string): Promise<string> {
  const own = `${file}.${host()}-${process.pid}-${randomBytes(4).toString("hex")}.part`;
  const folder = dirname(file);
  const prefix = `${basename(file)}.`;
  const names = (await readdir(folder)).filter((name) => name.startsWith(prefix) && name.endsWith(".part"));
  for (const name of names) {
    const path = join(folder, name);
    if (!(await abandoned(path, name.slice(prefix.length, -".part".length)))) continue;
    try {
      await rename(path, own);
      return own;
    } catch (cause) {
      if (!gone(cause)) throw cause;
    }
  }
  return own;
}

/** Puts a part down, so that the next download continues it; an empty one is removed. */
export async function releasePart(part: string, file: string): Promise<void> {
  const size = (await stat(part).catch(() => undefined))?.size ?? 0;
  if (size > 0) await rename(part, `${file}.part`);
  else await rm(part, { force: true });
}

async function abandoned(path: string, owner: string): Promise<boolean> {
  if (owner === "") return true;
  const [, ownerHost, pid] = /^(.*)-(\d+)-[0-9a-f]{8}$/.exec(owner) ?? [];
  if (ownerHost === undefined || pid === undefined) return false;
  if (ownerHost === host()) return !alive(Number(pid));
  const written = (await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now();
  return Date.now() - written > abandonedAfterMs;
}

const host = () => hostname().replace(/[^a-zA-Z0-9]/g, "");

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return cause instanceof Error && "code" in cause && cause.code === "EPERM";
  }
}

const gone = (cause: unknown) => cause instanceof Error && "code" in cause && cause.code === "ENOENT";
