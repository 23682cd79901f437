import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Tensor } from "../base/index.ts";
import { createModel, loadModel, type Model, type Parameters } from "../models/index.ts";
import { isStudyPath, loadStudy, type Row, sourceStageId } from "../studies/index.ts";
import { type SideData, sideData } from "../studies/trial-data.ts";
import { foldersFor, stagesFolder } from "./folders.ts";
import { atStore } from "./open-place.ts";
import type { TrainedPlaces } from "./options.ts";

/** A study's name and the rows that its last run left. `command` begins the sentence of an InputError. */
export async function rowsOfStudy(
  command: string,
  study: string,
  database: string | undefined,
): Promise<{ name: string; rows: Row[] }> {
  const name = isStudyPath(study) ? (await loadStudy(study)).name : study;
  return { name, rows: await atStore(command, database, (store) => store.rowsOf(name)) };
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
