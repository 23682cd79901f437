import { InputError } from "../../base/index.ts";
import { gather, testSubset } from "../../datasets/index.ts";
import { targetPredictors } from "../../metrics/index.ts";
import type { LoadedModel } from "../../models/index.ts";
import { attackStage } from "../../studies/attack-stage.ts";
import { type ExtractionOptions, featureRows } from "../../transfer/index.ts";
import type { Protocol, TransferRequest } from "../commands/transfer.ts";
import { percentText } from "../output.ts";
import type { Candidate } from "./candidate.ts";
import { accuracyOf, meanPerClassOf, perClassOf, sharesOf } from "./estimates.ts";
import type { Findings, Shots } from "./findings.ts";
import { type Features, few, fineTuned, frozen, type Outcome } from "./protocols.ts";
import type { Target } from "./target.ts";

/** How many training images the predictors look at, at most. */
const predictorImages = 500;

/** All that is found out about a model on a target; yields what is under way. */
export async function* measured(
  candidate: Candidate,
  target: Target,
  request: TransferRequest,
  engine: ExtractionOptions,
): AsyncGenerator<string, { readonly findings: Findings; readonly transferred: LoadedModel | undefined }> {
  const { classes } = target.test;
  const { protocol, seed, draws } = request;
  const whole = "model" in candidate.whole ? candidate.whole : undefined;
  const features = yield* featuresOf(candidate, target, engine);
  const outcome = yield* byProtocol(candidate, target, request, features, engine);
  const fewShot: Shots[] = [];
  const smallest = Math.min(...countsOf(features.train.labels, classes.length));
  for (const perClass of request.shots.filter((count) => count <= smallest)) {
    const drawn = (yield* few(features, classes, { perClass, draws, seed }, whole)).draws;
    fewShot.push({ perClass, draws: sharesOf(drawn), accuracy: accuracyOf(drawn) });
  }
  yield "predictors";
  const seen = testSubset(features.train.labels, { test: Math.min(predictorImages, target.train.shape[0]), seed });
  const predictors = targetPredictors(featureRows(features.train, seen), classes.length, candidate.head);
  const robust = yield* attacked(candidate, outcome, target, request, engine);
  const skipped = request.shots.filter((count) => count > smallest);
  const { labels } = target.test;
  const counts = countsOf(labels, classes.length);
  return {
    transferred: outcome.transferred,
    findings: {
      model: candidate.name,
      file: candidate.path,
      checkpoint: candidate.digest,
      target: {
        name: target.name,
        digest: target.digest,
        classes,
        train: target.train.shape[0],
        validation: target.validation.shape[0],
        test: labels.length,
        majority: Math.max(...counts) / labels.length,
      },
      side: candidate.side,
      protocol: protocolText(protocol),
      seed,
      accuracy: accuracyOf(outcome.draws),
      meanPerClass: meanPerClassOf(outcome.draws, labels, seed),
      perClass: perClassOf(outcome.draws, labels, classes),
      head: outcome.fit && { l2: outcome.fit.l2, converged: outcome.fit.converged },
      fewShot,
      predictors,
      robust,
      notes: [
        ...firstDraw(outcome),
        ...candidate.notes.map((note) => `${note[0]?.toUpperCase()}${note.slice(1)}.`),
        ...target.notes,
        ...(skipped.length > 0
          ? [
              `The smallest class has ${smallest} training images, so the curve leaves out ${skipped.join(", ")} a class.`,
            ]
          : []),
      ],
    },
  };
}

/** Which of several heads the numbers that are no means belong to. */
function firstDraw({ draws, transferred }: Outcome): string[] {
  if (draws.length === 1) return [];
  const [first = 0] = sharesOf(draws);
  const what = transferred
    ? "The head's penalty and the model that is saved and attacked are"
    : "The head's penalty is";
  return [
    `Accuracies are means over ${draws.length} draws of the training images. ${what} of the first draw, whose accuracy is ${percentText(first)}.`,
  ];
}

/** Features of all three parts, once. */
export async function* featuresOf(
  candidate: Candidate,
  target: Target,
  engine: ExtractionOptions,
): AsyncGenerator<string, Features> {
  const part = async function* (name: "train" | "validation" | "test") {
    const run = candidate.features(target[name], engine);
    for (;;) {
      const next = await run.next();
      if (next.done) return next.value;
      yield `features of the ${name} images: ${next.value.done} of ${next.value.of}`;
    }
  };
  return { train: yield* part("train"), validation: yield* part("validation"), test: yield* part("test") };
}

async function* byProtocol(
  candidate: Candidate,
  target: Target,
  request: TransferRequest,
  features: Features,
  engine: ExtractionOptions,
): AsyncGenerator<string, Outcome> {
  const { protocol, draws, seed } = request;
  const { classes } = target.test;
  const whole = "model" in candidate.whole ? candidate.whole : undefined;
  if (protocol.kind === "frozen") return yield* frozen(features, classes.length, whole);
  if (protocol.kind === "few-shot")
    return yield* few(features, classes, { perClass: protocol.perClass, draws, seed }, whole);
  if (!("model" in candidate.whole))
    throw new InputError(
      `--protocol: expected frozen or few-shot for this model, got ${protocol.kind}: ${candidate.whole.reason}`,
    );
  return yield* fineTuned(candidate.whole, target, request, engine);
}

/** The transferred model under attack on test images, with the health checks. */
async function* attacked(
  { whole }: Candidate,
  { transferred }: Outcome,
  target: Target,
  { attacked: examples, norm, eps, steps, seed }: TransferRequest,
  engine: ExtractionOptions,
): AsyncGenerator<string, Findings["robust"]> {
  if (examples === 0) return { reason: "no attack was asked for" };
  if (!transferred) return { reason: "reason" in whole ? whole.reason : "there is no model to attack" };
  const n = Math.min(examples, target.test.shape[0]);
  const attack = {
    norm,
    eps,
    steps,
    stepSize: eps > 0 ? eps / 4 : 1,
    restarts: 1,
    examples: n,
    health: Math.min(100, n),
  };
  const test = gather(target.test, testSubset(target.test.labels, { test: n, seed }));
  const run = attackStage({ attack: { ...attack, examples: null }, seed }, { ...transferred, test }, engine);
  for (;;) {
    const next = await run.next();
    if (next.done) return { ...next.value.robust, norm, eps, steps };
    if (next.value.kind === "progress") yield `${next.value.stage}: ${next.value.done} of ${next.value.of}`;
  }
}

function countsOf(labels: Int32Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

export function protocolText(protocol: Protocol): string {
  if (protocol.kind === "partial") return `partial:${protocol.blocks}`;
  return protocol.kind === "few-shot" ? `few-shot:${protocol.perClass}` : protocol.kind;
}
