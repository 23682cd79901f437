import { describe, expect, it } from "vitest";
import { bestHead, type FamilyMember, headNorm, rademacherEstimate, theoryBound } from "../../src/theory/index.ts";
import { type LabelledFeatures, softmaxRegression, standardisation } from "../../src/transfer/index.ts";

const column = (values: readonly number[], labels: readonly number[]): LabelledFeatures => ({
  features: Float32Array.from(values),
  labels: Int32Array.from(labels),
  size: 1,
});
const separable = column([1, -1, 1, -1], [1, 0, 1, 0]);
const noise = column([1, 1, -1, -1], [0, 1, 0, 1]);
const solve = (data: LabelledFeatures, radius: number, gap = 1e-6) =>
  bestHead(data, standardisation(data), { classes: 2, radius, gap });

describe("bestHead, where the optimum is known", () => {
  // Standardised x is +-1. The best direction is W = (-a, a), b = 0, with a = radius / sqrt 2: logits differ by 2 a.
  it.each([0.5, 1, 4])("separable data in a ball of %d: ln(1 + exp(-sqrt 2 radius))", (radius) => {
    const exact = Math.log1p(Math.exp(-Math.SQRT2 * radius));
    const { loss, gap, norm } = solve(separable, radius);
    expect(gap).toBeLessThanOrEqual(1e-6);
    expect(loss).toBeGreaterThanOrEqual(exact - 1e-12);
    expect(loss - gap).toBeLessThanOrEqual(exact + 1e-12);
    expect(norm).toBeLessThanOrEqual(radius);
  });
  it("labels that x says nothing of: ln 2, by the zero head", () => {
    expect(solve(noise, 3)).toMatchObject({ loss: Math.LN2, gap: 0 });
  });
  it("an optimum inside the ball: the logistic of three to one, entropy of (3/4, 1/4)", () => {
    const data = column([1, 1, 1, 1, -1, -1, -1, -1], [1, 1, 1, 0, 0, 0, 0, 1]);
    const entropy = -(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25));
    const { loss, gap, norm } = solve(data, 10);
    expect(Math.abs(loss - entropy)).toBeLessThan(1e-6);
    expect(gap).toBeLessThanOrEqual(1e-6);
    // 2 a = ln 3 in W = (-a, a).
    expect(norm).toBeCloseTo(Math.log(3) / Math.SQRT2, 2);
  });
  it("the gap is a proof: no head of the ball that is tried is better than loss - gap", () => {
    const { loss, gap } = solve(separable, 1, 0.05);
    for (let i = 0; i < 200; i++) {
      const [angle, other] = [i * 0.7, i * 1.3];
      const weight = Float64Array.of(Math.cos(angle) * Math.cos(other), Math.sin(angle) * Math.cos(other));
      const bias = Float64Array.of(Math.sin(other), 0);
      expect(softmaxRegression(separable, { weight, bias }).loss).toBeGreaterThanOrEqual(loss - gap);
    }
  });
  it("headNorm is the head's length in standardised coordinates", () => {
    const data = column([12, 8, 12, 8], [1, 0, 1, 0]); // mean 10, deviation 2
    const head = { weight: Float64Array.of(-0.5, 0.5), bias: Float64Array.of(5, -5) }; // (-1, 1) x~, bias 0
    expect(headNorm(head, standardisation(data))).toBeCloseTo(Math.SQRT2, 12);
  });
});

describe("theoryBound", () => {
  const head = { weight: Float64Array.of(-0.5, 0.5), bias: Float64Array.of(0, 0) };
  const members: FamilyMember[] = [
    { id: "transfers", source: separable, target: separable, head },
    { id: "does not", source: separable, target: noise, head },
    { id: "half", source: separable, target: column([1, 1, -1, -1, 1, -1], [1, 0, 0, 0, 1, 0]), head },
  ];
  const bound = (family: readonly FamilyMember[]) => {
    const run = theoryBound(family, { classes: { source: 2, target: 2 }, gap: 1e-7 });
    let next = run.next();
    while (!next.done) next = run.next();
    return next.value;
  };
  // The head's length is sqrt(1/2), so G has logits that differ by at most 2 a = 1; so has the head: loss ln(1 + 1/e).
  const own = Math.log1p(Math.exp(-1));

  it("has tau, d and slack as worked by hand", () => {
    const { points, d, maximiser, radius } = bound(members);
    expect(radius).toBeCloseTo(Math.SQRT1_2, 12);
    expect(points[0]?.tau).toBeCloseTo(0, 6);
    expect(points[1]?.tau).toBeCloseTo(Math.LN2 - own, 6);
    expect(d).toBeCloseTo(Math.LN2 - own, 6);
    expect(maximiser).toBe("does not");
    expect(points[1]?.slack).toBeCloseTo(0, 6);
    expect(points[0]?.slack).toBeCloseTo(d, 6);
    for (const { holds, tau, slack } of points) {
      expect(holds).toBe(true);
      expect(tau + slack).toBeCloseTo(d, 12);
    }
  });
  it("d does not grow when the family shrinks", () => {
    const whole = bound(members).d;
    for (const subset of [[0], [1], [2], [0, 2], [1, 2]])
      expect(bound(subset.map((i) => members[i] as FamilyMember)).d).toBeLessThanOrEqual(whole + 1e-7);
  });
  it("a target of more classes than the source: each side has heads of its own, and the bound holds", () => {
    // Every class of four on both points, so that a head knows nothing: ln 4 by the zero head; the source as before, with
    // heads of two outputs: four would give its own head's loss a rival that it cannot be, and a lower infimum.
    const four = column([1, 1, 1, 1, -1, -1, -1, -1], [0, 1, 2, 3, 0, 1, 2, 3]);
    const run = theoryBound([{ id: "more", source: separable, target: four, head }], {
      classes: { source: 2, target: 4 },
      gap: 1e-7,
    });
    let next = run.next();
    while (!next.done) next = run.next();
    const [point] = next.value.points;
    expect(point?.sourceLoss).toBeCloseTo(own, 12);
    expect(point?.bestSource.loss).toBeCloseTo(own, 6);
    expect(point?.bestTarget.loss).toBeCloseTo(Math.log(4), 9);
    expect(point?.holds).toBe(true);
    const { source, target } = next.value.sample;
    expect(target.lossRange - source.lossRange).toBeCloseTo(Math.LN2, 9);
  });
  it("refuses an empty family in one sentence", () => expect(() => bound([])).toThrow("expected at least one"));
});

describe("rademacherEstimate", () => {
  it("comes to the mean over all signs", () => {
    const data = column([1, -1], [0, 1]);
    const coordinates = standardisation(data);
    // x~ = (x, 1): rows (1, 1), (-1, 1). For signs s1, s2 of one class: (s1 - s2)^2 + (s1 + s2)^2 = 4, whatever they are;
    // two classes make sqrt 8, and the bound is 2 * radius / n * sqrt 8.
    const found = rademacherEstimate([{ data, coordinates }], { classes: 2, radius: 3, seed: 1, failure: 0.01 });
    expect(found.value).toBeCloseTo(2 * (3 / 2) * Math.sqrt(8), 9);
    expect(found.standardError).toBeCloseTo(0, 9);
    expect(found.lossRange).toBeCloseTo(Math.LN2 + Math.SQRT2 * 3 * Math.SQRT2, 9);
    // Each of 4 signs moves a draw by at most 4 * 3 * sqrt 2 / 2; ten draws: sqrt(4 * 72 * ln 100 / 20).
    expect(found.monteCarlo).toBeCloseTo(Math.sqrt((4 * 72 * Math.log(100)) / 20), 9);
  });
});

it("heads of more numbers than a call takes arguments", () => {
  const classes = 100_000;
  const coordinates = standardisation(separable);
  // In a ball of radius 0 there is the zero head alone.
  expect(bestHead(separable, coordinates, { classes, radius: 0 }).loss).toBeCloseTo(Math.log(classes), 9);
  const found = rademacherEstimate([{ data: separable, coordinates }], { classes, radius: 1, seed: 1, failure: 0.01 });
  // Rows (x~, 1) of squared length 2, four of them; signs of 100,000 classes make their products' squares 2 n each, nearly.
  expect(found.value).toBeCloseTo((2 / 4) * Math.sqrt(classes * 8), -1);
});
