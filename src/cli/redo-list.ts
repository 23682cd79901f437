import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { readWhole, writeWhole } from "../base/index.ts";

/**
 * The trials that a --fresh run has yet to do again. They have a row from before, so without this list an interrupted
 * --fresh run would look finished. Kept as a file beside the store, one id a line.
 */
export interface RedoList {
  readonly ids: ReadonlySet<string>;
  add(ids: readonly string[]): Promise<void>;
  remove(id: string): Promise<void>;
}

export async function openRedoList(folder: string, study: string): Promise<RedoList> {
  const path = join(folder, "redo", `${study}.txt`);
  const kept = existsSync(path) ? Buffer.from(await readWhole(path)).toString() : "";
  const ids = new Set(kept.split("\n").filter((id) => id !== ""));
  const save = () =>
    ids.size === 0 ? rm(path, { force: true }) : writeWhole(path, Buffer.from(`${[...ids].join("\n")}\n`));
  return {
    ids,
    async add(started) {
      for (const id of started) ids.add(id);
      await save();
    },
    async remove(id) {
      if (ids.delete(id)) await save();
    },
  };
}
