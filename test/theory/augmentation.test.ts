import { describe, expect, it } from "vitest";
import { gaussianNoise } from "../../src/augmentations/index.ts";
import { randomStream } from "../../src/base/index.ts";
import {
  augmentationEffect,
  augmentationVerdict,
  crossEntropyLoss,
  ridgeClassifier,
  squaredLoss,
} from "../../src/theory/index.ts";

/** One linear output w'x against the target 1: squaredLoss of label 0 is (w'x - 1)^2. */
const linear = (w: readonly number[]) => (x: readonly number[]) =>
  Float64Array.of(w.reduce((sum, value, j) => sum + value * (x[j] ?? 0), 0));
const points = [
  [0.5, -1],
  [2, 0.3],
  [-0.7, 0.4],
];
const labels = new Int32Array(points.length);
const w = [0.8, -1.5];

/** The effect when the augmentation has finitely many equally likely outcomes, all of them drawn. */
function whole(outcomes: readonly ((x: readonly number[]) => number[])[]) {
  const h = linear(w);
  const { total, variance, bias } = augmentationEffect(
    squaredLoss,
    labels,
    points.map(h),
    outcomes.map((change) => points.map((x) => h(change(x)))),
  );
  // The K / (K - 1) is for a sample of draws; a whole population has none.
  const population = (variance.value * (outcomes.length - 1)) / outcomes.length;
  return { total: total.value, variance: population, bias: total.value - population, raw: { total, variance, bias } };
}

describe("squared loss and a linear model, where the theory is exact", () => {
  it("additive noise +-s on each coordinate adds w' Sigma w, and no bias", () => {
    const s = 0.3;
    const signs = [1, -1].flatMap((a) => [1, -1].map((b) => [a * s, b * s]));
    const { total, variance, bias } = whole(
      signs.map(([a = 0, b = 0]) => ([x = 0, y = 0]) => [x + a, y + b]),
    );
    const exact = s * s * (0.8 ** 2 + 1.5 ** 2);
    expect(variance).toBeCloseTo(exact, 12);
    expect(total).toBeCloseTo(exact, 12);
    expect(bias).toBeCloseTo(0, 12);
  });

  it("affine x' = W1 x + W2 with E W1 = I: the variance is w' E_x Cov(W1 x) w, and no bias", () => {
    // W1 = diag(1 + c, 1 - c) with c = +-1/2: w' W1 x = w'x + c (w1 x1 - w2 x2), of variance c^2 (w1 x1 - w2 x2)^2.
    const { variance, bias } = whole(
      [0.5, -0.5].map((c) => ([x = 0, y = 0]) => [(1 + c) * x, (1 - c) * y]),
    );
    const exact = points.reduce((sum, [x = 0, y = 0]) => sum + 0.25 * (0.8 * x + 1.5 * y) ** 2, 0) / points.length;
    expect(variance).toBeCloseTo(exact, 12);
    expect(bias).toBeCloseTo(0, 12);
  });

  it("rotation by +-a is not unbiased: E R = cos a I, and the bias is what that mean image costs", () => {
    const a = 0.6;
    const turned =
      (angle: number) =>
      ([x = 0, y = 0]: readonly number[]) => [
        Math.cos(angle) * x - Math.sin(angle) * y,
        Math.sin(angle) * x + Math.cos(angle) * y,
      ];
    const { variance, bias } = whole([a, -a].map(turned));
    const mean = (value: (p: readonly number[]) => number) =>
      points.reduce((sum, p) => sum + value(p), 0) / points.length;
    const at = (p: readonly number[]) => linear(w)(p)[0] ?? 0;
    expect(bias).toBeCloseTo(
      mean((p) => (Math.cos(a) * at(p) - 1) ** 2 - (at(p) - 1) ** 2),
      12,
    );
    expect(variance).toBeCloseTo(
      mean(([x = 0, y = 0]) => Math.sin(a) ** 2 * (-0.8 * y - 1.5 * x) ** 2),
      12,
    );
    expect(Math.abs(bias)).toBeGreaterThan(0.01);
  });

  it("our Gaussian noise on grey images, which clip nothing, adds sigma^2 ||w||^2", () => {
    const [n, size, sigma] = [200, 12, 0.02];
    const shape = [n, 3, 2, 2] as const;
    const pixels = new Float32Array(n * size).fill(0.5);
    const weights = Array.from({ length: size }, (_, j) => Math.sin(j + 1));
    const rowsOf = (data: Float32Array) =>
      Array.from({ length: n }, (_, i) => linear(weights)([...data.subarray(i * size, (i + 1) * size)]));
    const draws = Array.from({ length: 20 }, (_, k) => rowsOf(gaussianNoise(pixels, shape, sigma, randomStream(k))));
    const effect = augmentationEffect(squaredLoss, new Int32Array(n), rowsOf(pixels), draws);
    const exact = sigma ** 2 * weights.reduce((sum, value) => sum + value * value, 0);
    // 200 x 20 draws: the variance's relative standard error is sqrt(2 / 3800) = 0.023.
    expect(Math.abs(effect.variance.value / exact - 1)).toBeLessThan(0.1);
    expect(augmentationVerdict(effect)).not.toBe("bias");
  });
});

describe("augmentationEffect", () => {
  it("the variance part of a convex loss is never negative, and a deterministic augmentation has none", () => {
    const stream = randomStream(5);
    const random = () => Array.from({ length: 4 }, () => Float64Array.from({ length: 3 }, () => stream.normal()));
    const [clean, changed] = [random(), random()];
    const y = Int32Array.of(0, 1, 2, 0);
    expect(
      augmentationEffect(crossEntropyLoss, y, clean, [random(), random(), random()]).variance.value,
    ).toBeGreaterThan(0);
    const effect = augmentationEffect(crossEntropyLoss, y, clean, [changed, changed]);
    expect(effect.variance.value).toBeCloseTo(0, 12);
    expect(effect.total.value).toBeCloseTo(effect.bias.value, 12);
  });
});

describe("augmentationVerdict, with a variance of 1", () => {
  const at = (value: number, margin: number) => ({ value, interval: { low: value - margin, high: value + margin } });
  it.each([
    ["penalty", 1, 0.02, 0.05],
    ["penalty, bias unclear", 1, 0.02, 0.3],
    ["penalty and bias", 1, -0.4, 0.3],
    ["bias", 0, 0.4, 0.3],
    ["nothing seen", 0, 0.2, 0.3],
  ])("%s: variance %d, bias %d +- %d", (verdict, variance, bias, margin) =>
    expect(
      augmentationVerdict({
        variance: at(variance, 0.1),
        bias: at(bias, margin),
        total: at(variance + bias, margin),
        images: 9,
        draws: 9,
      }),
    ).toBe(verdict),
  );
});

describe("ridgeClassifier", () => {
  it("solves the normal equations: one feature, by hand", () => {
    // x = 1, -1 with labels 0, 1; targets less their means are +-1/2: w = mean(x t) / (mean(x^2) + ridge) = 0.5 / 1.25.
    const { weight, outputs } = ridgeClassifier(
      [Float64Array.of(1), Float64Array.of(-1)],
      Int32Array.of(0, 1),
      2,
      0.25,
    );
    expect(weight[0]?.[0]).toBeCloseTo(0.4, 12);
    expect(outputs([1])[0]).toBeCloseTo(0.9, 12);
    expect(outputs([1])[1]).toBeCloseTo(0.1, 12);
  });
});
