import type { Tensor } from "../base/index.ts";
import { createModel, type Model, type Parameters } from "../models/index.ts";
import type { TrialEvent } from "./row.ts";
import type { TrialContext } from "./run-trial.ts";
import { sourceStage } from "./source-stage.ts";
import type { Trial } from "./trial.ts";
import { type SideData, sideData } from "./trial-data.ts";

export interface TrainedSource {
  readonly model: Model;
  readonly parameters: Parameters<Tensor<"float32">>;
  readonly source: SideData;
  /** Time that the training took. */
  readonly seconds: number;
}

export interface TrainedSourceContext extends Omit<TrialContext, "workDir"> {
  readonly stagesDir: string;
}

/** A trial's source model alone; what `stagesDir` holds of it is gone on with. */
export async function* trainedSource(
  trial: Trial,
  context: TrainedSourceContext,
): AsyncGenerator<TrialEvent, TrainedSource> {
  const { device, threads, stagesDir, anew } = context;
  const source = await sideData(trial.source, trial, context);
  const model = createModel(trial.model, { classes: source.train.classes.length });
  const trained = yield* sourceStage(trial, model, source.train, { device, threads, stagesDir, anew });
  return { ...trained, model, source };
}
