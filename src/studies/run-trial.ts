import { join } from "node:path";
import { seedFor, type Tensor, wilsonInterval } from "../base/index.ts";
import { gather, type LabelledImages, stratifiedOrder } from "../datasets/index.ts";
import { type CompileOptions, digestTree } from "../engine/index.ts";
import { evaluate, type Measured, measurePredictors, type PredictorData } from "../metrics/index.ts";
import { createModel, type Model, type Parameters } from "../models/index.ts";
import { attackStage } from "./attack-stage.ts";
import { environment, runningCommit } from "./environment.ts";
import { relayed, timed } from "./relay.ts";
import { type Row, rowSchema, type TrialEvent } from "./row.ts";
import { sourceStage } from "./source-stage.ts";
import { transferStage } from "./transfer-stage.ts";
import { type Trial, trialId } from "./trial.ts";
import { type DataFolders, type SideData, sideData } from "./trial-data.ts";

/** What a trial needs to run and what cannot change its result: folders, device, threads. Plain data. */
export interface TrialContext extends DataFolders {
  /** Trained source models and unfinished ones are kept below it. */
  readonly workDir: string;
  readonly device: "cpu" | "webgpu" | "cuda";
  readonly threads: number;
  /** The name of a request that wants the source trained anew: what was trained before it is not taken. */
  readonly anew?: string;
}

/**
 * One trial from data to row: train on the source (or take the stage's checkpoint), evaluate, attack, transfer.
 * It yields what happens and can be stopped between any two events. A trial whose numbers are not finite fails instead
 * of leaving a row. Throws InputError for what the user can mend, in one sentence.
 */
export async function* runTrial(trial: Trial, context: TrialContext): AsyncGenerator<TrialEvent, Row> {
  const { device, threads, workDir, anew } = context;
  const engine = { device, threads };
  const commit = runningCommit();
  yield { kind: "stage", stage: "data" };
  const source = await sideData(trial.source, trial, context);
  const target = await sideData(trial.target, trial, context);
  const model = createModel(trial.model, { classes: source.train.classes.length });

  yield { kind: "stage", stage: "train" };
  const { parameters, seconds: train } = yield* sourceStage(trial, model, source.train, {
    ...engine,
    stagesDir: join(workDir, "stages"),
    anew,
  });

  yield { kind: "stage", stage: "evaluate" };
  const evaluated = yield* timed(evaluateSides(model, parameters, source, { ...engine, seed: trial.seed }));

  yield { kind: "stage", stage: "attack" };
  const attacked = yield* attackStage(trial, { model, parameters, test: source.test }, engine);

  yield { kind: "stage", stage: "transfer" };
  const transferred = yield* timed(transferStage(trial, model, parameters, target, engine));

  const began = performance.now();
  const predictors = await measurePredictors(model, parameters, predictorData(source, target), {
    ...engine,
    seed: trial.seed,
  });

  return rowSchema.parse({
    trialId: trialId(trial),
    trial,
    source: { ...evaluated.value, collapsed: isCollapsed(evaluated.value.accuracy, model.classes) },
    robust: attacked.robust,
    ...transferred.value,
    predictors,
    checkpoint: digestTree(parameters),
    seconds: {
      train,
      evaluate: evaluated.seconds,
      ...attacked.seconds,
      transfer: transferred.seconds,
      predictors: (performance.now() - began) / 1000,
    },
    environment: environment(device, commit),
    finishedAt: new Date().toISOString(),
  });
}

/** Predictors of transfer see no test image of the target. */
export function predictorData(source: SideData, target: SideData): PredictorData {
  return {
    sourceTrain: source.train,
    sourceTest: source.test,
    targetTrain: target.train,
    targetValidation: target.validation,
  };
}

/** The model learnt nothing: the accuracy's 95 % Wilson interval holds chance, 1 / classes, or lies below it. */
export function isCollapsed({ value, n }: Measured, classes: number): boolean {
  return wilsonInterval(Math.round(value * n), n).low <= 1 / classes;
}

/**
 * For the source: the train loss without augmentation, of as many training images as there are test images (in the
 * classes' proportions), validation accuracy, and the test set's numbers.
 */
async function* evaluateSides(
  model: Model,
  parameters: Parameters<Tensor<"float32">>,
  { train: all, validation, test }: SideData,
  { seed, ...engine }: CompileOptions & { readonly seed: number },
): AsyncGenerator<TrialEvent, Pick<Row["source"], "trainLoss" | "validationAccuracy" | "accuracy" | "loss">> {
  const train = gather(all, stratifiedOrder(all.labels, seedFor(seed, "train loss")).slice(0, test.shape[0]));
  const of = train.shape[0] + validation.shape[0] + test.shape[0];
  const on = (data: LabelledImages, before: number) =>
    relayed(
      evaluate(model, parameters, data, engine),
      ({ done }): TrialEvent => ({ kind: "progress", stage: "evaluate", done: before + done, of }),
    );
  const onTrain = yield* on(train, 0);
  const onValidation = yield* on(validation, train.shape[0]);
  const onTest = yield* on(test, train.shape[0] + validation.shape[0]);
  return {
    trainLoss: onTrain.loss,
    validationAccuracy: onValidation.accuracy,
    accuracy: onTest.accuracy,
    loss: onTest.loss,
  };
}
