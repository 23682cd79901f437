import { expect, test } from "vitest";
import { gaussianBlur, posterize } from "../../src/augmentations/index.ts";
import { randomStream } from "../../src/base/index.ts";
import { bytesOf, type LabelledImages, toFloat } from "../../src/datasets/index.ts";
import { augmentedTarget } from "../../src/studies/augmented-target.ts";
import { applyOverrides, defineStudy, expandStudy, trialId } from "../../src/studies/index.ts";
import { runTrial } from "../../src/studies/run-trial.ts";
import { tinyContext, tinyDataFolder, tinyTrials } from "./tiny-data.ts";

function randomImages(n: number): LabelledImages {
  const stream = randomStream(3);
  return {
    pixels: Uint8Array.from({ length: n * 3 * 32 * 32 }, () => stream.below(256)),
    shape: [n, 3, 32, 32],
    labels: Int32Array.from({ length: n }, (_, i) => i % 2),
    classes: ["a", "b"],
  };
}

const blurred = [{ kind: "blur", strength: 5 }];

test("every image under the methods' augmentations in their order, rounded to bytes", () => {
  const images = randomImages(300);
  const methods = [
    ...blurred,
    { kind: "jr", strength: 1 },
    { kind: "posterize", strength: 3, options: { probability: 1 } },
  ];
  const augmented = augmentedTarget(images, methods, 1);
  const { labels, shape } = augmented;
  const all = Array.from({ length: 300 }, (_, i) => i);
  const expected = posterize(gaussianBlur(toFloat(images, all), shape, 5), shape, 3);
  expect(bytesOf(augmented).every((value, i) => value === Math.round(255 * (expected[i] ?? 0)))).toBe(true);
  expect(labels).toBe(images.labels);
});

test("what is drawn depends on the seed, and without an augmentation nothing changes", () => {
  const images = randomImages(4);
  const noisy = [{ kind: "noise", strength: 0.1 }];
  expect(augmentedTarget(images, noisy, 1).pixels).toEqual(augmentedTarget(images, noisy, 1).pixels);
  expect(augmentedTarget(images, noisy, 1).pixels).not.toEqual(augmentedTarget(images, noisy, 2).pixels);
  expect(augmentedTarget(images, [{ kind: "jr", strength: 1 }], 1)).toBe(images);
});

test("it is off unless a study asks for it, and then only the head differs", async () => {
  const [, plain] = tinyTrials({ methods: ["blur"], strengths: { blur: [9] } });
  const [, both] = tinyTrials({ methods: ["blur"], strengths: { blur: [9] }, transfer: { augment: true } });
  if (!plain || !both) throw new Error("no trials");
  const context = tinyContext(tinyDataFolder());
  const rows = [];
  for (const trial of [plain, both]) {
    const run = runTrial(trial, context);
    let next = await run.next();
    while (!next.done) next = await run.next();
    rows.push(next.value);
  }
  expect(rows[0]?.checkpoint).toBe(rows[1]?.checkpoint);
  expect(rows[0]?.target.trainLoss.value).not.toBe(rows[1]?.target.trainLoss.value);
});

test("transfer.augment=false names the trials that leaving it out names", () => {
  const study = defineStudy({
    name: "small",
    pairs: [{ source: { dataset: "cifar10" }, target: { dataset: "mnist" } }],
    model: "small-cnn",
    methods: ["blur"],
    schedule: { epochs: 2, learningRate: 0.05 },
    seeds: 1,
  });
  const ids = (settings: string[]) => expandStudy(applyOverrides(study, settings)).map(trialId);
  expect(ids(["transfer.augment=false"])).toEqual(ids([]));
  expect(ids(["transfer.augment=true"])).not.toEqual(ids([]));
});
