import { expect, test } from "vitest";
import { normalCdf, randomStream } from "../../src/base/index.ts";
import { rankCandidates } from "../../src/metrics/index.ts";

const flags = (n: number, of: (i: number) => boolean) => Uint8Array.from({ length: n }, (_, i) => Number(of(i)));

test("the more accurate stands first; one that is right wherever another is, and more often, is surely better", () => {
  const [all, half, same] = [flags(100, () => true), flags(100, (i) => i % 2 === 0), flags(100, (i) => i % 2 === 0)];
  const { order, better } = rankCandidates([half, all, same], { seed: 1, resamples: 500 });
  expect(order.map(({ candidate }) => candidate)).toEqual([1, 0, 2]);
  expect(order.map(({ best }) => best)).toEqual([1, 0, 0]);
  // Wilson's interval of 100 right of 100: n / (n + z^2) = 100 / 103.841.
  expect(order[0]?.interval.low).toBeCloseTo(0.963, 3);
  expect(order[0]?.interval.high).toBe(1);
  expect(better[1]?.[0]).toBe(1);
  // Equal on every example, and so in every resample: a paired comparison is undecided, and neither is preferred.
  expect([better[0]?.[2], better[2]?.[0]]).toEqual([0.5, 0.5]);
});

test("two that differ on few examples: the probability is that of the normal approximation to the paired difference", () => {
  const n = 400;
  const stream = randomStream(3);
  const shared = Array.from({ length: n }, () => stream.uniform() < 0.7);
  // Of 400, one gains 24 examples and the other 12.
  const a = flags(n, (i) => (i < 24 ? true : i < 36 ? false : (shared[i] ?? false)));
  const b = flags(n, (i) => (i < 24 ? false : i < 36 ? true : (shared[i] ?? false)));
  const mean = 12 / n;
  const deviation = Math.sqrt((36 / n - mean ** 2) / n);
  const { better, order } = rankCandidates([a, b], { seed: 5, resamples: 4000 });
  expect(better[0]?.[1]).toBeCloseTo(normalCdf(mean / deviation), 1);
  expect(order[0]?.best).toBeCloseTo(better[0]?.[1] ?? 0, 1);
  expect((better[0]?.[1] ?? 0) + (better[1]?.[0] ?? 0)).toBeCloseTo(1, 12);
  expect(order[0]?.accuracy).toEqual({ value: a.reduce((sum, v) => sum + v, 0) / n, n });
});
