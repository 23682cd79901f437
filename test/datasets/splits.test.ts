import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitTrainValidation, stratifiedOrder, testSubset } from "../../src/datasets/index.ts";

const countOf = (labels: Int32Array, indices: Uint32Array, label: number) =>
  indices.filter((i) => labels[i] === label).length;

const labelsOf = fc
  .array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 60 })
  .map((l) => Int32Array.from(l));
const seeds = fc.integer({ min: 0, max: 1e9 });

/** 10 classes of 20, mixed. */
const balanced = Int32Array.from({ length: 200 }, (_, i) => (i * 7) % 10);

describe("splitTrainValidation", () => {
  test("train and validation are disjoint, of the sizes asked, ascending and in range", () => {
    fc.assert(
      fc.property(labelsOf, seeds, fc.nat(), fc.nat(), (labels, seed, a, b) => {
        const n = labels.length;
        const validation = a % n;
        const train = 1 + (b % (n - validation));
        const split = splitTrainValidation(labels, { train, validation, seed });
        const all = [...split.train, ...split.validation];
        expect([split.train.length, split.validation.length]).toEqual([train, validation]);
        expect(new Set(all).size).toBe(train + validation);
        expect(all.every((i) => i < n)).toBe(true);
        expect([...split.train]).toEqual([...split.train].sort((x, y) => x - y));
      }),
    );
  });

  test("train null takes all that validation leaves", () => {
    const { train, validation } = splitTrainValidation(balanced, { train: null, validation: 30, seed: 1 });
    expect(new Set([...train, ...validation]).size).toBe(200);
  });

  test("of equally large classes both parts hold equally many", () => {
    const { train, validation } = splitTrainValidation(balanced, { train: 100, validation: 50, seed: 4 });
    for (let label = 0; label < 10; label++) {
      expect(countOf(balanced, train, label)).toBe(10);
      expect(countOf(balanced, validation, label)).toBe(5);
    }
  });

  test("of classes of 90 and 10, a tenth of the file holds 9 and 1", () => {
    const labels = Int32Array.from({ length: 100 }, (_, i) => (i % 10 === 3 ? 1 : 0));
    const { train } = splitTrainValidation(labels, { train: 10, validation: 0, seed: 5 });
    expect([countOf(labels, train, 0), countOf(labels, train, 1)]).toEqual([9, 1]);
  });

  test("a smaller train set is a subset of a larger one", () => {
    const at = (train: number) => splitTrainValidation(balanced, { train, validation: 40, seed: 9 });
    const large = new Set(at(120).train);
    expect([...at(33).train].every((i) => large.has(i))).toBe(true);
    expect(at(33).validation).toEqual(at(120).validation);
  });

  test("the seed decides", () => {
    const at = (seed: number) => [...splitTrainValidation(balanced, { train: 50, validation: 50, seed }).train];
    expect(at(3)).toEqual(at(3));
    expect(at(3)).not.toEqual(at(4));
  });

  test("too many asked is told with the numbers", () => {
    expect(() => splitTrainValidation(balanced, { train: 180, validation: 21, seed: 0 })).toThrow(
      "split: expected train + validation of at most 200 examples, got 180 + 21",
    );
    expect(() => splitTrainValidation(balanced, { train: null, validation: 200, seed: 0 })).toThrow("at least 1 + 200");
    expect(() => splitTrainValidation(balanced, { train: -5, validation: 1, seed: 0 })).toThrow(
      "split: train: expected a whole number of at least 0, got -5",
    );
    expect(() => splitTrainValidation(balanced, { train: 5, validation: 1.5, seed: 0 })).toThrow("validation");
  });
});

describe("testSubset", () => {
  test("null takes every example in order", () => {
    expect([...testSubset(Int32Array.of(1, 1, 0), { test: null, seed: 0 })]).toEqual([0, 1, 2]);
  });

  test("is drawn by seed, without repeats, and not as the train subsets are", () => {
    const at = (seed: number) => [...testSubset(balanced, { test: 60, seed })];
    expect(new Set(at(1)).size).toBe(60);
    expect(at(1)).toEqual(at(1));
    expect(at(1)).not.toEqual(at(2));
    expect(at(1)).not.toEqual([...splitTrainValidation(balanced, { train: 60, validation: 0, seed: 1 }).train]);
  });

  test("too many asked is told with the numbers", () => {
    expect(() => testSubset(balanced, { test: 201, seed: 0 })).toThrow(
      "split: expected test of at most 200 examples, got 201",
    );
  });
});

test("every beginning of a stratified order of equally large classes holds equally many of each, within one", () => {
  const order = stratifiedOrder(balanced, 12);
  expect(new Set(order).size).toBe(200);
  for (let length = 1; length <= 200; length++) {
    const counts = Array.from({ length: 10 }, (_, label) => countOf(balanced, order.subarray(0, length), label));
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  }
});
