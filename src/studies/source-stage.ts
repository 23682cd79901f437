import { join } from "node:path";
import type { Tensor } from "../base/index.ts";
import type { LabelledImages } from "../datasets/index.ts";
import type { CompileOptions } from "../engine/index.ts";
import type { Model, Parameters } from "../models/index.ts";
import { train } from "../training/index.ts";
import { loadCheckpoint, removeCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import type { TrialEvent } from "./row.ts";
import { waysOf } from "./training-ways.ts";
import { sourceStageId, type Trial } from "./trial.ts";

export interface SourceModel {
  readonly parameters: Parameters<Tensor<"float32">>;
  /** Time that the training took, also when another trial did it. */
  readonly seconds: number;
}

export interface SourceStageOptions extends CompileOptions {
  /** Where trained source models are kept, each as its stage's identity + ".safetensors". */
  readonly stagesDir: string;
  /** A run that is killed loses at most this much training, plus the rest of an epoch. */
  readonly secondsBetweenSaves?: number;
}

/**
 * The trained source model of a trial: from the stage's checkpoint when there is one, since one source model serves many
 * targets; else trained, going on from where an earlier attempt was last saved. The state after the last epoch is the
 * model; no epoch is chosen by its accuracy.
 */
export async function* sourceStage(
  trial: Trial,
  model: Model,
  data: LabelledImages,
  { stagesDir, secondsBetweenSaves = 15, ...engine }: SourceStageOptions,
): AsyncGenerator<TrialEvent, SourceModel> {
  const stage = sourceStageId(trial);
  const finished = join(stagesDir, `${stage}.safetensors`);
  const unfinished = join(stagesDir, `${stage}.unfinished.safetensors`);
  const like = model.init(trial.seed);
  const kept = await loadCheckpoint(finished, stage, like);
  if (kept?.state.epochs === trial.schedule.epochs) return { parameters: kept.state.parameters, seconds: kept.seconds };
  const earlier = await loadCheckpoint(unfinished, stage, like);
  const { epochs } = trial.schedule;
  const run = train(model, data, trial.schedule, {
    ...engine,
    seed: trial.seed,
    ...waysOf(trial.methods, trial.seed),
    start: earlier?.state,
  });
  const before = earlier?.seconds ?? 0;
  let seconds = 0;
  let saved = 0;
  let steps = 0;
  try {
    for (;;) {
      const next = await run.next();
      if (next.done) {
        const total = before + seconds;
        const about = { stage, model: model.name, velocity: false };
        await saveCheckpoint(finished, { state: next.value, seconds: total }, about);
        await removeCheckpoint(unfinished);
        return { parameters: next.value.parameters, seconds: total };
      }
      const { state, epoch, step, ...now } = next.value;
      ({ seconds } = now);
      steps++;
      const left = (epochs - epoch) * now.steps - step - 1;
      yield {
        kind: "step",
        epoch: epoch + 1,
        epochs,
        step: step + 1,
        steps: now.steps,
        loss: now.loss,
        accuracy: now.accuracy,
        imagesPerSecond: (steps * now.n) / seconds,
        secondsLeft: (seconds / steps) * left,
      };
      if (state && left > 0 && seconds - saved >= secondsBetweenSaves) {
        await saveCheckpoint(
          unfinished,
          { state, seconds: before + seconds },
          { stage, model: model.name, velocity: true },
        );
        saved = seconds;
      }
    }
  } finally {
    // Frees the graph when the trial is stopped between two steps.
    await run.return({ epochs: 0, parameters: like, velocity: like });
  }
}
