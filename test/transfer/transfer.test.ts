import { expect, test } from "vitest";
import { randomStream } from "../../src/base/index.ts";
import { bytesOf, type LabelledImages } from "../../src/datasets/index.ts";
import { digestTree } from "../../src/engine/index.ts";
import { evaluate } from "../../src/metrics/index.ts";
import { extractFeatures, type Transferred, transfer } from "../../src/transfer/index.ts";
import { referenceFeatures, toFloat64 } from "../models/reference-cnn.ts";
import { side, tinyModels } from "../models/tiny.ts";

/** Four classes, each brighter in another corner of the image. */
function target(n: number, seed: number): LabelledImages {
  const stream = randomStream(seed);
  const labels = Int32Array.from({ length: n }, () => stream.below(4));
  const pixels = Uint8Array.from({ length: n * 3 * side * side }, (_, i) => {
    const [image, row, col] = [Math.floor(i / (3 * side * side)), Math.floor(i / side) % side, i % side];
    const corner = 2 * +(row >= side / 2) + +(col >= side / 2);
    return stream.below(64) + (labels[image] === corner ? 191 : 0);
  });
  return { pixels, shape: [n, 3, side, side], labels, classes: ["a", "b", "c", "d"] };
}

async function finished<Out>(run: AsyncGenerator<unknown, Out>): Promise<Out> {
  for (;;) {
    const next = await run.next();
    if (next.done) return next.value;
  }
}

const [tiny] = tinyModels;
if (!tiny) throw new Error("no tiny model");
const { model, convolutions } = tiny;
const parameters = model.init(2);

test("features are those of a float64 reference, in the order of the images, whatever the batch", async () => {
  const data = target(5, 1);
  const { features, size, labels } = await finished(
    extractFeatures(model.withClasses(4), parameters.f, data, { batch: 2 }),
  );
  expect(size).toBe(5);
  expect(labels).toEqual(data.labels);
  for (let i = 0; i < 5; i++) {
    const image = Float64Array.from(bytesOf(data).subarray(i * 192, (i + 1) * 192), (value) => value / 255);
    const expected = referenceFeatures(toFloat64(parameters).f, image, side, convolutions);
    for (const [k, value] of expected.entries()) expect(features[i * 5 + k]).toBeCloseTo(value, 5);
  }
});

test("a transfer leaves f as it was to the bit, fits a head for the target's classes, and reports progress", async () => {
  const before = digestTree(parameters.f);
  const run = transfer(model, parameters, { train: target(60, 1), validation: target(30, 2) }, { l2: [0.1, 0.001] });
  const progress: number[] = [];
  let result: Transferred | undefined;
  while (!result) {
    const next = await run.next();
    if (next.done) result = next.value;
    else progress.push(next.value.done / next.value.of);
  }
  expect(result.featuresDigest).toEqual({ before, after: before });
  expect(digestTree(parameters.f)).toBe(before);
  expect(result.parameters.g.weight.shape).toEqual([4, 5]);
  expect(result.fits.length).toBe(2);
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  expect(progress.at(-1)).toBe(1);
  // The assembled classifier, in float32 and end to end, has the losses that the fit had in float64 on features.
  const onTrain = await finished(evaluate(result.model, result.parameters, target(60, 1)));
  expect(onTrain.loss.value).toBeCloseTo(result.chosen.trainLoss, 4);
  const onValidation = await finished(evaluate(result.model, result.parameters, target(30, 2)));
  expect(onValidation.loss.value).toBeCloseTo(result.chosen.validationLoss, 4);
});

test("a changed f has another digest: one bit is enough", () => {
  const { f } = model.init(2);
  const [name, layer] = Object.entries(f)[0] ?? ["", undefined];
  if (!layer) throw new Error("no layer");
  const data = layer.weight.data.slice();
  new Uint8Array(data.buffer)[0] = (new Uint8Array(data.buffer)[0] ?? 0) ^ 1;
  const flipped = { ...f, [name]: { ...layer, weight: { ...layer.weight, data } } };
  expect(digestTree(flipped)).not.toBe(digestTree(f));
  expect(digestTree(Object.fromEntries(Object.entries(f).toReversed()))).toBe(digestTree(f));
});
