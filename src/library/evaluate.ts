import type { Tensor } from "../base/index.ts";
import type { LabelledImages } from "../datasets/index.ts";
import { type Evaluation, type EvaluationOptions, evaluate as evaluateInSteps } from "../metrics/index.ts";
import type { Model, Parameters } from "../models/index.ts";
import { toTheEnd } from "./to-the-end.ts";

/**
 * Accuracy and mean cross-entropy (nats) of a classifier on a set, pooled over its examples. Throws InputError when images or
 * labels do not fit the model.
 */
export const evaluate = (
  { model, parameters }: { readonly model: Model; readonly parameters: Parameters<Tensor<"float32">> },
  data: LabelledImages,
  options: EvaluationOptions = {},
): Promise<Evaluation> => toTheEnd(evaluateInSteps(model, parameters, data, options));
