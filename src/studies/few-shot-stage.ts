import { mean, type Tensor } from "../base/index.ts";
import { type CompileOptions, digestTree } from "../engine/index.ts";
import { evaluate, meanPerClass } from "../metrics/index.ts";
import type { Model, Parameters } from "../models/index.ts";
import { extractFeatures, fewShot, headTensors } from "../transfer/index.ts";
import { targetAttackStage } from "./attack-stage.ts";
import { relayed } from "./relay.ts";
import type { Row, TrialEvent } from "./row.ts";
import type { Trial } from "./trial.ts";
import type { SideData } from "./trial-data.ts";

/**
 * Few-shot transfer: the target's accuracy is the mean over draws, its `n` that of the test set, which all draws share.
 * Loss, head and robustness are those of the first draw; the validation images serve as nothing but a second test set.
 */
export async function* fewShotStage(
  trial: Trial,
  source: Model,
  { f }: Parameters<Tensor<"float32">>,
  target: SideData,
  engine: CompileOptions,
): AsyncGenerator<TrialEvent, Pick<Row, "target" | "head" | "featuresDigest">> {
  const before = digestTree(f);
  const { perClass = 1, draws: count = 1, l2 } = trial.transfer;
  const { classes, labels } = target.test;
  const model = source.withClasses(classes.length);
  const progress = (done: number, of: number): TrialEvent => ({ kind: "progress", stage: "transfer", done, of });
  const train = yield* relayed(extractFeatures(model, f, target.train, engine), ({ done, of }) => progress(done, of));
  const test = yield* relayed(extractFeatures(model, f, target.test, engine), ({ done, of }) => progress(done, of));
  const fitting = fewShot(train, test, { classes, perClass, draws: count, l2, seed: trial.seed });
  let step = fitting.next();
  for (; !step.done; step = fitting.next()) yield progress(step.value.done, step.value.of);
  const draws = step.value;
  const [first] = draws;
  if (!first) throw new Error("few-shot: no draw");
  const parameters = { f, g: headTensors(first.fit.head) };
  const on = (data: SideData["test"]) =>
    relayed(evaluate(model, parameters, data, engine), ({ done, of }) => progress(done, of));
  const validation = yield* on(target.validation);
  const tested = yield* on(target.test);
  const robust = yield* targetAttackStage(trial, { model, parameters, test: target.test }, engine, progress);
  const accuracies = draws.map(({ correct }) => mean([...correct]));
  const { l2: penalty, iterations, gradientNorm, converged, trainLoss } = first.fit;
  return {
    target: {
      trainLoss: { value: trainLoss, n: perClass * classes.length },
      validationAccuracy: validation.accuracy,
      accuracy: { value: mean(accuracies), n: labels.length },
      loss: tested.loss,
      meanPerClass: {
        value: mean(draws.map(({ correct }) => meanPerClass(correct, labels).value)),
        n: labels.length,
      },
      draws: accuracies,
      robust,
    },
    head: { l2: penalty, iterations, gradientNorm, converged },
    featuresDigest: { before, after: digestTree(parameters.f) },
  };
}
