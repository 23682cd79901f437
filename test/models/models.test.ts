import { describe, expect, test } from "vitest";
import { InputError, leavesOf, type Tensor } from "../../src/base/index.ts";
import { compile, crossEntropy, digestTree, grad, np, type Traced } from "../../src/engine/index.ts";
import { createModel, type LayerParameters, models, type Parameters } from "../../src/models/index.ts";
import {
  dense,
  type Leaf64,
  referenceCrossEntropy,
  referenceFeatures,
  referenceJacobian,
  toFloat64,
} from "./reference-cnn.ts";
import { derivative, inner, labels, moved, randomDirection, randomImages, side, tinyModels } from "./tiny.ts";

describe.each(Object.keys(models))("%s", (name) => {
  const model = createModel(name, { classes: 7 });

  test("features and logits have the promised shapes", async () => {
    const parameters = model.init(1);
    const images = randomImages(2, 1, model.inputShape[1]);
    const run = await compile<{ features: Tensor<"float32">; logits: Tensor<"float32"> }>(
      (p: Parameters<Traced>, x: Traced) => {
        const features = model.features(p.f, x);
        return { features, logits: model.logits(p.g, features) };
      },
      [parameters, images],
    );
    const { features, logits } = await run(parameters, images);
    expect(features.shape).toEqual([2, model.featureSize]);
    expect(logits.shape).toEqual([2, 7]);
    expect(features.data.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
  });
});

// The networks for larger images draw as those for 32 pixels do, and ResNet-34 as ResNet-18.
describe.each(Object.keys(models).filter((name) => !/34|-\d+$/.test(name)))("%s, fresh", (name) => {
  const model = createModel(name, { classes: 7 });

  test("the same seed gives the same parameters, another seed others", () => {
    const digest = digestTree(model.init(3));
    expect(digestTree(model.init(3))).toBe(digest);
    expect(digestTree(model.init(4))).not.toBe(digest);
  });

  test("every weight starts within 1 / sqrt(fan in)", () => {
    const { f, g } = model.init(5);
    for (const layer of [...Object.values(f), g]) {
      if ("mean" in layer) continue;
      const { weight } = layer;
      const fanIn = weight.data.length / (weight.shape[0] ?? 0);
      const largest = weight.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largest).toBeLessThanOrEqual(1 / Math.sqrt(fanIn) + 1e-7);
      expect(largest).toBeGreaterThan(0.8 / Math.sqrt(fanIn));
      const bias = "bias" in layer ? [...(layer as LayerParameters<Tensor<"float32">>).bias.data] : [];
      expect(bias.every((value) => Math.abs(value) <= 1 / Math.sqrt(fanIn) + 1e-7)).toBe(true);
    }
  });
});

test("the paper's CNN has 1,182,762 parameters at ten classes", () => {
  const { f, g } = createModel("cifar-cnn", { classes: 10 }).init(0);
  const count = leavesOf([f, g]).reduce((n, { data }) => n + data.length, 0);
  // 3*9*32+32 + 32*9*32+32 + 32*9*64+64 + 64*9*64+64 + 4096*256+256 + 256*256+256 + 256*10+10
  expect(count).toBe(896 + 9248 + 18496 + 36928 + 1048832 + 65792 + 2570);
});

test("an unknown model is an InputError with the nearest name", () => {
  expect(() => createModel("cifar-cn", { classes: 10 })).toThrow(InputError);
  expect(() => createModel("cifar-cn", { classes: 10 })).toThrow(/did you mean "cifar-cnn"/);
  expect(() => createModel("cifar-cnn", { classes: 1 })).toThrow(/classes/);
});

test("images of another shape are told where they come in", async () => {
  const model = createModel("small-cnn");
  const parameters = model.init(0);
  const features = (p: Parameters<Traced>, x: Traced) => model.features(p.f, x);
  await expect(compile(features, [parameters, randomImages(2, 1, 28)])).rejects.toThrow(
    "features: images: expected shape [batch, 3, 32, 32], got [2, 3, 28, 28]",
  );
});

describe.each(tinyModels)("$model.name", ({ model, convolutions }) => {
  const parameters = model.init(11);
  const images = randomImages(4, 2);
  const y = labels(0, 2, 1, 2);

  function meanLoss(p: Parameters<Leaf64>): number {
    const size = 3 * side * side;
    const losses = [...y.data].map((label, b) => {
      const image = Float64Array.from(images.data.subarray(b * size, (b + 1) * size));
      return referenceCrossEntropy(
        dense(referenceFeatures(p.f, image, side, convolutions), p.g.weight, p.g.bias.data),
        label,
      );
    });
    return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  }

  const loss = (p: Parameters<Traced>, x: Traced, t: Traced) =>
    np.mean(crossEntropy(model.logits(p.g, model.features(p.f, x)), t));

  test("the loss is that of a float64 reference", async () => {
    const run = await compile<Tensor<"float32">>(loss, [parameters, images, y]);
    const out = await run(parameters, images, y);
    expect(out.data[0]).toBeCloseTo(meanLoss(toFloat64(parameters)), 5);
  });

  test("the second derivative, once by pixels and once by parameters, is the finite difference", async () => {
    const size = 3 * side * side;
    const u = randomImages(4, 31);
    // d CE along u: <softmax - one-hot, W df>, df the features' tangent along u.
    function along(p: Parameters<Leaf64>): number {
      const slopes = [...y.data].map((label, b) => {
        const [image, tangent] = [images, u].map((of) => Float64Array.from(of.data.subarray(b * size, (b + 1) * size)));
        if (!image || !tangent) throw new Error("no image");
        const { features, along: tangents } = referenceJacobian(p.f, image, side, convolutions, [tangent]);
        const logits = dense(features, p.g.weight, p.g.bias.data);
        const total = logits.reduce((sum, z) => sum + Math.exp(z), 0);
        const moves = dense(tangents[0] ?? new Float64Array(), p.g.weight, new Float64Array(logits.length));
        return moves.reduce((sum, move, k) => sum + move * (Math.exp(logits[k] ?? 0) / total - +(k === label)), 0);
      });
      return slopes.reduce((sum, slope) => sum + slope, 0) / slopes.length;
    }
    const slope = (p: Parameters<Traced>, x: Traced, t: Traced, v: Traced) =>
      np.sum(np.multiply(grad((at: Traced) => loss(p, at, t))(x), v));
    const run = await compile<Parameters<Tensor<"float32">>>(grad(slope), [parameters, images, y, u]);
    const gradient = await run(parameters, images, y, u);
    for (const seed of [1, 2]) {
      const direction = randomDirection(parameters, seed);
      const expected = derivative((step) => along(moved(toFloat64(parameters), direction, step)), 1e-7);
      expect(Math.abs(inner(gradient, direction) - expected)).toBeLessThan(1e-3 * (0.1 + Math.abs(expected)));
    }
  });

  test("the gradient is the finite difference, in four random directions", async () => {
    const run = await compile<Parameters<Tensor<"float32">>>(grad(loss), [parameters, images, y]);
    const gradient = await run(parameters, images, y);
    for (const seed of [1, 2, 3, 4]) {
      const direction = randomDirection(parameters, seed);
      const expected = derivative((step) => meanLoss(moved(toFloat64(parameters), direction, step)));
      expect(Math.abs(inner(gradient, direction) - expected)).toBeLessThan(1e-4 * (1 + Math.abs(expected)));
    }
  });
});
