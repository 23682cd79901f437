import type { Tensor } from "../base/index.ts";
import type { LabelledImages } from "../datasets/index.ts";
import { createModel, type Model, type Parameters } from "../models/index.ts";
import { checkCombination, checkMethod } from "../studies/methods/index.ts";
import { type ScheduleInput, scheduleOf } from "../studies/study.ts";
import { waysOf } from "../studies/training-ways.ts";
import type { Method } from "../studies/trial.ts";
import { type TrainingOptions, type TrainingStep, train } from "../training/index.ts";
import { toTheEnd } from "./to-the-end.ts";

export interface TrainSourceOptions extends Partial<Omit<TrainingOptions, "start">> {
  /** The name of an architecture (see `models`), or a model of one's own; its head must fit the data's classes. */
  readonly model: string | Model;
  /** `epochs` and `learningRate`; what else is left out is as in the paper's code. */
  readonly schedule: ScheduleInput;
  /** Built-in methods with their strengths, such as `[{ kind: "jr", strength: 0.01 }]`; none is vanilla. */
  readonly methods?: readonly Method[];
  readonly onStep?: (step: TrainingStep) => void;
}

export interface TrainedSource {
  readonly model: Model;
  readonly parameters: Parameters<Tensor<"float32">>;
}

/**
 * Trains an image classifier on the source domain (Xu et al. 2022, step 1 of the pipeline): SGD with momentum on mean
 * cross-entropy plus the methods' penalties, on augmented and, if so told, adversarial images. `penalties`, `augment` and
 * `attack` of one's own take the place of what the methods say.
 *
 * data: uint8 images [n, channels, height, width] and their labels. The same seed gives the same parameters, bit for bit, on
 * one machine and build. Throws InputError for what does not fit, and an Error that names epoch and step when training diverges.
 */
export async function trainSource(
  data: LabelledImages,
  { model, schedule, methods = [], seed = 0, onStep, ...options }: TrainSourceOptions,
): Promise<TrainedSource> {
  for (const method of methods) checkMethod("trainSource", method);
  if (methods.length > 0) checkCombination("trainSource: methods", methods.map(({ kind }) => kind).join("+"));
  const made = typeof model === "string" ? createModel(model, { classes: data.classes.length }) : model;
  const ways = { ...waysOf(methods, seed), ...options };
  const { parameters } = await toTheEnd(train(made, data, scheduleOf(schedule), { ...ways, seed }), onStep);
  return { model: made, parameters };
}
