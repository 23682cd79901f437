import { describe, expect, test } from "vitest";
import { apgd } from "../../src/attacks/apgd.ts";

/** A function to climb on four pixels and its gradient; the logits (0, f) make f the loss `difference` of class 1. */
interface Hill {
  readonly value: (x: readonly number[]) => number;
  readonly slope: (x: readonly number[]) => number[];
}

const centre = 0.5;
const plane: Hill = {
  value: (x) => 2 * (x[0] ?? 0) - (x[1] ?? 0) + 0.5 * (x[3] ?? 0),
  slope: () => [2, -1, 0, 0.5],
};
const top = [0.53, 0.46, 0.5, 0.58];
const steep = [9, 1, 4, 0.3];
/** Its top lies within the ball, and it is steeper in some directions than in others, so that steps overshoot. */
const dome: Hill = {
  value: (x) => -x.reduce((sum, value, i) => sum + (steep[i] ?? 0) * (value - (top[i] ?? 0)) ** 2, 0),
  slope: (x) => x.map((value, i) => -2 * (steep[i] ?? 0) * (value - (top[i] ?? 0))),
};

const eps = 0.2;
const steps = 20;
/** 0.22, 0.41, 0.57, 0.70, 0.80, 0.87, 0.93 and 0.99 of 20 steps, rounded up. */
const checkpoints = [5, 9, 12, 14, 16, 18, 19, 20];
const clean = Float32Array.of(centre, centre, centre, centre);
const example = { index: 2, image: clean, shape: [1, 2, 2] as const, label: 0, logits: Float32Array.of(1, 0) };

function asked(norm: "l2" | "linf", hill: Hill): number[][] {
  const run = apgd({ norm, eps, steps, restarts: 1, targets: 1, loss: "difference" }, example, 4);
  const points: number[][] = [];
  for (let next = run.next(); !next.done; ) {
    const point = [...next.value.image];
    points.push(point);
    next = run.next({
      logits: Float32Array.of(0, hill.value(point)),
      gradient: Float32Array.from(hill.slope(point)),
    });
  }
  return points;
}

/** Algorithm 1 of Croce and Hein (2020) in float64, from a start: the points at which f is asked. */
function byTheBook(norm: "l2" | "linf", { value, slope }: Hill, start: readonly number[]): number[][] {
  const project = (x: readonly number[]): number[] => {
    const offset = x.map((pixel) => pixel - centre);
    if (norm === "linf") return offset.map((o) => centre + Math.max(-eps, Math.min(eps, o)));
    const shrink = Math.min(1, eps / Math.hypot(...offset));
    return offset.map((o) => centre + shrink * o);
  };
  const ascend = (x: readonly number[], eta: number): number[] => {
    const gradient = slope(x);
    const length = Math.hypot(...gradient);
    return project(
      x.map((pixel, i) => pixel + eta * (norm === "linf" ? Math.sign(gradient[i] ?? 0) : (gradient[i] ?? 0) / length)),
    );
  };
  let eta = 2 * eps;
  const x: number[][] = [[...start], ascend(start, eta)];
  const points = [...x];
  const f = (k: number) => value(x[k] ?? []);
  let best = f(1) > f(0) ? 1 : 0;
  let [bestPoint, bestValue] = [x[best] ?? [], f(best)];
  let rises = f(1) > f(0) ? 1 : 0;
  let [since, halvedThen, bestThen] = [0, true, f(0)];
  for (let k = 1; k <= steps; k++) {
    if (k > 1) {
      rises += f(k) > f(k - 1) ? 1 : 0;
      if (f(k) > bestValue) [best, bestPoint, bestValue] = [k, x[k] ?? [], f(k)];
    }
    let [from, before] = [x[k] ?? [], x[k - 1] ?? []];
    if (checkpoints.includes(k)) {
      const tooFew = rises < 0.75 * (k - since);
      const noBetter = !halvedThen && bestThen === bestValue;
      halvedThen = tooFew || noBetter;
      if (halvedThen) {
        eta /= 2;
        [before, from] = [from, bestPoint];
        x[k] = bestPoint;
      }
      [rises, since, bestThen] = [0, k, bestValue];
    }
    if (k === steps) break;
    const z = ascend(from, eta);
    const next = project(
      from.map((pixel, i) => pixel + 0.75 * ((z[i] ?? 0) - pixel) + 0.25 * (pixel - (before[i] ?? 0))),
    );
    x.push(next);
    points.push(next);
  }
  return points;
}

describe.each(["l2", "linf"] as const)("%s", (norm) => {
  test.each([
    ["a plane", plane],
    ["a dome", dome],
  ])("on %s it asks at the points of algorithm 1", (_, hill) => {
    const points = asked(norm, hill);
    expect(points).toHaveLength(steps + 1);
    const offsets = (points[0] ?? []).map((pixel) => pixel - centre);
    // The authors start at the ball's edge.
    expect(norm === "l2" ? Math.hypot(...offsets) : Math.max(...offsets.map(Math.abs))).toBeCloseTo(eps, 6);
    const expected = byTheBook(norm, hill, points[0] ?? []);
    for (const [k, point] of expected.entries())
      for (const [i, pixel] of point.entries()) expect(points[k]?.[i], `point ${k}`).toBeCloseTo(pixel, 4);
  });
});

test("each of the likeliest other classes is aimed at, in every restart, from another start", () => {
  const logits = Float32Array.of(1, 4, 3, 9, 2);
  const search = { norm: "l2", eps, steps: 3, restarts: 2, targets: 3, loss: "targeted-dlr" } as const;
  const run = apgd(search, { ...example, label: 3, logits }, 4);
  const targets: (number | undefined)[] = [];
  const starts = new Set<string>();
  for (let next = run.next(); !next.done; next = run.next({ logits, gradient: Float32Array.of(1, 0, 0, 0) })) {
    if (targets.length % 4 === 0) starts.add(String(next.value.image));
    targets.push(next.value.target);
  }
  expect(targets).toEqual([1, 2, 4, 1, 2, 4].flatMap((target) => Array(4).fill(target)));
  expect(starts.size).toBe(6);
});

test.each(["l2", "linf"] as const)("%s: an image of 224 x 224 pixels starts at the ball's edge too", (norm) => {
  const image = new Float32Array(3 * 224 * 224).fill(centre);
  const search = { norm, eps, steps: 1, restarts: 1, targets: 1, loss: "log-odds" } as const;
  const start = apgd(search, { ...example, image, shape: [3, 224, 224] }, 4).next().value?.image ?? image;
  const lengths = { l2: 0, linf: 0 };
  for (const pixel of start) {
    lengths.l2 += (pixel - centre) ** 2;
    lengths.linf = Math.max(lengths.linf, Math.abs(pixel - centre));
  }
  expect(norm === "l2" ? Math.sqrt(lengths.l2) : lengths.linf).toBeCloseTo(eps, 5);
});

test("a loss without a target runs once a restart", () => {
  const search = { norm: "l2", eps, steps: 3, restarts: 2, targets: 9, loss: "log-odds" } as const;
  const run = apgd(search, { ...example, logits: Float32Array.of(1, 0, 0) }, 4);
  let count = 0;
  const answer = { logits: Float32Array.of(1, 0, 0), gradient: Float32Array.of(1, 0, 0, 0) };
  for (let next = run.next(); !next.done; next = run.next(answer)) count++;
  expect(count).toBe(2 * 4);
});
