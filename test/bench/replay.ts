import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lines, type Settings } from "../../bench/lines/index.ts";
import { initialParameters, seed } from "../../bench/lines/shared-inputs.ts";
import { endlessSchedule, trainingImages } from "../../bench/lines/training.ts";
import type { Unit } from "../../bench/protocol.ts";
import { startTorch } from "../../bench/side.ts";
import type { Torch } from "../../bench/torch.ts";
import { choose, float32, type Tensor, tensor } from "../../src/base/index.ts";
import { type LabelledImages, toFloat } from "../../src/datasets/index.ts";
import { writeSafetensors } from "../../src/engine/index.ts";
import { createModel } from "../../src/models/index.ts";
import type { LossPenalty } from "../../src/regularizers/index.ts";
import { train } from "../../src/training/index.ts";

type Inputs = Readonly<Record<string, Tensor>>;

export interface Training {
  readonly model: string;
  readonly batch: number;
  readonly learningRate: number;
  readonly penalty?: LossPenalty;
}

/** Trains for some steps and records what they saw, so that another implementation can go through the same. */
export async function recordTraining({ model, batch, learningRate, penalty }: Training, steps: number) {
  const images: Float32Array[] = [];
  const directions: Tensor<"float32">[] = [];
  const labels: number[] = [];
  const losses: number[] = [];
  const data = trainingImages(batch);
  let drawn: readonly Tensor<"float32">[] = [];
  const recording = penalty && {
    ...penalty,
    draw: (...args: Parameters<LossPenalty["draw"]>) => {
      drawn = penalty.draw(...args);
      return drawn;
    },
  };
  const run = train(createModel(model), data, endlessSchedule({ batch, learningRate }), {
    seed,
    penalties: recording ? [recording] : [],
    augment: (pixels, { indices }) => {
      images.push(pixels);
      labels.push(...Array.from(indices, (i) => data.labels[i] ?? 0));
      return pixels;
    },
  });
  for await (const step of run) {
    losses.push(step.loss + step.penalty);
    directions.push(...drawn);
    if (losses.length === steps) break;
  }
  const [direction] = directions;
  const inputs: Inputs = {
    ...initialParameters(model),
    images: float32([steps, batch, 3, 32, 32], concatenated(images)),
    labels: tensor("int32", [steps, batch], Int32Array.from(labels)),
    ...(direction && {
      directions: float32([steps, ...direction.shape], concatenated(directions.map(({ data }) => data))),
    }),
  };
  return { losses, inputs };
}

/** All images of a set as whole batches, with a model's initial parameters. */
export function batched(model: string, data: LabelledImages, batch: number): Inputs {
  const batches = data.labels.length / batch;
  const indices = data.labels.map((_, i) => i);
  return {
    ...initialParameters(model),
    images: float32([batches, batch, 3, 32, 32], toFloat(data, indices)),
    labels: tensor("int32", [batches, batch], data.labels),
  };
}

/** Runs units of a line's PyTorch side on these inputs, on one thread; `layout` makes it the tuned side. */
export async function onTorch(
  torch: Torch | undefined,
  line: string,
  inputs: Inputs,
  { units, layout, ...changes }: { units: number; layout?: string; settings?: Settings },
): Promise<Unit[]> {
  if (!torch) throw new Error("onTorch: expected a Python with torch");
  const folder = await mkdtemp(join(tmpdir(), "carryover-replay-"));
  const path = join(folder, "inputs.safetensors");
  await writeSafetensors(path, inputs);
  const settings = { ...choose("line", line, lines).settings, ...changes.settings };
  const side = startTorch(torch, { threads: 1, tuned: layout !== undefined });
  try {
    await side.ask({ do: "prepare", line, settings, threads: 1, inputs: path, folder, layout });
    return (await side.ask({ do: "repeat", times: units })).units;
  } finally {
    await side.end();
    await rm(folder, { recursive: true });
  }
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
