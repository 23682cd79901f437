import { float32, type Tensor } from "../base/index.ts";
import type { LabelledImages } from "../datasets/index.ts";
import { digestTree } from "../engine/index.ts";
import type { Model, Parameters } from "../models/index.ts";
import { type ExtractionOptions, extractFeatures } from "./extract-features.ts";
import { bestFit, fitHeads, type HeadFit } from "./fit-head.ts";
import type { Head } from "./softmax-regression.ts";

export interface TransferOptions extends ExtractionOptions {
  /** Penalties on the head's weight among which validation loss chooses. */
  readonly l2: readonly number[];
}

export interface Transferred {
  /** The source's feature extractor with a head for the target's classes. */
  readonly model: Model;
  /** f is the source's own, g is new. */
  readonly parameters: Parameters<Tensor<"float32">>;
  readonly chosen: HeadFit;
  /** Every penalty that was tried, strong to weak. */
  readonly fits: readonly HeadFit[];
  /** SHA-256 of f before and after; equal, since f was frozen. */
  readonly featuresDigest: { readonly before: string; readonly after: string };
}

/**
 * Domain transfer with f frozen (Xu et al. 2022, step 2 of the pipeline): features of the target's train and validation
 * images once, then a linear head fitted as the convex problem it is. The target's images go through the source's
 * normaliser, without augmentation. Yields progress in images and fits, at every iteration of a fit; the test set plays no part.
 */
export async function* transfer(
  source: Model,
  parameters: Parameters<Tensor<"float32">>,
  target: { readonly train: LabelledImages; readonly validation: LabelledImages },
  { l2, ...options }: TransferOptions,
): AsyncGenerator<{ readonly done: number; readonly of: number }, Transferred> {
  const before = digestTree(parameters.f);
  const model = source.withClasses(target.train.classes.length);
  const images = target.train.shape[0] + target.validation.shape[0];
  // A fit takes about as long as the features of a quarter of the images.
  const share = Math.ceil(images / 4);
  const of = images + share * l2.length;
  let done = 0;
  const extracted = [];
  for (const data of [target.train, target.validation]) {
    const extraction = extractFeatures(model, parameters.f, data, options);
    let next = await extraction.next();
    for (; !next.done; next = await extraction.next()) yield { done: done + next.value.done, of };
    extracted.push(next.value);
    done += data.shape[0];
  }
  const [train, validation] = extracted;
  if (!train || !validation) throw new Error("transfer: features were not extracted");
  const fitting = fitHeads(train, validation, { classes: model.classes, l2 });
  let step = fitting.next();
  for (; !step.done; step = fitting.next()) {
    options.signal?.throwIfAborted();
    yield { done: done + share * step.value.fitted, of };
  }
  const fits = step.value;
  yield { done: of, of };
  const chosen = bestFit(fits);
  const transferred = { f: parameters.f, g: headTensors(chosen.head) };
  return {
    model,
    parameters: transferred,
    chosen,
    fits,
    featuresDigest: { before, after: digestTree(transferred.f) },
  };
}

/** A model's head as heads are fitted, in float64. */
export function headOnHost({ weight, bias }: Parameters<Tensor<"float32">>["g"]): Head {
  return { weight: Float64Array.from(weight.data), bias: Float64Array.from(bias.data) };
}

/** A fitted head as parameters of a model. */
export function headTensors({ weight, bias }: Head): Parameters<Tensor<"float32">>["g"] {
  return { weight: float32([bias.length, weight.length / bias.length], weight), bias: float32([bias.length], bias) };
}
