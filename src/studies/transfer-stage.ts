import type { Tensor } from "../base/index.ts";
import type { LabelledImages } from "../datasets/index.ts";
import type { CompileOptions } from "../engine/index.ts";
import { evaluate, meanPerClass } from "../metrics/index.ts";
import type { Model, Parameters } from "../models/index.ts";
import { extractFeatures, fineTune, fineTuningSchedule, headGradientNorm, transfer } from "../transfer/index.ts";
import { targetAttackStage } from "./attack-stage.ts";
import { augmentedTarget } from "./augmented-target.ts";
import { fewShotStage } from "./few-shot-stage.ts";
import { relayed } from "./relay.ts";
import type { Row, TrialEvent } from "./row.ts";
import type { Trial } from "./trial.ts";
import type { SideData } from "./trial-data.ts";

/** The part of a row that transfer decides. */
export type TransferNumbers = Pick<Row, "target" | "head" | "featuresDigest">;

/** Transfer by the trial's protocol, then the target's test set, once. */
export function transferStage(
  trial: Trial,
  source: Model,
  parameters: Parameters<Tensor<"float32">>,
  target: SideData,
  engine: CompileOptions,
): AsyncGenerator<TrialEvent, TransferNumbers> {
  const stage = stages[trial.transfer.protocol];
  const { methods, seed, transfer } = trial;
  const train = transfer.augment ? augmentedTarget(target.train, methods, seed) : target.train;
  return stage(trial, source, parameters, { ...target, train }, engine);
}

const stages = { frozen: frozenTransfer, full: fineTuning, partial: fineTuning, "few-shot": fewShotStage } as const;

async function* frozenTransfer(
  trial: Trial,
  source: Model,
  sourceParameters: Parameters<Tensor<"float32">>,
  target: SideData,
  engine: CompileOptions,
): AsyncGenerator<TrialEvent, TransferNumbers> {
  const images = target.train.shape[0] + target.validation.shape[0];
  const n = target.test.shape[0];
  const of = images + n * (trial.attack.target ? 2 : 1);
  const run = transfer(source, sourceParameters, target, { ...engine, l2: trial.transfer.l2 });
  const { model, parameters, chosen, featuresDigest } = yield* relayed(run, (step) =>
    progress((images * step.done) / step.of, of),
  );
  const test = yield* relayed(evaluate(model, parameters, target.test, engine), ({ done }) =>
    progress(images + done, of),
  );
  const attacked = { model, parameters, test: target.test };
  const robust = yield* targetAttackStage(trial, attacked, engine, (done, all) =>
    progress(images + n + (n * done) / all, of),
  );
  const { iterations, gradientNorm, converged } = chosen;
  return {
    target: {
      trainLoss: { value: chosen.trainLoss, n: target.train.shape[0] },
      validationAccuracy: { value: chosen.validationAccuracy, n: target.validation.shape[0] },
      accuracy: test.accuracy,
      loss: test.loss,
      meanPerClass: meanOverClasses(test.correct, target.test.labels),
      robust,
    },
    head: { l2: chosen.l2, iterations, gradientNorm, converged },
    featuresDigest,
  };
}

/**
 * All parameters, or the last blocks and the head, trained on the target, by the source's schedule a fifth as long. Nothing is chosen on validation. In the
 * row, `head.l2` is the weight decay, `iterations` the steps, and the head counts as not converged.
 */
async function* fineTuning(
  trial: Trial,
  source: Model,
  sourceParameters: Parameters<Tensor<"float32">>,
  target: SideData,
  engine: CompileOptions,
): AsyncGenerator<TrialEvent, TransferNumbers> {
  const shorter = fineTuningSchedule(trial.schedule, target.train.shape[0]);
  const run = fineTune(source, sourceParameters, target.train, shorter, {
    ...engine,
    seed: trial.seed,
    blocks: trial.transfer.blocks,
  });
  const { model, parameters, steps, featuresDigest } = yield* relayed(run, ({ epoch, step, steps: each }) =>
    progress(epoch * each + step + 1, shorter.epochs * each),
  );
  const on = (data: LabelledImages) =>
    relayed(evaluate(model, parameters, data, engine), ({ done, of }) => progress(done, of));
  const train = yield* on(target.train);
  const validation = yield* on(target.validation);
  const test = yield* on(target.test);
  const robust = yield* targetAttackStage(trial, { model, parameters, test: target.test }, engine, progress);
  const features = yield* relayed(extractFeatures(model, parameters.f, target.train, engine), ({ done, of }) =>
    progress(done, of),
  );
  return {
    target: {
      trainLoss: train.loss,
      validationAccuracy: validation.accuracy,
      accuracy: test.accuracy,
      loss: test.loss,
      meanPerClass: meanOverClasses(test.correct, target.test.labels),
      robust,
    },
    head: {
      l2: shorter.weightDecay,
      iterations: steps,
      gradientNorm: headGradientNorm(features, parameters.g),
      converged: false,
    },
    featuresDigest,
  };
}

/** As a row keeps it. */
function meanOverClasses(correct: Uint8Array, labels: Int32Array): Row["target"]["meanPerClass"] {
  const { value, n } = meanPerClass(correct, labels);
  return { value, n };
}

function progress(done: number, of: number): TrialEvent {
  return { kind: "progress", stage: "transfer", done: Math.round(done), of };
}
