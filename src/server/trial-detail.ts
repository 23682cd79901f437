import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { sourceStageId } from "../studies/index.ts";
import type { TrialDetail } from "./api-trial.ts";
import type { Picturing } from "./pictures.ts";
import type { StudySource } from "./source.ts";
import type { StudyView } from "./study-view.ts";

/** Everything that the page of one trial shows. `workDir` is where this machine keeps trained models. */
export async function trialDetail(
  id: string,
  view: StudyView,
  source: StudySource,
  pictures: Picturing | undefined,
  workDir: string | undefined,
): Promise<TrialDetail> {
  const trial = view.trial(id);
  if (!trial) throw new Error(`study ${view.name}: expected one of its trials, got ${id}`);
  const row = view.row(id);
  const { curve, failure, log, attempts } = await source.recordsOf(view.name, id);
  const path = workDir && checkpointPath(workDir, sourceStageId(trial));
  return {
    summary: view.summary(id),
    setting: view.setting(id),
    study: view.name,
    config: trial,
    ...(row ? { row } : {}),
    attempts,
    curve,
    ...(failure ? { failure } : {}),
    log: [...log],
    ...(row
      ? {
          checkpoint: {
            digest: row.checkpoint,
            ...(path && existsSync(path) ? { bytes: statSync(path).size } : {}),
          },
        }
      : {}),
    pictures: row && pictures ? await pictures.of(row) : { state: "none", pictures: [], confusions: [] },
  };
}

export const checkpointPath = (workDir: string, stage: string): string =>
  join(workDir, "stages", `${stage}.safetensors`);
