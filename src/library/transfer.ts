import type { Tensor } from "../base/index.ts";
import type { LabelledImages } from "../datasets/index.ts";
import { type Evaluation, evaluate } from "../metrics/index.ts";
import type { Model, Parameters } from "../models/index.ts";
import { type HeadFit, type TransferOptions, transfer as transferInSteps } from "../transfer/index.ts";
import { toTheEnd } from "./to-the-end.ts";

export interface TransferToOptions extends Partial<TransferOptions> {
  /** Told of images and fits that are done. */
  readonly onStep?: (step: { readonly done: number; readonly of: number }) => void;
}

export interface TransferOutcome {
  /** The source's features with a head for the target's classes. */
  readonly model: Model;
  readonly parameters: Parameters<Tensor<"float32">>;
  /** The head's fit that validation chose. */
  readonly head: HeadFit;
  /** On the target's test images. */
  readonly test: Evaluation;
}

/**
 * Transfers a trained model to a target domain with its features frozen (Xu et al. 2022, step 2 of the pipeline): a linear
 * head is fitted on `train` for each penalty of `l2`, the one of least loss on `validation` is kept, and `test` is looked at
 * once. The target's images go through the source's normaliser. Throws InputError for images that do not fit the model.
 */
export async function transfer(
  { model: source, parameters }: { readonly model: Model; readonly parameters: Parameters<Tensor<"float32">> },
  target: { readonly train: LabelledImages; readonly validation: LabelledImages; readonly test: LabelledImages },
  { l2 = [1e-4, 1e-3, 1e-2, 1e-1], onStep, ...options }: TransferToOptions = {},
): Promise<TransferOutcome> {
  const transferred = await toTheEnd(transferInSteps(source, parameters, target, { ...options, l2 }), onStep);
  const { model, parameters: fitted, chosen } = transferred;
  return {
    model,
    parameters: fitted,
    head: chosen,
    test: await toTheEnd(evaluate(model, fitted, target.test, options)),
  };
}
