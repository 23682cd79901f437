import { describe, expect, it } from "vitest";
import { symmetricEigen } from "../../../src/base/index.ts";
import {
  featureMargin,
  hScore,
  largestSingularValue,
  leep,
  logMe,
  negativeConditionalEntropy,
  transferMeasure,
} from "../../../src/metrics/predictors/index.ts";

// The data of golden.py, beside this file, which printed the expected numbers.
const [n, size, classes, sourceClasses] = [30, 5, 3, 4];
const features = Float32Array.from({ length: n * size }, (_, k) => Math.sin(1 + 0.37 * k ** 2));
const labels = Int32Array.from({ length: n }, (_, i) => (i * 7 + Math.floor(i / 4)) % classes);
const data = { features, labels, size };
const head = {
  weight: Float64Array.from({ length: classes * size }, (_, k) => Math.sin(k * 2.3 + 1)),
  bias: Float64Array.of(0.1, -0.2, 0.05),
};
const logits = Array.from({ length: n * sourceClasses }, (_, k) => Math.exp(2 * Math.cos(3 + k * 1.7)));
const probabilities = Float64Array.from(logits, (value, k) => {
  const row = k - (k % sourceClasses);
  return value / logits.slice(row, row + sourceClasses).reduce((sum, each) => sum + each, 0);
});
const beliefs = { probabilities, classes: sourceClasses, labels, targetClasses: classes };

describe("predictors equal other people's routes (golden.py: dense evidence, pseudo-inverses, SVD, SLSQP)", () => {
  it("H-score", () => expect(hScore(data, classes)).toBeCloseTo(0.3895707817186589, 9));
  it("LogME", () => expect(logMe(data, classes)).toBeCloseTo(-0.8603572131474087, 7));
  it("LEEP", () => expect(leep(beliefs)).toBeCloseTo(-1.0071039665574877, 12));
  it("NCE", () => expect(negativeConditionalEntropy(beliefs)).toBeCloseTo(-0.840199001312458, 12));
  it("margin", () => expect(featureMargin(data, head)).toBeCloseTo(-0.15371605316337406, 9));
  it("largest singular value", () => {
    const a = Float32Array.from({ length: 66 }, (_, k) => Math.sin(1 + 0.37 * k ** 2));
    expect(largestSingularValue(a, 6, 1)).toBeCloseTo(3.1573741643571007, 4);
  });
  it("transfer measure: ascent comes within 2 % of the constrained optimum, and never above it", () => {
    const target = {
      features: features.map((value) => value * 0.5 + 0.2),
      labels: labels.map((y) => (y + 1) % classes),
      size,
    };
    const found = transferMeasure(data, target, head, 0.7, { share: 0.1, steps: 12 });
    expect(found).toBeLessThanOrEqual(0.5678024812658518 + 1e-6);
    expect(found).toBeGreaterThan(0.98 * 0.5678024812658518);
    expect(transferMeasure(data, target, head, 0.7, { share: 0 })).toBeCloseTo(1.14801223813863 - 0.7, 6);
  });
});

describe("what predictors do not depend on, and where they end", () => {
  it("features that are always 0 change neither H-score nor LogME, also when there are more features than images", () => {
    const wide = 45;
    const padded = Float32Array.from({ length: n * wide }, (_, k) =>
      k % wide < size ? (features[Math.floor(k / wide) * size + (k % wide)] ?? 0) : 0,
    );
    const more = { features: padded, labels, size: wide };
    expect(hScore(more, classes)).toBeCloseTo(hScore(data, classes), 9);
    expect(logMe(more, classes)).toBeCloseTo(logMe(data, classes), 7);
  });
  it("LogME does not know of classes that have no example", () =>
    expect(logMe(data, classes + 2)).toBeCloseTo(logMe(data, classes), 12));
  it("a transfer measure of a head with more numbers than a call takes arguments", () => {
    const many = 100_000;
    const one = { features: Float32Array.of(1, -1), labels: Int32Array.of(0, 1), size: 1 };
    const zero = { weight: new Float64Array(many), bias: new Float64Array(many) };
    // The zero head on both domains, with a target optimum of 0: ln 100,000 of excess loss, and a ball of radius 0.
    expect(transferMeasure(one, one, zero, 0)).toBeCloseTo(Math.log(many), 9);
  });
  it("LogME of a dead model, whose features are all 0, is the evidence of noise alone", () => {
    const dead = { features: new Float32Array(4 * 3), labels: Int32Array.of(0, 1, 0, 1), size: 3 };
    // y is N(0, 1 / beta) with beta = n / y'y = 2: (n / 2) ln beta - (n / 2) ln 2 pi - n / 2, over n = 4.
    expect(logMe(dead, 2)).toBeCloseTo(Math.log(2) / 2 - Math.log(2 * Math.PI) / 2 - 0.5, 9);
  });
  it("H-score and margin do not change when features are scaled, or mixed by an invertible map (H-score)", () => {
    const scaled = { ...data, features: features.map((value) => 1000 * value) };
    expect(hScore(scaled, classes)).toBeCloseTo(hScore(data, classes), 5);
    const shrunk = { weight: head.weight.map((w) => w / 1000), bias: head.bias };
    expect(featureMargin(scaled, shrunk)).toBeCloseTo(featureMargin(data, head), 5);
    const mixed = features.map((value, k) => value + (k % size > 0 ? 0.5 * (features[k - 1] ?? 0) : 0));
    expect(hScore({ ...data, features: mixed }, classes)).toBeCloseTo(hScore(data, classes), 5);
  });
  it("LEEP and NCE are 0 when the source's classes are the target's", () => {
    const sure = {
      probabilities: Float64Array.from({ length: n * classes }, (_, k) =>
        labels[Math.floor(k / classes)] === k % classes ? 1 : 0,
      ),
      classes,
      labels,
      targetClasses: classes,
    };
    expect(leep(sure)).toBeCloseTo(0, 12);
    expect(negativeConditionalEntropy(sure)).toBeCloseTo(0, 12);
  });
  it("LEEP and NCE are minus the labels' entropy when the source says the same of all", () => {
    const mute = { ...beliefs, probabilities: probabilities.map((_, k) => (k % sourceClasses === 1 ? 0.7 : 0.1)) };
    const shares = [0, 1, 2].map((c) => labels.filter((y) => y === c).length / n);
    const entropy = shares.reduce((sum, share) => sum - share * Math.log(share), 0);
    expect(leep(mute)).toBeCloseTo(-entropy, 12);
    expect(negativeConditionalEntropy(mute)).toBeCloseTo(-entropy, 12);
  });
  it("H-score is classes - 1 when features are the labels' indicators", () => {
    const indicators = Float32Array.from({ length: n * classes }, (_, k) =>
      labels[Math.floor(k / classes)] === k % classes ? 1 : 0,
    );
    expect(hScore({ features: indicators, labels, size: classes }, classes)).toBeCloseTo(classes - 1, 6);
  });
});

describe("symmetricEigen", () => {
  it("decomposes: A v = lambda v, rows orthonormal, values ascending, trace kept", () => {
    const m = 12;
    const a = new Float64Array(m * m);
    for (let i = 0; i < m; i++)
      for (let j = 0; j <= i; j++) a[i * m + j] = a[j * m + i] = Math.sin(1 + i * 3.1 + j * j);
    const { values, vectors } = symmetricEigen(a, m);
    const dot = (x: Float64Array, y: Float64Array) => x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
    const row = (x: Float64Array, i: number) => x.subarray(i * m, (i + 1) * m);
    for (let k = 0; k < m; k++) {
      for (let i = 0; i < m; i++)
        expect(dot(row(a, i), row(vectors, k))).toBeCloseTo((values[k] ?? 0) * (row(vectors, k)[i] ?? 0), 10);
      for (let l = 0; l < m; l++) expect(dot(row(vectors, k), row(vectors, l))).toBeCloseTo(k === l ? 1 : 0, 10);
      if (k > 0) expect(values[k]).toBeGreaterThanOrEqual(values[k - 1] ?? 0);
    }
  });
});
