import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { diskError, InputError } from "../base/index.ts";

const ownerSchema = z.strictObject({ pid: z.int(), host: z.string(), since: z.string() });

/** The process that holds a store's folder. */
export type Owner = z.infer<typeof ownerSchema>;

const SQLITE_BUSY = 5;

/**
 * Holds `folder` for this process and returns the release. A second opener, also one in the same process, is refused
 * with an InputError that names the owner's pid.
 *
 * The lock is SQLite's: a transaction begun with BEGIN EXCLUSIVE on a side file, `lock.sqlite`, which the operating
 * system lets go when its process ends in whatever way, kill -9 included. No one may open and close that file by other
 * means within the owner, for POSIX would then drop the lock. `owner.json` beside it only tells who holds it.
 */
export async function lockFolder(folder: string): Promise<() => void> {
  const ownerFile = join(folder, "owner.json");
  const database = openSqlite(join(folder, "lock.sqlite"));
  try {
    database.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (isBusy(error)) throw await refusal(folder, ownerFile);
    throw diskError("write", folder, error);
  }
  try {
    const owner: Owner = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
    writeFileSync(ownerFile, JSON.stringify(owner));
  } catch (error) {
    database.close();
    throw diskError("write", ownerFile, error);
  }
  return () => {
    if (!database.isOpen) return;
    rmSync(ownerFile, { force: true });
    database.close();
  };
}

/** The new owner may not have written its name yet, so a file of a dead process is read again for a moment. */
async function refusal(folder: string, ownerFile: string): Promise<InputError> {
  let owner: Owner | undefined;
  for (let attempt = 0; attempt < 20; attempt++) {
    owner = readOwner(ownerFile);
    if (owner && (owner.host !== hostname() || isAlive(owner.pid))) break;
    await wait(25);
  }
  const who = owner ? `process ${owner.pid}${owner.host === hostname() ? "" : ` on ${owner.host}`}` : "another process";
  return new InputError(
    `store: ${folder}: expected to be its only user, got ${who} holding it; wait for it to end, or choose another folder`,
  );
}

function readOwner(ownerFile: string): Owner | undefined {
  try {
    return ownerSchema.parse(JSON.parse(readFileSync(ownerFile, "utf8")));
  } catch {
    return undefined; // half-written or not there yet: the lock itself has already spoken
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

const isBusy = (error: unknown) => error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;

/** Node calls its SQLite experimental on some releases; of that one warning the user has no use. */
function openSqlite(path: string): DatabaseSync {
  const emitWarning = process.emitWarning;
  process.emitWarning = () => {};
  try {
    const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
    return new DatabaseSync(path);
  } catch (error) {
    throw diskError("write", path, error);
  } finally {
    process.emitWarning = emitWarning;
  }
}
