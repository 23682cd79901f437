import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type AttackPlan, attackAll, imageAt, type Victim, victimOf } from "../attacks/index.ts";
import { encodePng } from "../augmentations/index.ts";
import { sizeOf, type Tensor } from "../base/index.ts";
import { gather, gatherLabels, type LabelledImages, toFloat } from "../datasets/index.ts";
import { loadModel, type Model, type Parameters } from "../models/index.ts";
import { waysOf } from "../studies/training-ways.ts";
import type { Trial } from "../studies/trial.ts";
import { sideData } from "../studies/trial-data.ts";
import { transfer } from "../transfer/index.ts";
import type { Confusion, Pictures } from "./api-trial.ts";
import { imageGrid } from "./image-grid.ts";
import type { PictureFolders } from "./pictures.ts";

/** What the process is told on its standard input. */
export interface PictureRequest extends PictureFolders {
  readonly trial: Trial;
  /** The head's penalty that validation chose. */
  readonly headL2: number;
  readonly checkpoint: string;
  /** Gets the PNG files and pictures.json. */
  readonly folder: string;
}

const engine = { device: "cpu", threads: 1 } as const;

/** Enough to see where a model errs; not the numbers of the row, which rest on the whole test set. */
const mostJudged = 2000;
const attacked = 64;
const shown = 6;

/** The entry of a process that makes the pictures of one trial. */
async function main(): Promise<void> {
  const { trial, headL2, checkpoint, folder, ...folders }: PictureRequest = JSON.parse(await text(process.stdin));
  const { model, parameters } = await loadModel(checkpoint);
  const source = await sideData(trial.source, trial, folders);
  const pictures: Pictures["pictures"] = [];
  const save = async (name: string, title: string, caption: string, rows: readonly (readonly Float32Array[])[]) => {
    if (rows.length === 0) return;
    await writeFile(join(folder, `${name}.png`), await encodePng(imageGrid(rows, model.inputShape)));
    pictures.push({ name, title, caption });
  };
  const victim = victimOf(model, parameters, engine);
  const fallen = await adversarial(victim, firstOf(source.test, attacked), trial);
  await save(
    "adversarial",
    "Adversarial examples",
    "above: test images that the model gets right; in the middle: what the attack makes of them; below: the difference, ten times, about grey",
    fallen,
  );
  await victim.dispose();
  await save(
    "training",
    "Training images",
    "above: as they are; below: examples of their augmentation, the base one and the method's own",
    augmented(source.train, trial, model),
  );
  const confusions = [await confusion(`${trial.source.dataset}, source test`, model, parameters, source.test)];
  if (trial.transfer.protocol === "frozen") {
    const target = await sideData(trial.target, trial, folders);
    const transferred = await last(transfer(model, parameters, target, { ...engine, l2: [headL2] }));
    confusions.push(
      await confusion(`${trial.target.dataset}, target test`, transferred.model, transferred.parameters, target.test),
    );
  }
  const made: Pictures = { state: "ready", pictures, confusions };
  await writeFile(join(folder, "pictures.json"), JSON.stringify(made));
}

/** Columns of examples that fell: clean, adversarial, their difference ten times about grey. */
async function adversarial(victim: Victim, test: LabelledImages, { attack, seed }: Trial): Promise<Float32Array[][]> {
  const { norm, eps, steps, stepSize, restarts } = attack;
  const plan: AttackPlan = { kind: "pgd", norm, eps, steps, stepSize, restarts };
  const verdicts = await attackAll(victim, test, plan, { seed, keepImages: true });
  const pairs = verdicts
    .filter(({ clean, robust, adversarial }) => clean && !robust && adversarial !== undefined)
    .slice(0, 2 * shown)
    .map(({ index, adversarial }) => ({ clean: imageAt(test, index), bad: adversarial ?? new Float32Array() }));
  if (pairs.length === 0) return [];
  return [
    pairs.map(({ clean }) => clean),
    pairs.map(({ bad }) => bad),
    pairs.map(({ clean, bad }) => clean.map((value, i) => 0.5 + 10 * ((bad[i] ?? 0) - value))),
  ];
}

/** A row of training images, and below it four draws of what training makes of such; its own batches have other images. */
function augmented(train: LabelledImages, { methods, seed }: Trial, { inputShape }: Model): Float32Array[][] {
  const images = firstOf(train, 2 * shown);
  const indices = Array.from({ length: images.shape[0] }, (_, i) => i);
  const shape = [indices.length, ...inputShape] as const;
  const pixels = toFloat(images, indices);
  const { augment } = waysOf(methods, seed);
  const draws = [0, 1, 2, 3].map(
    (epoch) => augment?.(pixels, { epoch, step: 0, indices: Uint32Array.from(indices), shape }) ?? pixels,
  );
  return [pixels, ...draws].map((batch) => apart(batch, sizeOf(inputShape)));
}

async function confusion(
  title: string,
  model: Model,
  parameters: Parameters<Tensor<"float32">>,
  test: LabelledImages,
): Promise<Confusion> {
  const data = firstOf(test, mostJudged);
  const victim = victimOf(model, parameters, { ...engine, rows: 128 });
  const counts = data.classes.map(() => data.classes.map(() => 0));
  try {
    for (let from = 0; from < data.shape[0]; from += 128) {
      const indices = Array.from({ length: Math.min(128, data.shape[0] - from) }, (_, i) => from + i);
      const logits = await victim.logits(toFloat(data, indices));
      const labels = gatherLabels(data, Uint32Array.from(indices));
      for (const [i, scores] of apart(logits, model.classes).entries()) {
        const row = counts[labels[i] ?? 0];
        const said = scores.indexOf(Math.max(...scores));
        if (row && said >= 0) row[said] = (row[said] ?? 0) + 1;
      }
    }
  } finally {
    await victim.dispose();
  }
  return { title, classes: [...data.classes], counts };
}

const firstOf = (images: LabelledImages, most: number): LabelledImages =>
  gather(
    images,
    Uint32Array.from({ length: Math.min(most, images.shape[0]) }, (_, i) => i),
  );

const apart = (batch: Float32Array, size: number): Float32Array[] =>
  Array.from({ length: batch.length / size }, (_, i) => batch.subarray(i * size, (i + 1) * size));

/** What a generator returns. */
async function last<Out>(run: AsyncGenerator<unknown, Out>): Promise<Out> {
  for (;;) {
    const next = await run.next();
    if (next.done) return next.value;
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
