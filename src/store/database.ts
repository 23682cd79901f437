import { accessSync, constants, mkdirSync, renameSync, rmSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { diskError, InputError } from "../base/index.ts";
import { lockFolder } from "./lock.ts";
import { migrations } from "./migrations.ts";

/** The little that the store asks of a PostgreSQL: one statement with its parameters -> the result's rows. */
export interface Sql {
  query<T>(text: string, parameters?: readonly unknown[]): Promise<T[]>;
}

export interface Database extends Sql {
  /** All of `body`'s statements, or none of them. */
  transaction<T>(body: (sql: Sql) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** PostgreSQL writes its log in files of 16 MB; room for three, and for the tables' own growth. */
const neededBytes = 64 * 2 ** 20;

/**
 * The PostgreSQL embedded in `folder` (PGlite, in `folder/database`), made and migrated when needed; this process is its
 * only user until `close`. What was acknowledged survives kill -9. PGlite never asks the disk to flush, so a power
 * loss may take the last writes.
 *
 * Throws InputError when another process holds the folder, when the disk refuses, or when a newer version wrote it.
 */
export async function openEmbedded(folder: string): Promise<Database> {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw diskError("write", folder, error);
  }
  checkSpace(folder);
  const unlock = await lockFolder(folder);
  try {
    const database = await startPglite(folder, unlock);
    try {
      await migrate(database, folder);
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  } catch (error) {
    unlock();
    throw error;
  }
}

async function startPglite(folder: string, unlock: () => void): Promise<Database> {
  const { PGlite } = await import("@electric-sql/pglite");
  const path = join(folder, "database");
  try {
    if (!isFolder(path)) {
      // A first start that is killed half-way must not leave half a database under the real name.
      const draft = join(folder, "database.new");
      rmSync(draft, { recursive: true, force: true });
      await (await PGlite.create(draft)).close();
      renameSync(draft, path);
    }
    const pglite = await PGlite.create(path);
    const guard = async <T>(work: () => Promise<T>): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        throw diskError("write", path, withSystemCode(error));
      }
    };
    return {
      query: (text, parameters = []) => guard(async () => (await pglite.query(text, [...parameters])).rows as never[]),
      transaction: (body) =>
        guard(() => {
          checkSpace(folder);
          return pglite.transaction((transaction) =>
            body({
              query: async (text, parameters = []) => (await transaction.query(text, [...parameters])).rows as never[],
            }),
          );
        }),
      async close() {
        try {
          await guard(() => pglite.close());
        } finally {
          unlock();
        }
      },
    };
  } catch (error) {
    throw diskError("write", path, withSystemCode(error));
  }
}

/** PostgreSQL's own codes for what a disk refuses, told as the system would. */
function withSystemCode(error: unknown): unknown {
  const systemCodes: Readonly<Record<string, string>> = { "53100": "ENOSPC", "58030": "EIO" };
  if (!(error instanceof Error) || !("code" in error)) return error;
  const code = systemCodes[String(error.code)];
  return code ? Object.assign(new Error(error.message, { cause: error }), { code }) : error;
}

/** On a full disk PGlite does not fail but spins for ever (measured, 0.5.16), so the room is looked at before each write. */
function checkSpace(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < neededBytes)
    throw new InputError(
      `store: ${folder}: expected at least ${neededBytes / 2 ** 20} MB free on its disk, got ${Math.floor((bavail * bsize) / 2 ** 20)} MB`,
    );
}

async function migrate(database: Database, folder: string): Promise<void> {
  await database.query(
    "create table if not exists migrations (version int primary key, applied_at timestamptz not null default now())",
  );
  const [current] = await database.query<{ version: number }>(
    "select coalesce(max(version), 0) as version from migrations",
  );
  const version = current?.version ?? 0;
  if (version > migrations.length)
    throw new InputError(
      `store: ${folder}: expected tables of version ${migrations.length} or older, got ${version}: a newer carryover wrote this folder`,
    );
  for (const [i, step] of migrations.entries()) {
    if (i < version) continue;
    await database.transaction(async (sql) => {
      for (const statement of step.split(";").filter((text) => text.trim() !== "")) await sql.query(statement);
      await sql.query("insert into migrations (version) values ($1)", [i + 1]);
    });
  }
}

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
