import { spawn } from "node:child_process";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Row, sourceStageId } from "../studies/index.ts";
import { type Pictures, picturesSchema } from "./api-trial.ts";
import type { PictureRequest } from "./pictures-process.ts";
import { checkpointPath } from "./trial-detail.ts";

/** Makes and keeps what is looked at rather than counted: adversarial and augmented images, confusion matrices. */
export interface Picturing {
  of(row: Row): Promise<Pictures>;
  /** Begins to make them, unless they are there or being made. */
  make(row: Row): Promise<Pictures>;
  /** A picture as PNG; undefined when there is none of that name. */
  png(row: Row, name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** Where images of datasets are looked for. */
export interface PictureFolders {
  readonly dataDirs: readonly string[];
  readonly cacheDir: string;
  readonly skipCorrupt?: boolean;
}

/**
 * Pictures are made by a process of low priority, one trial at a time, from the trained model below `workDir`, and kept
 * beside it.
 */
export function picturing(workDir: string, folders: PictureFolders): Picturing {
  const working = new Set<string>();
  const failures = new Map<string, string>();
  let last: Promise<void> = Promise.resolve();
  const folderOf = ({ trialId }: Row) => join(workDir, "pictures", trialId);

  const kept = async (row: Row): Promise<Pictures | undefined> => {
    try {
      return picturesSchema.parse(JSON.parse(await readFile(join(folderOf(row), "pictures.json"), "utf8")));
    } catch {
      return undefined; // not made yet, or by another version: they can be made again
    }
  };
  const of = async (row: Row): Promise<Pictures> => {
    const ready = await kept(row);
    if (ready) return ready;
    const message = failures.get(row.trialId);
    const state = working.has(row.trialId) ? "working" : message ? "failed" : "none";
    return { state, ...(message ? { message } : {}), pictures: [], confusions: [] };
  };
  const work = async (row: Row): Promise<void> => {
    const folder = folderOf(row);
    const draft = `${folder}.new`;
    try {
      await rm(draft, { recursive: true, force: true });
      await mkdir(draft, { recursive: true });
      const checkpoint = checkpointPath(workDir, sourceStageId(row.trial));
      await runProcess({ trial: row.trial, headL2: row.head.l2, checkpoint, folder: draft, ...folders });
      await rm(folder, { recursive: true, force: true });
      await rename(draft, folder);
    } catch (error) {
      failures.set(row.trialId, error instanceof Error ? error.message : String(error));
      await rm(draft, { recursive: true, force: true });
    } finally {
      working.delete(row.trialId);
    }
  };

  return {
    of,
    async make(row) {
      if (!working.has(row.trialId) && !(await kept(row))) {
        failures.delete(row.trialId);
        working.add(row.trialId);
        last = last.then(() => work(row));
      }
      return of(row);
    },
    async png(row, name) {
      const ready = await kept(row);
      if (!ready?.pictures.some((picture) => picture.name === name)) return undefined;
      return new Uint8Array(await readFile(join(folderOf(row), `${name}.png`)));
    },
  };
}

const mostMs = 5 * 60_000;

function runProcess(request: PictureRequest): Promise<void> {
  const entry = fileURLToPath(new URL(`./pictures-process${extname(import.meta.url)}`, import.meta.url));
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry], {
    stdio: ["pipe", "ignore", "pipe"],
    env: { ...process.env, OMP_NUM_THREADS: "1" },
    timeout: mostMs,
  });
  try {
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  } catch {
    // Only politeness towards the trials.
  }
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4000);
  });
  child.stdin.on("error", () => {}); // it ended before it read: its exit says why
  child.stdin.end(JSON.stringify(request));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(said.trim().split("\n")[0] || `the process ended with ${signal ?? code}`));
    });
  });
}
