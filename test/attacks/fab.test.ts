import { expect, test } from "vitest";
import { fab } from "../../src/attacks/fab.ts";

/** Two classes: z_1 - z_0 = g x + c, |g| = 3, on grey pixels at distance 0.1 from the boundary; the box is far away. */
const g = [2, 0, 1, -2];
const c = -0.8;
const grey = Float32Array.of(0.5, 0.5, 0.5, 0.5);
const differenceAt = (x: readonly number[]) => x.reduce((sum, value, i) => sum + value * (g[i] ?? 0), c);
const answerAt = (image: Float32Array) => ({
  logits: Float32Array.of(0, differenceAt([...image])),
  gradient: Float32Array.from(g),
});

function asked(restarts: number, steps: number) {
  const example = { index: 3, image: grey, shape: [1, 2, 2] as const, label: 0, logits: answerAt(grey).logits };
  const run = fab({ norm: "l2", eps: 0.2, steps, restarts, targets: 1 }, example, 5);
  const queries: { point: number[]; loss: string | undefined; target: number | undefined }[] = [];
  for (let next = run.next(); !next.done; next = run.next(answerAt(next.value.image)))
    queries.push({ point: [...next.value.image], loss: next.value.loss, target: next.value.target });
  return queries;
}

const expectNear = (found: readonly number[] | undefined, expected: readonly number[]) => {
  for (const [i, value] of expected.entries()) expect(found?.[i]).toBeCloseTo(value, 5);
};

/** The point beyond the clean image by `length` in the direction of the boundary. */
const towards = (length: number) => g.map((weight) => 0.5 + (length * weight) / 3);

test("its points on a plane, worked by hand", () => {
  const queries = asked(1, 2);
  expect(queries.map(({ loss, target }) => [loss, target])).toEqual([
    [undefined, undefined],
    ["difference", 1],
    [undefined, undefined],
    ["difference", 1],
    [undefined, undefined],
  ]);
  const points = queries.map(({ point }) => point);
  expectNear(points[0], towards(0));
  expectNear(points[1], towards(0));
  // Both pulls are the projection at 0.1; overshoot 1.05.
  expectNear(points[2], towards(0.105));
  // Beyond the boundary, so drawn back: 0.9 x 0.105.
  expectNear(points[3], towards(0.0945));
  // To the boundary it is 0.0055, from the clean image 0.1: alpha = 0.0055 / 0.1055.
  const alpha = 0.0055 / 0.1055;
  expectNear(points[4], towards((1 - alpha) * (0.0945 + 1.05 * 0.0055) + alpha * 0.105));
});

test("a restart begins within half the ball; the clean image pulls with a tenth at most", () => {
  const [start, , next] = asked(2, 1)
    .slice(3)
    .map(({ point }) => point);
  if (!start || !next) throw new Error("no restart");
  const distance = Math.hypot(...start.map((value) => value - 0.5));
  expect(distance).toBeGreaterThan(0);
  expect(distance).toBeLessThanOrEqual(0.1 + 1e-6);
  const toPlane = (from: readonly number[]) => -differenceAt(from) / 3;
  const alpha = Math.min(0.1, toPlane(start) / (toPlane(start) + 0.1));
  const overshot = (from: readonly number[], i: number) => (from[i] ?? 0) + (1.05 * toPlane(from) * (g[i] ?? 0)) / 3;
  expect(alpha).toBe(0.1);
  expectNear(
    next,
    g.map((_, i) => (1 - alpha) * overshot(start, i) + alpha * overshot([0.5, 0.5, 0.5, 0.5], i)),
  );
});

test("it aims at the likeliest other classes, one after the other, in every restart", () => {
  const logits = Float32Array.of(1, 4, 3, 9, 2);
  const example = { index: 0, image: grey, shape: [1, 2, 2] as const, label: 3, logits };
  const run = fab({ norm: "linf", eps: 0.1, steps: 2, restarts: 2, targets: 3 }, example, 5);
  const targets: (number | undefined)[] = [];
  for (let next = run.next(); !next.done; next = run.next({ logits, gradient: Float32Array.from(g) }))
    if (next.value.loss) targets.push(next.value.target);
  expect(targets).toEqual([1, 1, 2, 2, 4, 4, 1, 1, 2, 2, 4, 4]);
});
