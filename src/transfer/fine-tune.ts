import { mapLeaves, type Tensor, tensor } from "../base/index.ts";
import type { LabelledImages } from "../datasets/index.ts";
import { digestTree } from "../engine/index.ts";
import { layersBefore, type Model, type Parameters } from "../models/index.ts";
import { type TrainingOptions, type TrainingSchedule, type TrainingStep, train } from "../training/index.ts";
import { type LabelledFeatures, softmaxRegression } from "./softmax-regression.ts";
import { headOnHost } from "./transfer.ts";

export interface FineTuneOptions extends Pick<TrainingOptions, "seed" | "threads" | "device" | "signal"> {
  /** How many blocks of f, from the last one on, are trained with the head; all unless it is given. */
  readonly blocks?: number;
}

export interface FineTuned {
  /** The source's architecture with a head for the target's classes. */
  readonly model: Model;
  /** Trained on the target, but for the blocks that were frozen. */
  readonly parameters: Parameters<Tensor<"float32">>;
  readonly steps: number;
  /** SHA-256 of f before and after; different, since f was trained. */
  readonly featuresDigest: { readonly before: string; readonly after: string };
}

/**
 * Transfer by training on the target, from the source's f and a fresh head, with plain cross-entropy and no augmentation:
 * all parameters (which is what the paper's released code does where its text says that f is fixed), or the last blocks and
 * the head, as in Utrera et al. 2021. Frozen blocks keep their weights and normalise by their running statistics.
 * Yields training steps; `fineTuningSchedule` gives the code's schedule.
 */
export async function* fineTune(
  source: Model,
  parameters: Parameters<Tensor<"float32">>,
  target: LabelledImages,
  schedule: TrainingSchedule,
  { blocks, ...options }: FineTuneOptions,
): AsyncGenerator<TrainingStep, FineTuned> {
  const before = digestTree(parameters.f);
  const model = source.withClasses(target.classes.length);
  const fresh = { f: parameters.f, g: model.init(options.seed).g };
  const velocity = mapLeaves(fresh, ({ shape, data }) => tensor("float32", shape, new Float32Array(data.length)));
  const start = { epochs: 0, parameters: fresh, velocity: velocity as Parameters<Tensor<"float32">> };
  let steps = 0;
  const frozenLayers = blocks === undefined ? [] : layersBefore("fine-tuning", parameters.f, blocks);
  const run = train(model, target, schedule, { ...options, start, frozenLayers });
  try {
    for (;;) {
      const next = await run.next();
      if (next.done) {
        const { parameters: trained } = next.value;
        return { model, parameters: trained, steps, featuresDigest: { before, after: digestTree(trained.f) } };
      }
      steps++;
      yield next.value;
    }
  } finally {
    await run.return(start);
  }
}

/** The largest component of the mean cross-entropy's gradient for a head, at the head that training left. */
export function headGradientNorm(features: LabelledFeatures, head: Parameters<Tensor<"float32">>["g"]): number {
  const { gradient } = softmaxRegression(features, headOnHost(head));
  return [...gradient.weight, ...gradient.bias].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/**
 * The source's schedule, a fifth as long (at least one epoch): the released code fine-tunes for 40 epochs after 200, with
 * the same learning rate and weight decay, divided by ten at a half and at three quarters. A target of fewer than a
 * batch's `images` is one batch.
 */
export function fineTuningSchedule(source: TrainingSchedule, images: number): TrainingSchedule {
  const batch = Math.min(source.batch, images);
  return { ...source, batch, epochs: Math.max(1, Math.round(source.epochs / 5)), milestones: [0.5, 0.75] };
}
