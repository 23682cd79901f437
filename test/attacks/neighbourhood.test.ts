import { describe, expect, test } from "vitest";
import { MeasuredSearch } from "../../src/attacks/measured-search.ts";
import { climbed, distance, isInBox, largestOf, projectOnto, randomStart } from "../../src/attacks/neighbourhood.ts";
import type { Query } from "../../src/attacks/search.ts";
import { randomStream } from "../../src/base/index.ts";

const of = (...values: readonly number[]) => Float32Array.from(values);
const close = (found: Float32Array, expected: readonly number[]) => {
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 6);
};

describe("the ball around an image, by hand", () => {
  test("distances", () => {
    expect(distance("l2", of(0, 0), of(3, -4))).toBe(5);
    expect(distance("linf", of(0, 0), of(3, -4))).toBe(4);
    expect(distance("linf", of(1, 1), of(1, Number.NaN))).toBeNaN();
  });

  test("projections: inside stays, outside comes to the edge, and the box clips", () => {
    close(projectOnto({ norm: "l2", eps: 1 }, of(0.5, 0.5), of(0.6, 0.7)), [0.6, 0.7]);
    close(projectOnto({ norm: "l2", eps: 0.1 }, of(0.5, 0.5), of(0.8, 0.9)), [0.56, 0.58]);
    close(projectOnto({ norm: "l2", eps: 0 }, of(0.5, 0.5), of(0.5, 0.5)), [0.5, 0.5]);
    close(projectOnto({ norm: "linf", eps: 0.1 }, of(0.5, 0.5), of(0.8, 0.45)), [0.6, 0.45]);
    close(projectOnto({ norm: "linf", eps: 0.1 }, of(0.5, 0.5), of(0.2, 0.5)), [0.4, 0.5]);
    close(projectOnto({ norm: "l2", eps: 5 }, of(0.9, 0.1), of(1.2, -0.3)), [1, 0]);
    close(projectOnto({ norm: "linf", eps: 5 }, of(0.9, 0.1), of(1.2, -0.3)), [1, 0]);
  });

  test("a step climbs by its length; a gradient that is zero or not finite moves nothing", () => {
    close(climbed({ norm: "l2" }, of(0, 0), of(3, -4), 10), [6, -8]);
    close(climbed({ norm: "l2" }, of(0, 0), of(3e-30, -4e-30), 10), [6, -8]);
    close(climbed({ norm: "linf" }, of(0, 0, 0), of(3, -4, 0), 10), [10, -10, 0]);
    for (const bad of [of(0, 0), of(1, Number.NaN), of(Number.POSITIVE_INFINITY, 1)])
      close(climbed({ norm: "linf" }, of(0.25, 0.5), bad, 10), [0.25, 0.5]);
  });

  test("largest values and the box", () => {
    expect(largestOf(of(1, -3, 2))).toBe(3);
    expect(largestOf(of())).toBe(0);
    expect(largestOf(of(1, Number.NaN, 2))).toBeNaN();
    expect([of(0, 1), of(-0.001, 0.5), of(0.5, 1.001), of(0.5, Number.NaN)].map(isInBox)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  test("random starts lie in ball and box, and reach out of the middle", () => {
    const stream = randomStream(3);
    let farthest = 0;
    for (let i = 0; i < 50; i++) {
      const start = randomStart({ norm: "l2", eps: 0.3 }, of(0.1, 0.9, 0.5), stream);
      expect(isInBox(start)).toBe(true);
      farthest = Math.max(farthest, distance("l2", of(0.1, 0.9, 0.5), start));
    }
    expect(farthest).toBeLessThanOrEqual(0.3 + 1e-6);
    expect(farthest).toBeGreaterThan(0.25);
  });
});

describe("what is measured on an example", () => {
  /** Logits of two classes whose cross-entropy for class 0 is log(1 + e^gap). */
  const gap = (by: number) => of(0, by);
  const loss = (by: number) => Math.log1p(Math.exp(by));
  const image = of(0.5, 0.5);
  const begin = (...queries: readonly Query[]) =>
    new MeasuredSearch(7, image, 0, [1, 1, 2], { norm: "l2", eps: 0.1 }, function* () {
      for (const query of queries) yield query;
    });
  const forward = (logits: Float32Array) => ({ logits, gradient: of() });

  test("an example that is wrong at once is finished with its clean image", () => {
    const run = begin({ image });
    expect(run.hear(forward(gap(2)))).toBe(true);
    expect(run.verdict()).toMatchObject({ index: 7, label: 0, clean: false, robust: false, brokenAt: 0, answers: 0 });
    expect(run.verdict().cleanLoss).toBeCloseTo(loss(2), 12);
    expect(run.verdict().worstLoss).toBeCloseTo(loss(2), 12);
  });

  test("points outside the ball or the box break nothing and raise no loss; the first wrong one inside breaks", () => {
    const run = begin(
      { image: of(0.5, 0.59), loss: "log-odds" },
      { image: of(0.5, 0.7), loss: "log-odds" },
      { image: of(0.5, 0.4) },
      { image: of(0.45, 0.5) },
      { image },
    );
    expect(run.hear(forward(gap(-3)))).toBe(false);
    expect(run.hear({ logits: gap(-2), gradient: of(0, 0) })).toBe(false);
    expect(run.hear({ logits: gap(5), gradient: of(1, Number.NaN) })).toBe(false);
    // At eps itself, within float32's rounding.
    expect(run.hear(forward(gap(-1)))).toBe(false);
    expect(run.hear(forward(gap(1)))).toBe(true);
    const verdict = run.verdict();
    expect(verdict).toMatchObject({ clean: true, robust: false, brokenAt: 4, answers: 4, gradients: 2 });
    expect(verdict).toMatchObject({ zeroGradients: 1, nonFinite: 1, outside: 1 });
    expect(verdict.cleanLoss).toBeCloseTo(loss(-3), 12);
    expect(verdict.worstLoss).toBeCloseTo(loss(1), 12);
    expect(verdict.farthest).toBeCloseTo(0.2, 6);
    expect(verdict.adversarial).toEqual(of(0.45, 0.5));
  });

  test("one whose search ends unbroken is robust, with the largest loss inside", () => {
    const run = begin({ image: of(0.5, 0.55) }, { image: of(0.5, 0.45) });
    run.hear(forward(gap(-3)));
    expect(run.hear(forward(gap(-1)))).toBe(false);
    expect(run.hear(forward(gap(-2)))).toBe(true);
    expect(run.verdict()).toMatchObject({ clean: true, robust: true, brokenAt: 0, answers: 2, outside: 0 });
    expect(run.verdict().worstLoss).toBeCloseTo(loss(-1), 12);
    expect(run.verdict().adversarial).toBeUndefined();
  });
});
