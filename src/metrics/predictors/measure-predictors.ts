import type { Tensor } from "../../base/index.ts";
import { concatenate, gather, type LabelledImages, testSubset } from "../../datasets/index.ts";
import type { CompileOptions } from "../../engine/index.ts";
import type { Model, Parameters } from "../../models/index.ts";
import { extractFeatures, fitHeads, headOnHost, type LabelledFeatures } from "../../transfer/index.ts";
import type { Measured } from "../measured.ts";
import { jacobianNorm } from "./jacobian-norm.ts";
import { featureMargin } from "./margin.ts";
import type { PredictorName } from "./registry.ts";
import { sharpness } from "./sharpness.ts";
import { targetPredictors } from "./target-predictors.ts";
import { transferMeasure } from "./transfer-measure.ts";
import { weightNorms } from "./weight-norms.ts";

/** Images that predictors look at: neither side's test set decides anything about the target. */
export interface PredictorData {
  readonly sourceTrain: LabelledImages;
  readonly sourceTest: LabelledImages;
  readonly targetTrain: LabelledImages;
  readonly targetValidation: LabelledImages;
}

/** How many images each part looks at, at most; chosen so that all of it costs about a second for the small CNN. */
const most = { gradients: 100, sharpness: 200, source: 200, target: 500, shots: 10 };

/**
 * Every predictor of transfer of one trained source model, each with the number of images behind it (1 for norms of
 * weights). Which images is decided by the seed. `transferMeasure` is left out where the domains differ in their number
 * of classes, and every predictor where it is no number, as some are not of a model that is dead.
 */
export async function measurePredictors(
  model: Model,
  parameters: Parameters<Tensor<"float32">>,
  data: PredictorData,
  { seed, ...engine }: CompileOptions & { readonly seed: number },
): Promise<Partial<Record<PredictorName, Measured>>> {
  const some = (images: LabelledImages, n: number) =>
    gather(images, testSubset(images.labels, { test: Math.min(n, images.labels.length), seed }));
  const { sourceTrain, sourceTest, targetTrain, targetValidation } = data;
  const norms = weightNorms(parameters);
  const forGradients = some(sourceTest, most.gradients);
  const forSharpness = some(sourceTrain, most.sharpness);
  const jacobian = await jacobianNorm(model, parameters.f, forGradients, { seed, ...engine });
  const sharp = await sharpness(model, parameters, forSharpness, engine);
  const [source, target, validation] = await featuresOf(
    model,
    parameters,
    [some(sourceTest, most.source), some(targetTrain, most.target), some(targetValidation, most.target)],
    engine,
  );
  const head = headOnHost(parameters.g);
  const targetClasses = targetTrain.classes.length;
  const shots = firstOfEachClass(target, most.shots, targetClasses);
  const fitted = (train: LabelledFeatures, on: LabelledFeatures) =>
    runToEnd(fitHeads(train, on, { classes: targetClasses, l2: [1e-2], tolerance: 1e-4 }))[0];
  const probe = fitted(shots, validation);
  const ofTarget = target.labels.length;
  const comparable = targetClasses === model.classes;
  const optimum = comparable ? fitted(target, target)?.trainLoss : undefined;
  return onlyNumbers({
    jacobian: { value: jacobian, n: forGradients.labels.length },
    frobenius: { value: norms.features, n: 1 },
    spectral: { value: norms.logSpectralProduct, n: 1 },
    headNorm: { value: norms.head, n: 1 },
    margin: { value: featureMargin(source, head), n: source.labels.length },
    sharpness: { value: sharp, n: forSharpness.labels.length },
    ...targetPredictors(target, targetClasses, head),
    ...(optimum === undefined
      ? {}
      : { transferMeasure: { value: transferMeasure(source, target, head, optimum), n: ofTarget } }),
    ...(probe ? { fewShot: { value: probe.validationAccuracy, n: validation.labels.length } } : {}),
  });
}

const onlyNumbers = (all: Partial<Record<PredictorName, Measured>>): Partial<Record<PredictorName, Measured>> =>
  Object.fromEntries(Object.entries(all).filter(([, { value }]) => Number.isFinite(value)));

/** Features of several sets by one compiled graph. */
async function featuresOf(
  model: Model,
  parameters: Parameters<Tensor<"float32">>,
  sets: readonly [LabelledImages, LabelledImages, LabelledImages],
  engine: CompileOptions,
): Promise<[LabelledFeatures, LabelledFeatures, LabelledFeatures]> {
  const [first] = sets;
  const joined = concatenate(sets);
  const all: LabelledImages = { ...joined, labels: new Int32Array(joined.shape[0]), classes: first.classes };
  const run = extractFeatures(model, parameters.f, all, engine);
  let next = await run.next();
  while (!next.done) next = await run.next();
  const { features, size } = next.value;
  let from = 0;
  return sets.map((set) => {
    const n = set.labels.length;
    from += n;
    return { features: features.subarray((from - n) * size, from * size), labels: set.labels, size };
  }) as [LabelledFeatures, LabelledFeatures, LabelledFeatures];
}

/** The first `shots` rows of each class. */
function firstOfEachClass(
  { features, labels, size }: LabelledFeatures,
  shots: number,
  classes: number,
): LabelledFeatures {
  const left = new Int32Array(classes).fill(shots);
  const chosen = [...labels.keys()].filter((i) => {
    const y = labels[i] as number;
    left[y] = (left[y] as number) - 1;
    return (left[y] as number) >= 0;
  });
  return {
    features: Float32Array.from(chosen.flatMap((i) => [...features.subarray(i * size, (i + 1) * size)])),
    labels: Int32Array.from(chosen, (i) => labels[i] as number),
    size,
  };
}

function runToEnd<Out>(run: Generator<unknown, Out>): Out {
  let next = run.next();
  while (!next.done) next = run.next();
  return next.value;
}
