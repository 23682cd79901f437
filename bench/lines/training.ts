import { createModel } from "../../src/models/index.ts";
import type { LossPenalty } from "../../src/regularizers/index.ts";
import { type TrainingSchedule, train } from "../../src/training/index.ts";
import type { Flops } from "../flops.ts";
import type { Line } from "./line.ts";
import { batchesOf, initialParameters, missingBf16, missingModel, seed } from "./shared-inputs.ts";
import { syntheticImages } from "./synthetic-images.ts";

/** Batches in an epoch of ours; a long run has hundreds, so that the end of an epoch weighs little. */
const batchesOfEpoch = 20;

/** Batches that the PyTorch side goes through again and again. */
const batchesOfPyTorch = 4;

export interface TrainingLineOptions {
  readonly name: string;
  readonly title: string;
  readonly model: string;
  readonly batch: number;
  readonly learningRate: number;
  readonly flops?: Flops;
  /** float32 unless said otherwise. PyTorch as it comes stays float32, PyTorch tuned computes under autocast. */
  readonly precision?: "bf16";
  readonly note?: string;
  /** The term that both sides add to the cross-entropy; the PyTorch side knows it by its kind. */
  readonly penalty?: LossPenalty;
}

/**
 * A unit is a step of `train`: reading a batch, drawing what the penalty needs, forward, backward, momentum update.
 * PyTorch's batches are float32 already, and it draws the same amount of random numbers. `compileMs` is what the first step of
 * ours took beyond the second: tracing, compiling, and the first touch of its memory.
 */
export function trainingLine({ name, title, flops, note, penalty, precision, ...rest }: TrainingLineOptions): Line {
  const { model, batch } = rest;
  return {
    kind: "alternate",
    name,
    title,
    flops,
    note,
    onednnAlone: precision === "bf16",
    settings: {
      ...rest,
      ...optimiser,
      precision: precision ?? "float32",
      penalty: penalty?.kind ?? "none",
      strength: penalty?.strength ?? 0,
    },
    unavailable: async () => missingModel(model) ?? (precision && (await missingBf16())),
    inputs: async () => ({
      ...initialParameters(model),
      ...batchesOf(trainingImages(batch), batch, batchesOfPyTorch),
    }),
    async work({ threads }) {
      const steps = train(createModel(model), trainingImages(batch), endlessSchedule(rest), {
        seed,
        threads,
        precision,
        penalties: penalty ? [penalty] : [],
      });
      // The first step compiles; what it took beyond the second is that, near enough.
      const first: number[] = [];
      return {
        async run() {
          const began = performance.now();
          const { done, value } = await steps.next();
          if (done) throw new Error(`${name}: the training run ended`);
          if (first.length < 2) first.push(performance.now() - began);
          const [withCompiling = 0, without = 0] = first;
          return { value: value.loss + value.penalty, parts: { compileMs: Math.max(0, withCompiling - without) } };
        },
      };
    },
  };
}

const optimiser = { momentum: 0.9, weightDecay: 5e-4 };

export function endlessSchedule({
  batch,
  learningRate,
}: {
  readonly batch: number;
  readonly learningRate: number;
}): TrainingSchedule {
  return { epochs: 1_000_000, batch, learningRate, ...optimiser, milestones: [], decay: 1 };
}

export const trainingImages = (batch: number) => syntheticImages(batch * batchesOfEpoch, 11);
