import { InputError } from "../../base/index.ts";
import { type FetchProgress, gather, type LabelledImages, testSubset } from "../../datasets/index.ts";
import { type ImportOptions, type LoadedModel, loadModel } from "../../models/index.ts";
import { foldersFor } from "../folders.ts";
import { loadImages } from "../load-images.ts";
import { namedModel } from "../named-model.ts";
import type { TrainedPlaces } from "../options.ts";
import { complain } from "../output.ts";

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
  readonly reading: ImportOptions;
  readonly dataset: string | undefined;
  readonly n: number | undefined;
  readonly seed: number | undefined;
  readonly places: TrainedPlaces;
  readonly onProgress: (progress: FetchProgress) => void;
  readonly signal: AbortSignal;
}

/**
 * Loads the model and its images. A trial brings its dataset and seed; a checkpoint is tried on CIFAR-10 unless told. Throws
 * InputError for images of another number of classes than the model's.
 */
export async function subjectOf(request: SubjectRequest): Promise<Subject> {
  const { model: name, places, onProgress, signal } = request;
  const { path, trial } = await namedModel("attack", name, places);
  const loaded = await loadModel(path, request.reading);
  for (const note of loaded.notes) complain(`${path}: ${note}`);
  const dataset = request.dataset ?? trial?.source.dataset ?? "cifar10";
  const seed = request.seed ?? trial?.seed ?? 0;
  const side = loaded.model.inputShape[1];
  const folders = foldersFor(places.data, places.skipCorrupt);
  const test = await loadImages("--dataset", dataset, "test", { ...folders, side, onProgress, signal });
  if (test.classes.length !== loaded.model.classes)
    throw new InputError(
      `--dataset: expected images of ${loaded.model.classes} classes, as many as ${path} tells apart, got ${dataset} with ${test.classes.length}`,
    );
  const n = Math.min(request.n ?? 1000, test.shape[0]);
  const data = gather(test, testSubset(test.labels, { test: n, seed }));
  return { ...loaded, path, data, source: { dataset, digest: test.provenance.digest, seed, n } };
}
