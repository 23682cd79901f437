import { expect, test } from "vitest";
import { offsetsInBall } from "../../src/attacks/index.ts";
import { randomStream } from "../../src/base/index.ts";

test("starts in the l2 ball are uniform in its volume: in 2-d, P(radius < r) = r^2", () => {
  const n = 20_000;
  const offsets = offsetsInBall({ norm: "l2", eps: 2 }, n, 2, randomStream(1));
  const radii = Array.from({ length: n }, (_, i) => Math.hypot(offsets[2 * i] ?? 0, offsets[2 * i + 1] ?? 0) / 2);
  expect(Math.max(...radii)).toBeLessThanOrEqual(1 + 1e-6);
  for (const r of [0.3, 0.5, 0.8])
    expect(Math.abs(radii.filter((radius) => radius < r).length / n - r * r)).toBeLessThan(0.015);
});

test("starts in the linf ball are uniform in the cube", () => {
  const offsets = offsetsInBall({ norm: "linf", eps: 0.1 }, 1, 20_000, randomStream(2));
  expect(offsets.every((value) => Math.abs(value) <= 0.1)).toBe(true);
  expect(offsets.filter((value) => value < -0.05).length / 20_000).toBeCloseTo(0.25, 1);
});

test("eps 0 starts at the image", () => {
  expect(offsetsInBall({ norm: "l2", eps: 0 }, 1, 5, randomStream(3)).every((value) => value === 0)).toBe(true);
});
