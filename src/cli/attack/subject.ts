import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../base/index.ts";
import { type FetchProgress, gather, type LabelledImages, loadDataset, testSubset } from "../../datasets/index.ts";
import { type LoadedModel, loadModel } from "../../models/index.ts";
import { sourceStageId } from "../../studies/index.ts";
import { foldersFor, storeFolder } from "../folders.ts";

/** What is attacked: a model, and images of a dataset's test split, drawn class by class by the seed. */
export interface Subject extends LoadedModel {
  /** The checkpoint. */
  readonly path: string;
  readonly data: LabelledImages;
  /** Says which data these are: its name, bytes, seed and count. */
  readonly source: { readonly dataset: string; readonly digest: string; readonly seed: number; readonly n: number };
}

export interface SubjectRequest {
  /** The path of a checkpoint, or the id of a finished trial. */
  readonly model: string;
  readonly dataset: string | undefined;
  readonly n: number | undefined;
  readonly seed: number | undefined;
  readonly folders: readonly string[];
  readonly onProgress: (progress: FetchProgress) => void;
  readonly signal: AbortSignal;
}

/** Loads the model and its images. A trial brings its dataset and seed; a checkpoint is tried on CIFAR-10 unless told. */
export async function subjectOf(request: SubjectRequest): Promise<Subject> {
  const { model: name, folders, onProgress, signal } = request;
  const isFile = /\.(safetensors|th|pt|pth)$/.test(name);
  const trial = isFile ? undefined : await trialOf(name);
  if (isFile && !existsSync(name))
    throw new InputError(`attack: expected a checkpoint, got "${name}", which is not there`);
  const path = trial ? join(storeFolder, "work", "stages", `${sourceStageId(trial)}.safetensors`) : name;
  if (!existsSync(path))
    throw new InputError(
      `attack: expected the trained model of trial ${name}, got none: it was deleted since; run its study again`,
    );
  const loaded = await loadModel(path);
  const dataset = request.dataset ?? trial?.source.dataset ?? "cifar10";
  const seed = request.seed ?? trial?.seed ?? 0;
  const test = await loadDataset(dataset, "test", {
    ...foldersFor(folders),
    side: loaded.model.inputShape[1],
    onProgress,
    signal,
  });
  const n = Math.min(request.n ?? 1000, test.shape[0]);
  const data = gather(test, testSubset(test.labels, { test: n, seed }));
  return { ...loaded, path, data, source: { dataset, digest: test.provenance.digest, seed, n } };
}

async function trialOf(id: string) {
  if (!existsSync(storeFolder))
    throw new InputError(
      `attack: expected a checkpoint (.safetensors, .th, .pt) or a trial's id, got "${id}", and there is no ${storeFolder} here`,
    );
  const { openStore } = await import("../../store/index.ts");
  const store = await openStore(storeFolder, { visitor: true });
  try {
    const [row] = await store.rowsOf([id]);
    if (row) return row.trial;
    throw new InputError(
      `attack: expected a checkpoint (.safetensors, .th, .pt) or the id of a finished trial, got "${id}"`,
    );
  } finally {
    await store.close();
  }
}
