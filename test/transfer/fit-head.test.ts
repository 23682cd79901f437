import { describe, expect, test } from "vitest";
import { InputError, randomStream } from "../../src/base/index.ts";
import {
  bestFit,
  fitHeads,
  type HeadFit,
  type LabelledFeatures,
  lbfgs,
  onRawFeatures,
  penalisedLoss,
  softmaxRegression,
  standardisation,
} from "../../src/transfer/index.ts";

/** Thirty rows of five features of very different sizes, three classes; the independent solution was fitted on the same. */
function small(): LabelledFeatures {
  const [n, size] = [30, 5];
  const features = Float32Array.from({ length: n * size }, (_, at) => {
    const [i, j] = [Math.floor(at / size), at % size];
    return Math.max(0, Math.sin(1 + i * 0.7 + j * 1.3) + 0.5 * Math.cos(i * j * 0.11)) * (1 + j);
  });
  return { features, labels: Int32Array.from({ length: n }, (_, i) => (i * i + Math.floor(i / 3)) % 3), size };
}

function random(n: number, size: number, classes: number, seed = 1): LabelledFeatures {
  const stream = randomStream(seed);
  const features = Float32Array.from({ length: n * size }, () => stream.normal());
  return { features, labels: Int32Array.from({ length: n }, () => stream.below(classes)), size };
}

function finished<Out>(run: Generator<unknown, Out>): Out {
  for (;;) {
    const next = run.next();
    if (next.done) return next.value;
  }
}

const only = (run: Generator<unknown, readonly HeadFit[]>): HeadFit => {
  const [fit] = finished(run);
  if (!fit) throw new Error("no fit");
  return fit;
};

describe("against an independent solution (scipy 1.10: trust-constr, then BFGS, to a gradient of 1e-9)", () => {
  test.each([
    {
      l2: 0.1,
      loss: 0.2980114664071634,
      weight: [
        [0.26477939, 0.72887148, -0.00492644, -0.30771232, -0.20669525],
        [0.89620021, -0.41997734, -0.28501406, 0.05464844, 0.27937287],
        [-1.16097961, -0.30889414, 0.2899405, 0.25306387, -0.07267762],
      ],
      bias: [0.26315856, -0.56707805, 0.30391949],
    },
    {
      l2: 0.001,
      loss: 0.06414704344256948,
      weight: [
        [0.39771945, 0.83047913, -0.58746513, -2.33487389, -0.97407983],
        [6.7700971, -1.36322725, -0.25191689, 1.23808786, 0.8315133],
        [-7.16781655, 0.53274812, 0.83938202, 1.09678603, 0.14256653],
      ],
      bias: [5.29530546, -5.79223107, 0.49692561],
    },
  ])("l2 = $l2", ({ l2, loss, weight, bias }) => {
    const fit = only(fitHeads(small(), small(), { classes: 3, l2: [l2], tolerance: 1e-10 }));
    expect(fit.trainLoss).toBeCloseTo(loss, 9);
    for (const [i, expected] of weight.flat().entries()) expect(fit.head.weight[i]).toBeCloseTo(expected, 6);
    for (const [k, expected] of bias.entries()) expect(fit.head.bias[k]).toBeCloseTo(expected, 6);
    expect(fit.converged).toBe(true);
  });
});

test.each([1, 4, 6])("the gradient is the finite difference, for %s classes past the first four rows", (extra) => {
  const classes = 1 + extra;
  const data = random(7, 3, classes);
  const coordinates = standardisation(data);
  const stream = randomStream(9);
  const point = Float64Array.from({ length: classes * 4 }, () => stream.normal());
  const { gradient } = penalisedLoss(data, coordinates, 0.3, point);
  for (const i of point.keys()) {
    const at = (step: number) => penalisedLoss(data, coordinates, 0.3, point.with(i, (point[i] ?? 0) + step)).value;
    expect(gradient[i]).toBeCloseTo((at(1e-6) - at(-1e-6)) / 2e-6, 7);
  }
});

test("loss, accuracy and gradient of one row by hand", () => {
  // Logits (2, 0): softmax is (s, 1 - s) with s = 1 / (1 + e^-2).
  const data = { features: Float32Array.of(2), labels: Int32Array.of(1), size: 1 };
  const s = 1 / (1 + Math.exp(-2));
  const { loss, correct, gradient } = softmaxRegression(data, {
    weight: Float64Array.of(1, 0),
    bias: new Float64Array(2),
  });
  expect(loss).toBeCloseTo(-Math.log(1 - s), 12);
  expect(correct).toBe(0);
  expect(gradient.bias[0]).toBeCloseTo(s, 12);
  expect(gradient.weight[1]).toBeCloseTo(-2 * s, 12);
});

test("the fit does not depend on the scale of a feature, only the head does", () => {
  const data = random(60, 4, 3);
  const scaled = { ...data, features: data.features.map((value, i) => (i % 4 === 2 ? value * 1024 : value)) };
  const fit = only(fitHeads(data, data, { classes: 3, l2: [0.01], tolerance: 1e-9 }));
  const same = only(fitHeads(scaled, scaled, { classes: 3, l2: [0.01], tolerance: 1e-9 }));
  expect(same.trainLoss).toBeCloseTo(fit.trainLoss, 10);
  expect((same.head.weight[2] ?? 0) * 1024).toBeCloseTo(fit.head.weight[2] ?? 0, 6);
});

test("dead features get weight 0, and features that are all dead leave the classes' frequencies", () => {
  const features = Float32Array.from({ length: 12 * 2 }, (_, i) => (i % 2 ? 7 : 0));
  const data = { features, labels: Int32Array.of(0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2), size: 2 };
  const fit = only(fitHeads(data, data, { classes: 3, l2: [0.1], tolerance: 1e-9 }));
  expect([...fit.head.weight]).toEqual([0, 0, 0, 0, 0, 0]);
  expect(fit.trainLoss).toBeCloseTo(0.5 * Math.log(2) + 0.5 * Math.log(4), 8);
});

test("a feature that hardly varies is not blown up: its deviation counts as a hundredth of the median one", () => {
  // Deviations 2, 2, 2 and 2 / 10,000, without a mean.
  const features = Float32Array.from({ length: 4 * 4 }, (_, i) => (i < 8 ? 2 : -2) * (i % 4 === 3 ? 1e-4 : 1));
  const { scale } = standardisation({ features, labels: Int32Array.of(0, 0, 1, 1), size: 4 });
  for (const [j, value] of [1 / 2, 1 / 2, 1 / 2, 1 / 0.02].entries()) expect(scale[j]).toBeCloseTo(value, 6);
});

test("stronger penalties fit the training data less, and validation chooses among them", () => {
  const [train, validation] = [random(40, 12, 3), random(200, 12, 3, 2)];
  const fits = finished(fitHeads(train, validation, { classes: 3, l2: [1e-4, 1, 1e-2] }));
  expect(fits.map(({ l2 }) => l2)).toEqual([1, 1e-2, 1e-4]);
  expect(fits[0]?.trainLoss).toBeGreaterThan(fits[1]?.trainLoss ?? 0);
  expect(fits[1]?.trainLoss).toBeGreaterThan(fits[2]?.trainLoss ?? 0);
  // The labels are pure noise, so the strongest penalty is right.
  expect(bestFit(fits).l2).toBe(1);
});

test("without a penalty separable data have no minimum: the fit says so and its loss is near 0", () => {
  const data = { features: Float32Array.of(-1, -2, 1, 2), labels: Int32Array.of(0, 0, 1, 1), size: 1 };
  const fit = only(fitHeads(data, data, { classes: 2, l2: [0], tolerance: 1e-15, maxIterations: 20 }));
  expect(fit.converged).toBe(false);
  expect(fit.trainLoss).toBeLessThan(1e-3);
});

test("standardised features have mean 0 and deviation 1, and a head says the same on raw ones", () => {
  const data = small();
  const { mean, scale } = standardisation(data);
  for (let j = 0; j < 5; j++) {
    const column = Array.from(
      { length: 30 },
      (_, i) => ((data.features[i * 5 + j] ?? 0) - (mean[j] ?? 0)) * (scale[j] ?? 0),
    );
    expect(column.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 9);
    expect(column.reduce((sum, value) => sum + value * value, 0) / 30).toBeCloseTo(1, 9);
  }
  const head = { weight: Float64Array.of(1, 2, 3, 4, 5), bias: Float64Array.of(6) };
  const raw = onRawFeatures(head, { mean, scale });
  const x = data.features.subarray(10, 15);
  const logit = (w: Float64Array, b: number, value: (j: number) => number) =>
    w.reduce((sum, weight, j) => sum + weight * value(j), b);
  expect(logit(raw.weight, raw.bias[0] ?? 0, (j) => x[j] ?? 0)).toBeCloseTo(
    logit(head.weight, 6, (j) => ((x[j] ?? 0) - (mean[j] ?? 0)) * (scale[j] ?? 0)),
    9,
  );
});

test("L-BFGS finds the minimum of an ill-conditioned quadratic", () => {
  const curvature = Float64Array.from({ length: 20 }, (_, i) => 10 ** (i / 8));
  const quadratic = (x: Float64Array) => ({
    value: x.reduce((sum, value, i) => sum + 0.5 * (curvature[i] ?? 0) * (value - i) ** 2, 0),
    gradient: x.map((value, i) => (curvature[i] ?? 0) * (value - i)),
  });
  const { point, converged, iterations } = finished(lbfgs(quadratic, new Float64Array(20), { tolerance: 1e-8 }));
  expect(converged).toBe(true);
  expect(iterations).toBeLessThan(300);
  for (const [i, value] of point.entries()) expect(value).toBeCloseTo(i, 6);
});

test("mistakes of the user are told before anything runs", () => {
  const data = random(5, 2, 3);
  expect(() => [...fitHeads(data, data, { classes: 3, l2: [] })]).toThrow(InputError);
  expect(() => [...fitHeads(data, data, { classes: 3, l2: [-1] })]).toThrow("each at least 0, got -1");
  expect(() => [...fitHeads(data, data, { classes: 2, l2: [1] })]).toThrow("labels: expected classes 0 to 1, got 2");
  const broken = { ...data, features: data.features.with(3, Number.NaN) };
  expect(() => [...fitHeads(broken, data, { classes: 3, l2: [1] })]).toThrow("feature 1 of row 1 is not finite");
});
