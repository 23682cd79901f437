import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError, type Tensor } from "../base/index.ts";
import { createModel, loadModel, type Model, type Parameters } from "../models/index.ts";
import { listFailures, listTrials, type TrialFailure } from "../queue/index.ts";
import type { Sql } from "../store/index.ts";
import { isStudyPath, loadStudy, type Row, sourceStageId } from "../studies/index.ts";
import { type SideData, sideData } from "../studies/trial-data.ts";
import { foldersFor, stagesFolder } from "./folders.ts";
import { atStore } from "./open-place.ts";
import type { TrainedPlaces } from "./options.ts";

/** A study's name, of the name itself or of the study's file. */
export const studyName = async (study: string): Promise<string> =>
  isStudyPath(study) ? (await loadStudy(study)).name : study;

/** A study's name and the rows that its last run left. `command` begins the sentence of an InputError. */
export async function rowsOfStudy(
  command: string,
  study: string,
  database: string | undefined,
): Promise<{ name: string; rows: Row[] }> {
  const name = await studyName(study);
  return { name, rows: await atStore(command, database, (store) => store.rowsOf(name)) };
}

/** Why trials of a study have no row. */
export async function failuresOf(sql: Sql, study: string): Promise<TrialFailure[]> {
  const failed = await listFailures(sql, study);
  if (failed.length === 0) return [];
  const trials = new Map((await listTrials(sql, study)).map(({ trialId, trial }) => [trialId, trial]));
  return failed.flatMap((failure): TrialFailure[] => {
    const trial = trials.get(failure.trialId);
    return trial ? [{ ...failure, trial }] : [];
  });
}

/** A finished trial's trained source model and its data. */
export interface TrainedTrial {
  readonly row: Row;
  readonly model: Model;
  readonly parameters: Parameters<Tensor<"float32">>;
  readonly source: SideData;
  readonly target: SideData;
}

/** Loads what a row's trial trained and saw; undefined when its checkpoint is no longer there. */
export async function trainedTrial(row: Row, places: TrainedPlaces): Promise<TrainedTrial | undefined> {
  const { trial } = row;
  const path = join(stagesFolder(places.artifacts), `${sourceStageId(trial)}.safetensors`);
  if (!existsSync(path)) return undefined;
  const folders = foldersFor(places.data, places.skipCorrupt);
  const [source, target] = [await sideData(trial.source, trial, folders), await sideData(trial.target, trial, folders)];
  const model = createModel(trial.model, { classes: source.train.classes.length });
  const { parameters } = await loadModel(path);
  return { row, model, parameters, source, target };
}

/** That nothing is left of what a study trained. */
export const noTrainedModels = (command: string, study: string, artifacts: string | undefined): InputError =>
  new InputError(
    `${command}: expected the trained models of study "${study}", got none in ${stagesFolder(artifacts)}: they are kept elsewhere (--artifacts), or were deleted since (run it again)`,
  );
