import { expect, test } from "vitest";
import { project, steepest } from "../../src/attacks/ball.ts";
import { offsetsInBall } from "../../src/attacks/index.ts";
import { float32, randomStream, type Tensor } from "../../src/base/index.ts";
import { compile, type Traced } from "../../src/engine/index.ts";

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

/** Rows of three pixels through a function of batches of images [2, 1, 1, 3]. */
async function onImages(of: (x: Traced, y: Traced) => Traced, x: readonly number[], y: readonly number[]) {
  const [first, second] = [x, y].map((values) => float32([2, 1, 1, 3], values)) as [
    Tensor<"float32">,
    Tensor<"float32">,
  ];
  const run = await compile<Tensor<"float32">>(of, [first, second]);
  try {
    return [...(await run(first, second)).data];
  } finally {
    await run.dispose();
  }
}

const expectClose = (found: readonly number[], expected: readonly number[]) => {
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 6);
};

test("steepest ascent, by hand: the gradient at length 1 however small or concentrated it is, or its sign; zero stays", async () => {
  const l2 = (x: readonly number[]) => onImages((gradient) => steepest({ norm: "l2", eps: 1 }, gradient), x, x);
  expectClose(await l2([0, -3e-30, 4e-30, 0, 0, -7]), [0, -0.6, 0.8, 0, 0, -1]);
  expectClose(await l2([2, -2, 1, 0, 0, 0]), [2 / 3, -2 / 3, 1 / 3, 0, 0, 0]);
  const linf = await onImages(
    (gradient) => steepest({ norm: "linf", eps: 1 }, gradient),
    [3, 0, -1e-30, 1, 1, 1],
    [0, 0, 0, 0, 0, 0],
  );
  expectClose(linf, [1, 0, -1, 1, 1, 1]);
});

test("projections in a graph, by hand: inside stays, outside comes to the edge, and the box clips", async () => {
  const centre = [0.5, 0.5, 0.5, 0.9, 0.1, 0.5];
  const by = (norm: "l2" | "linf", eps: number, x: readonly number[]) =>
    onImages((image, candidate) => project({ norm, eps }, image, candidate), centre, x);
  expectClose(await by("l2", 0.1, [0.5, 0.8, 0.9, 0.9, 0.15, 0.5]), [0.5, 0.56, 0.58, 0.9, 0.15, 0.5]);
  expectClose(await by("l2", 5, [0.5, 0.8, 0.9, 1.2, -0.3, 0.5]), [0.5, 0.8, 0.9, 1, 0, 0.5]);
  expectClose(await by("l2", 0, [0.6, 0.8, 0.9, 1.2, -0.3, 0.5]), centre);
  expectClose(await by("linf", 0.1, [0.2, 0.55, 0.9, 1.2, -0.3, 0.5]), [0.4, 0.55, 0.6, 1, 0, 0.5]);
});
