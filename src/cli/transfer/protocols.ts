import type { Tensor } from "../../base/index.ts";
import { evaluate } from "../../metrics/index.ts";
import type { LoadedModel, Parameters } from "../../models/index.ts";
import {
  bestFit,
  type ExtractionOptions,
  fewShot,
  fineTune,
  fitHeads,
  type HeadFit,
  headTensors,
  type LabelledFeatures,
  rightAnswers,
} from "../../transfer/index.ts";
import type { Protocol, TransferRequest } from "../commands/transfer.ts";
import type { Draws } from "./estimates.ts";
import type { Target } from "./target.ts";

export const l2Choices = [1e-4, 1e-3, 1e-2, 1e-1, 1] as const;

/** What a protocol leaves: right answers on the test set, and the transferred model where there is one. */
export interface Outcome {
  readonly draws: Draws;
  /** Of the first draw where there are several. */
  readonly fit: HeadFit | undefined;
  /** Of the first draw where there are several. */
  readonly transferred: LoadedModel | undefined;
}

export interface Features {
  readonly train: LabelledFeatures;
  readonly validation: LabelledFeatures;
  readonly test: LabelledFeatures;
}

/** f as it is: a head whose penalty the held-out images choose. */
export function* frozen(
  features: Features,
  classes: number,
  source: LoadedModel | undefined,
): Generator<string, Outcome> {
  const fitting = fitHeads(features.train, features.validation, { classes, l2: l2Choices });
  let step = fitting.next();
  for (; !step.done; step = fitting.next())
    yield `head: penalty ${step.value.fitted + 1} of ${l2Choices.length}, iteration ${step.value.iteration}`;
  const fit = bestFit(step.value);
  return { draws: [rightAnswers(features.test, fit.head)], fit, transferred: withHead(source, classes, fit) };
}

/** As frozen, on few training images of each class, several times. */
export function* few(
  features: Features,
  classes: readonly string[],
  { perClass, draws, seed }: { readonly perClass: number; readonly draws: number; readonly seed: number },
  source: LoadedModel | undefined,
): Generator<string, Outcome> {
  const run = fewShot(features.train, features.test, { classes, perClass, draws, l2: l2Choices, seed });
  let step = run.next();
  for (; !step.done; step = run.next()) yield `few-shot: ${perClass} a class, draw ${step.value.done} of ${draws}`;
  const [first] = step.value;
  if (!first) throw new Error("few-shot: no draw");
  const { fit } = first;
  return {
    draws: step.value.map(({ correct }) => correct),
    fit,
    transferred: withHead(source, classes.length, fit),
  };
}

/** All parameters, or the last blocks and the head, trained on the training images. */
export async function* fineTuned(
  { model, parameters }: LoadedModel,
  target: Target,
  { protocol, epochs, learningRate, seed }: TransferRequest & { readonly protocol: Protocol },
  engine: ExtractionOptions,
): AsyncGenerator<string, Outcome> {
  const schedule = {
    epochs,
    batch: Math.min(64, target.train.shape[0]),
    learningRate,
    momentum: 0.9,
    weightDecay: 5e-4,
    milestones: [0.5, 0.75],
    decay: 0.1,
  };
  const blocks = protocol.kind === "partial" ? { blocks: protocol.blocks } : {};
  const run = fineTune(model, parameters, target.train, schedule, { ...engine, ...blocks, seed });
  for (;;) {
    const next = await run.next();
    if (next.done) {
      const { model: tuned, parameters: moved } = next.value;
      const correct = yield* flagsOf(tuned, moved, target, engine);
      return {
        draws: [correct],
        fit: undefined,
        transferred: { model: tuned, parameters: moved },
      };
    }
    const { epoch, step, steps, loss } = next.value;
    yield `fine-tuning: epoch ${epoch + 1} of ${epochs}, step ${step + 1} of ${steps}, loss ${loss.toFixed(3)}`;
  }
}

async function* flagsOf(
  model: LoadedModel["model"],
  parameters: Parameters<Tensor<"float32">>,
  { test }: Target,
  engine: ExtractionOptions,
): AsyncGenerator<string, Uint8Array> {
  const run = evaluate(model, parameters, test, engine);
  for (;;) {
    const next = await run.next();
    if (next.done) return next.value.correct;
    yield `test images: ${next.value.done} of ${next.value.of}`;
  }
}

function withHead(source: LoadedModel | undefined, classes: number, { head }: HeadFit): LoadedModel | undefined {
  if (!source) return undefined;
  return { model: source.model.withClasses(classes), parameters: { f: source.parameters.f, g: headTensors(head) } };
}
