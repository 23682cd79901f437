import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { InputError } from "../base/index.ts";
import { modelFiles } from "../models/load.ts";
import { sourceStageId, type Trial } from "../studies/trial.ts";
import { stagesFolder, storeFolder } from "./folders.ts";
import { databaseFor, type TrainedPlaces } from "./options.ts";

/** A model that a command was given: its file, and the trial that trained it where it was named by a trial. */
export interface NamedModel {
  readonly path: string;
  readonly trial: Trial | undefined;
}

/**
 * The model of a path, or the source model of a finished trial's id. Throws InputError, beginning with `where`, when it is
 * not there.
 */
export async function namedModel(
  where: string,
  name: string,
  { database, artifacts }: Pick<TrainedPlaces, "database" | "artifacts">,
): Promise<NamedModel> {
  if (modelFiles.test(name)) {
    if (existsSync(name)) return { path: name, trial: undefined };
    throw new InputError(`${where}: expected a checkpoint, got "${name}": nothing at ${resolve(name)}`);
  }
  const trial = await trialOf(where, name, databaseFor(database));
  const path = join(stagesFolder(artifacts), `${sourceStageId(trial)}.safetensors`);
  if (existsSync(path)) return { path, trial };
  throw new InputError(
    `${where}: expected the trained model of trial ${name}, got none in ${stagesFolder(artifacts)}: it is kept elsewhere (--artifacts), or was deleted since (run its study again)`,
  );
}

async function trialOf(where: string, id: string, url: string | undefined): Promise<Trial> {
  const kinds = "a checkpoint (.safetensors, .pth, .pt, .th, .onnx)";
  if (url === undefined && !existsSync(storeFolder))
    throw new InputError(
      `${where}: expected ${kinds} or a trial's id, got "${id}", and there is no ${storeFolder} here`,
    );
  const { openStore } = await import("../store/index.ts");
  const store = await openStore(url ?? storeFolder, { visitor: true });
  try {
    const [row] = await store.rowsOf([id]);
    if (row) return row.trial;
    throw new InputError(`${where}: expected ${kinds} or the id of a finished trial, got "${id}"`);
  } finally {
    await store.close();
  }
}
