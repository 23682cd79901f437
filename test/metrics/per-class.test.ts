import { expect, test } from "vitest";
import { meanPerClass, meanPerClassInterval } from "../../src/metrics/index.ts";

test("by hand: two of three right in one class and none of one in another is a third", () => {
  const found = meanPerClass(Uint8Array.of(1, 1, 0, 0), Int32Array.of(0, 0, 0, 5));
  expect(found.value).toBeCloseTo(1 / 3, 15);
  expect([found.n, found.classes]).toEqual([4, 2]);
});

test("classes of one size: it is the accuracy", () => {
  const correct = Uint8Array.from({ length: 30 }, (_, i) => Number(i % 7 === 0));
  const labels = Int32Array.from({ length: 30 }, (_, i) => i % 3);
  expect(meanPerClass(correct, labels).value).toBeCloseTo(correct.reduce((a, b) => a + b) / 30, 15);
});

test("the interval is that of the normal approximation where classes are large, a point where nothing varies", () => {
  // Three classes of 200, a quarter, a half and three quarters right.
  const labels = Int32Array.from({ length: 600 }, (_, i) => i % 3);
  const correct = Uint8Array.from({ length: 600 }, (_, i) => Number(Math.floor(i / 3) % 4 <= i % 3));
  const { low, high } = meanPerClassInterval(correct, labels, { seed: 1, resamples: 4000 });
  const variance = (0.25 * 0.75 + 0.5 * 0.5 + 0.75 * 0.25) / 200 / 9;
  expect((low + high) / 2).toBeCloseTo(0.5, 2);
  expect((high - low) / (2 * 1.96 * Math.sqrt(variance))).toBeCloseTo(1, 1);
  expect(meanPerClassInterval(Uint8Array.of(1, 1), Int32Array.of(0, 1), { seed: 1 })).toEqual({ low: 1, high: 1 });
});
