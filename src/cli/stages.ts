import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { sourceStageId, type Trial } from "../studies/index.ts";

/** Forgets what trials have trained so far, finished or not: files named after their source stages. */
export async function forgetStages(stagesDir: string, trials: readonly Trial[]): Promise<void> {
  if (!existsSync(stagesDir)) return;
  const stages = new Set(trials.map(sourceStageId));
  for (const name of await readdir(stagesDir))
    if (stages.has(name.split(".")[0] ?? "")) await rm(join(stagesDir, name), { force: true });
}
