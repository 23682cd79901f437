import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Row, sourceStageId } from "../studies/index.ts";
import { type Pictures, picturesSchema } from "./api-trial.ts";
import { backgroundLine } from "./background.ts";
import type { PictureRequest } from "./pictures-process.ts";
import { checkpointPath } from "./trial-detail.ts";

/** Makes and keeps what is looked at rather than counted: adversarial and augmented images, confusion matrices. */
export interface Picturing {
  of(row: Row): Promise<Pictures>;
  /** Begins to make them, unless they are there or being made. */
  make(row: Row): Promise<Pictures>;
  /** A picture as PNG; undefined when there is none of that name. */
  png(row: Row, name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Ends what makes them; what was not finished was not made. */
  close(): void;
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
  const line = backgroundLine();
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
      const request = { trial: row.trial, headL2: row.head.l2, checkpoint, folder: draft, ...folders };
      await line.run("pictures-process", request satisfies PictureRequest);
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
        void work(row);
      }
      return of(row);
    },
    async png(row, name) {
      const ready = await kept(row);
      if (!ready?.pictures.some((picture) => picture.name === name)) return undefined;
      return new Uint8Array(await readFile(join(folderOf(row), `${name}.png`)));
    },
    close: () => line.close(),
  };
}
