import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { InputError } from "../../base/index.ts";
import type { LabelledImages } from "../../datasets/index.ts";
import { digestTree } from "../../engine/index.ts";
import { type ImportOptions, type LoadedModel, loadModel } from "../../models/index.ts";
import {
  type ExtractionOptions,
  extractFeatures,
  type Head,
  headOnHost,
  type LabelledFeatures,
} from "../../transfer/index.ts";
import { onnxCandidate } from "./onnx-candidate.ts";

/** A model of the user's, as far as transfer needs it. */
export interface Candidate {
  readonly path: string;
  readonly name: string;
  /** Height and width of the images it looks at. */
  readonly side: number;
  readonly digest: string;
  /** What was left aside, and what the reader must know, as sentences. */
  readonly notes: readonly string[];
  /** The model itself, where it can be differentiated; else why it cannot. */
  readonly whole: LoadedModel | { readonly reason: string };
  /** Its own head, for the predictors that ask what it takes target images for. */
  readonly head: Head | undefined;
  /** f of every image, [n, featureSize]. */
  features(
    data: LabelledImages,
    options: ExtractionOptions,
  ): AsyncGenerator<{ readonly done: number; readonly of: number }, LabelledFeatures>;
}

export interface CandidateOptions {
  readonly size?: number;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly features?: string;
}

/** Loads a model's file. Throws InputError for one that is not there or not understood. */
export async function candidateFrom(path: string, options: CandidateOptions): Promise<Candidate> {
  if (!existsSync(path)) throw new InputError(`${path}: expected a model's file, got nothing at ${resolve(path)}`);
  if (path.endsWith(".onnx"))
    return onnxCandidate(path, {
      ...importOptions(options),
      ...(options.features !== undefined && { features: options.features }),
    });
  if (options.features !== undefined)
    throw new InputError(`--features: expected an .onnx file, whose values have names, got ${path}`);
  const loaded = await loadModel(path, importOptions(options));
  const { model, parameters, notes } = loaded;
  return {
    path,
    name: model.name,
    side: model.inputShape[1],
    digest: digestTree(parameters),
    notes,
    whole: loaded,
    head: headOnHost(parameters.g),
    features: (data, engine) => extractFeatures(model.withClasses(data.classes.length), parameters.f, data, engine),
  };
}

/** Mean and deviation make a normaliser together. */
export function importOptions({ size, mean, std }: CandidateOptions): ImportOptions {
  if ((mean === undefined) !== (std === undefined))
    throw new InputError(`--${mean ? "std" : "mean"}: expected it beside --${mean ? "mean" : "std"}, got nothing`);
  return {
    ...(size !== undefined && { side: size }),
    ...(mean && std && { normaliser: { mean: [...mean], deviation: [...std] } }),
  };
}
