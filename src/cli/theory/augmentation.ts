import { victimOf } from "../../attacks/index.ts";
import { augment, augmentations } from "../../augmentations/index.ts";
import { choose, InputError, randomStream, seedFor, sizeOf, unknownName } from "../../base/index.ts";
import { gather, type LabelledImages, loadDataset, testSubset, toFloat } from "../../datasets/index.ts";
import { methodKind } from "../../studies/index.ts";
import {
  type AugmentationEffect,
  augmentationEffect,
  augmentationVerdict,
  crossEntropyLoss,
  type MeanOverImages,
  type OutputLoss,
  ridgeClassifier,
  squaredLoss,
} from "../../theory/index.ts";
import type { AugmentationRequest } from "../commands/theory.ts";
import { foldersFor } from "../folders.ts";
import { columns, print, printJson } from "../output.ts";
import { noTrainedModels, rowsOfStudy, trainedTrial } from "../study-rows.ts";

/** A model that is looked at: its name, its loss, images with labels, and its outputs for a batch. */
interface Subject {
  readonly name: string;
  readonly loss: OutputLoss;
  readonly unit: string;
  readonly images: LabelledImages;
  outputs(pixels: Float32Array): Promise<Float64Array[]>;
  dispose(): Promise<void>;
}

interface Finding {
  readonly model: string;
  readonly strength: number;
  readonly unit: string;
  readonly effect: AugmentationEffect;
  readonly verdict: string;
  /** For Gaussian noise on the linear model: sigma^2 ||W||^2, the theory's penalty without clipping. */
  readonly closedForm?: number;
}

/** What the augmentation adds to the loss of a study's models, or of a linear one, at each strength. */
export async function showAugmentation(kind: string, request: AugmentationRequest): Promise<void> {
  if (!Object.hasOwn(augmentations, kind)) throw unknownName("theory augmentation", kind, Object.keys(augmentations));
  if (request.draws < 2) throw new InputError(`--draws: expected at least 2, got ${request.draws}`);
  const { sweep, regulariser, label, unit } = methodKind("theory augmentation", kind);
  const strengths = request.strength ?? sweep;
  const findings: Finding[] = [];
  for await (const subject of subjectsOf(request))
    try {
      for (const strength of strengths) findings.push(await examine(subject, kind, strength, request.draws));
    } finally {
      await subject.dispose();
    }
  const paper =
    regulariser === undefined
      ? "does not discuss it"
      : regulariser
        ? "counts it as a regulariser"
        : "says that it is no regulariser";
  if (request.json) return printJson({ kind, paper: regulariser ?? null, findings });
  const text = ({ value, interval }: MeanOverImages) =>
    `${value.toFixed(4)} [${interval.low.toFixed(4)}, ${interval.high.toFixed(4)}]`;
  const [first] = findings;
  print(
    [
      `${label}: what it adds to the loss, E L_aug - L = variance (a penalty, never negative) + bias (of either sign)`,
      `strength: ${unit}; ${first?.effect.images} images, ${first?.effect.draws} draws each; in brackets 95 % intervals over images`,
      "",
      columns(
        [
          "model",
          "strength",
          "total",
          "variance",
          "bias",
          "acts as",
          ...(findings.some(({ closedForm }) => closedForm !== undefined) ? ["sigma^2 ||W||^2"] : []),
        ],
        findings.map(({ model, strength, effect, verdict, closedForm }) => [
          model,
          `${strength}`,
          text(effect.total),
          text(effect.variance),
          text(effect.bias),
          verdict,
          closedForm === undefined ? "" : closedForm.toFixed(4),
        ]),
      ),
      "",
      `The paper ${paper}.`,
      "penalty: the bias is within a tenth of the variance, as where E T(x) = x; unclear: these images leave it open. bias: every draw is",
      "the same, so the loss moves but no variance is punished; a T that is not injective (blur, rescale) can still shrink the class {h(T x)}.",
    ].join("\n"),
  );
}

async function* subjectsOf({ study, dataset, n, ...places }: AugmentationRequest): AsyncGenerator<Subject> {
  if (study === undefined) {
    const folders = foldersFor(places.data, places.skipCorrupt);
    const all = await loadDataset(dataset, "train", { ...folders, offline: true });
    const images = gather(all, testSubset(all.labels, { test: Math.min(n, all.labels.length), seed: 0 }));
    yield linearSubject(images);
    return;
  }
  const { name, rows } = await rowsOfStudy("theory augmentation", study, places.database);
  const vanilla = rows.filter(({ trial }) => trial.methods.length === 0);
  if (vanilla.length === 0)
    throw new InputError(`theory augmentation: expected a vanilla trial in study "${study}", got none`);
  let none = true;
  for (const row of vanilla) {
    const trained = await trainedTrial(row, places);
    if (!trained) continue;
    none = false;
    const { model, parameters, source } = trained;
    const images = gather(
      source.train,
      testSubset(source.train.labels, { test: Math.min(n, source.train.shape[0]), seed: row.trial.seed }),
    );
    const victim = victimOf(model, parameters, { rows: 64 });
    const size = sizeOf(model.inputShape);
    yield {
      name: `vanilla, seed ${row.trial.seed}`,
      loss: crossEntropyLoss,
      unit: "nats",
      images,
      async outputs(pixels) {
        const out: Float64Array[] = [];
        for (let at = 0; at < pixels.length; at += victim.rows * size) {
          const logits = await victim.logits(pixels.slice(at, at + victim.rows * size));
          for (let i = 0; i < logits.length; i += model.classes)
            out.push(Float64Array.from(logits.subarray(i, i + model.classes)));
        }
        return out;
      },
      dispose: () => victim.dispose(),
    };
  }
  if (none) throw noTrainedModels("theory augmentation", name, places.artifacts);
}

interface LinearSubject extends Subject {
  readonly squaredNorm: number;
}

/** Ridge regression on the labels' indicators, squared loss: where the theory is exact. */
function linearSubject(images: LabelledImages): LinearSubject {
  const size = sizeOf(images.shape.slice(1));
  const rowsOf = (pixels: Float32Array) =>
    Array.from({ length: pixels.length / size }, (_, i) =>
      Float64Array.from(pixels.subarray(i * size, (i + 1) * size)),
    );
  const clean = rowsOf(toFloat(images, [...images.labels.keys()]));
  const model = ridgeClassifier(clean, images.labels, images.classes.length, 1);
  return {
    name: "linear (ridge)",
    loss: squaredLoss,
    unit: "squared error",
    images,
    squaredNorm: model.weight.reduce((sum, w) => sum + w.reduce((own, value) => own + value * value, 0), 0),
    outputs: async (pixels) => rowsOf(pixels).map((row) => model.outputs(row)),
    dispose: async () => {},
  };
}

async function examine(subject: Subject, kind: string, strength: number, draws: number): Promise<Finding> {
  const { images, loss, name, unit } = subject;
  const indices = [...images.labels.keys()];
  const pixels = toFloat(images, indices);
  const clean = await subject.outputs(pixels);
  const { defaults } = choose("augmentation", kind, augmentations);
  const drawn: Float64Array[][] = [];
  for (let k = 0; k < draws; k++) {
    const stream = randomStream(seedFor(0, "theory augmentation", kind, strength, k));
    drawn.push(await subject.outputs(augment(kind, pixels, images.shape, strength, stream, { ...defaults })));
  }
  const effect = augmentationEffect(loss, images.labels, clean, drawn);
  const found = { model: name, strength, unit, effect, verdict: augmentationVerdict(effect) };
  return kind === "noise" && "squaredNorm" in subject
    ? { ...found, closedForm: strength ** 2 * (subject as LinearSubject).squaredNorm }
    : found;
}
