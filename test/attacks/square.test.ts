import { describe, expect, test } from "vitest";
import { square } from "../../src/attacks/square.ts";
import { l2Start, l2Step, linfStart, linfStep } from "../../src/attacks/square-patches.ts";
import { randomStream } from "../../src/base/index.ts";

const grey = (size: number, channels = 3) => new Float32Array(channels * size * size).fill(0.5);
const shapeOf = (size: number, channels = 3) => [channels, size, size] as const;
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

/** The offset from grey at a channel's pixel. */
const at = (image: Float32Array, size: number, c: number, y: number, x: number) =>
  (image[(c * size + y) * size + x] ?? Number.NaN) - 0.5;

const squaresOf = (image: Float32Array, of: Float32Array, c: number, area: number) =>
  image.subarray(c * area, (c + 1) * area).reduce((sum, value, i) => sum + (value - (of[c * area + i] ?? 0)) ** 2, 0);

/**
 * The paper's eta of a square of side 3 by hand: halves of 1 and 2 rows, n = 1 for both; a cell in the middle column is less
 * than 1 from its half's middle, so 1/4 + 1, the others 1/4; the second half negative; the length of it all
 * sqrt(3 (1.25^2 + 2 x 0.25^2)) = 2.25.
 */
const eta = [
  [1, 5, 1],
  [-1, -5, -1],
  [-1, -5, -1],
].map((row) => row.map((value) => value / 9));
const turned = [0, 1, 2].map((y) => [0, 1, 2].map((x) => eta[x]?.[y] ?? 0));

describe("linf", () => {
  test("it starts with stripes: every column of every channel moves by eps, up or down", () => {
    const found = new Set<number>();
    for (const seed of seeds) {
      const start = linfStart(0.25, grey(4), shapeOf(4), randomStream(seed));
      for (let c = 0; c < 3; c++)
        for (let x = 0; x < 4; x++) {
          const column = [0, 1, 2, 3].map((y) => at(start, 4, c, y, x));
          expect(new Set(column).size).toBe(1);
          found.add(column[0] ?? 0);
        }
    }
    expect([...found].sort()).toEqual([-0.25, 0.25]);
  });

  test("a step moves one square, all of it and nothing else, by eps from the image, each channel its own way", () => {
    const corners = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const next = linfStep(0.25, grey(4), grey(4), shapeOf(4), 3, randomStream(seed));
      const moved = Array.from(next.keys()).filter((i) => next[i] !== 0.5);
      const [top, left] = [Math.min(...moved.map((i) => (i >> 2) & 3)), Math.min(...moved.map((i) => i & 3))];
      corners.add(`${top} ${left}`);
      const wanted = [0, 1, 2].flatMap((c) =>
        [0, 1, 2].flatMap((y) => [0, 1, 2].map((x) => (c * 4 + top + y) * 4 + left + x)),
      );
      expect(moved).toEqual(wanted);
      for (let c = 0; c < 3; c++) {
        const [first = 0, ...others] = moved.slice(9 * c, 9 * (c + 1)).map((i) => (next[i] ?? 0) - 0.5);
        expect(Math.abs(first)).toBe(0.25);
        expect(others.every((offset) => offset === first)).toBe(true);
      }
    }
    expect([...corners].sort()).toEqual(["0 0", "0 1", "1 0", "1 1"]);
  });
});

describe("l2", () => {
  test("it starts at distance eps with tiles of a fifth of the side, alike in all channels but for their signs", () => {
    for (const seed of seeds) {
      const start = l2Start(0.4, grey(17), shapeOf(17), randomStream(seed));
      expect(Math.sqrt([0, 1, 2].reduce((sum, c) => sum + squaresOf(start, grey(17), c, 289), 0))).toBeCloseTo(0.4, 6);
      for (let top = 0; top < 15; top += 3)
        for (let left = 0; left < 15; left += 3) {
          const tile = (c: number) => [0, 1, 2].map((y) => [0, 1, 2].map((x) => at(start, 17, c, top + y, left + x)));
          // 75 tiles of equal length in three channels; the last 2 rows and columns hold no whole one.
          for (let c = 0; c < 3; c++) expectEta(tile(c), 0.4 / Math.sqrt(75));
          expect(isUpright(tile(1))).toBe(isUpright(tile(0)));
          expect(isUpright(tile(2))).toBe(isUpright(tile(0)));
        }
    }
  });

  test("an image of fewer than 5 pixels a side starts with tiles of one pixel", () => {
    const blocks = new Set<number>();
    for (const seed of seeds) {
      const start = l2Start(0.4, grey(4), shapeOf(4), randomStream(seed));
      for (const value of start) expect(Math.abs(value - 0.5)).toBeCloseTo(0.4 / Math.sqrt(48), 6);
      // Tiles of 2 x 2 would have two pixels of each sign.
      blocks.add([0, 1, 4, 5].filter((i) => (start[i] ?? 0) > 0.5).length);
    }
    expect(blocks.has(1) || blocks.has(3)).toBe(true);
  });

  test("from the clean image a step puts all of eps into one square of the paper's pattern", () => {
    const orders = new Set<boolean>();
    for (const seed of seeds) {
      const next = l2Step(0.3, grey(8), grey(8), shapeOf(8), 3, randomStream(seed));
      for (let c = 0; c < 3; c++) {
        const moved = Array.from({ length: 64 }, (_, i) => i).filter((i) => next[64 * c + i] !== 0.5);
        expect(moved).toHaveLength(9);
        const [top, left] = [Math.min(...moved.map((i) => i >> 3)), Math.min(...moved.map((i) => i & 7))];
        const patch = [0, 1, 2].map((y) => [0, 1, 2].map((x) => at(next, 8, c, top + y, left + x)));
        expectEta(patch, 0.3 / Math.sqrt(3));
        orders.add(isUpright(patch));
      }
    }
    expect(orders.size).toBe(2);
  });

  test("a step moves mass within its channel and uses what is left of eps: each channel gets a share of that", () => {
    for (const seed of seeds) {
      const stream = randomStream(seed);
      const best = grey(8).map((value) => value + 0.01 * stream.normal());
      const before = [0, 1, 2].map((c) => squaresOf(best, grey(8), c, 64));
      const eps = 0.3;
      const unused = eps ** 2 - before.reduce((a, b) => a + b);
      expect(unused).toBeGreaterThan(0);
      const next = l2Step(eps, grey(8), best, shapeOf(8), 3, stream);
      for (let c = 0; c < 3; c++) {
        expect(squaresOf(next, grey(8), c, 64)).toBeCloseTo((before[c] ?? 0) + unused / 3, 6);
        const changed = Array.from({ length: 64 }, (_, i) => i).filter(
          (i) => Math.abs((next[64 * c + i] ?? 0) - (best[64 * c + i] ?? 0)) > 1e-6,
        );
        // Two squares of 9, which may overlap.
        expect(changed.length).toBeGreaterThanOrEqual(9);
        expect(changed.length).toBeLessThanOrEqual(18);
      }
    }
  });

  test("in the first square the new pattern stands on the old change at length 1", () => {
    // The square is the whole image, so it is its own second square, and nothing is left of eps.
    const old = [3, 0, 0, 0, 0, 4, 0, 0, 0].map((value) => value / 50);
    const best = Float32Array.from([...old, ...old], (value) => 0.5 + value);
    const eps = Math.sqrt(2) * 0.1;
    for (const seed of seeds) {
      const next = l2Step(eps, grey(3, 2), best, shapeOf(3, 2), 3, randomStream(seed));
      for (let c = 0; c < 2; c++) {
        const found = [...next.subarray(9 * c, 9 * (c + 1))].map((value) => value - 0.5);
        const candidates = [eta, turned].flatMap((pattern) =>
          [1, -1].map((sign) => {
            const mixed = pattern.flat().map((value, i) => sign * value + (old[i] ?? 0) * 10);
            return mixed.map((value) => (0.1 * value) / Math.hypot(...mixed));
          }),
        );
        const gap = (to: readonly number[]) => Math.max(...to.map((value, i) => Math.abs(value - (found[i] ?? 0))));
        expect(Math.min(...candidates.map(gap))).toBeLessThan(1e-6);
      }
    }
  });

  test("no step leaves the box or the ball", () => {
    for (const seed of seeds) {
      const stream = randomStream(seed);
      const image = Float32Array.from({ length: 192 }, () => Math.round(stream.uniform()));
      let best = l2Start(2, image, shapeOf(8), stream);
      for (let step = 0; step < 5; step++) best = l2Step(2, image, best, shapeOf(8), 1 + step, stream);
      expect(best.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(Math.hypot(...best.map((value, i) => value - (image[i] ?? 0)))).toBeLessThanOrEqual(2 + 1e-6);
    }
  });
});

/** A patch of side 3 is the paper's pattern at a length, turned or not, of either sign. */
function expectEta(patch: readonly (readonly number[])[], length: number): void {
  const pattern = isUpright(patch) ? eta : turned;
  const sign = Math.sign(patch[0]?.[0] ?? 0);
  for (let y = 0; y < 3; y++)
    for (let x = 0; x < 3; x++) expect(patch[y]?.[x]).toBeCloseTo(sign * length * (pattern[y]?.[x] ?? 0), 6);
}

const isUpright = (patch: readonly (readonly number[])[]): boolean =>
  Math.abs(patch[0]?.[1] ?? 0) > Math.abs(patch[1]?.[0] ?? 0);

/** How many rows each proposal of a run changes, where the margin never rises: each is one square on the same start. */
function sidesOf(size: number, queries: number, until: number): number[] {
  const example = { index: 0, image: grey(size), shape: shapeOf(size), label: 0, logits: Float32Array.of(1, 0) };
  const run = square({ norm: "linf", eps: 0.1, queries, restarts: 1 }, example, 1);
  const answer = { logits: Float32Array.of(1, 0), gradient: new Float32Array() };
  const start = run.next().value?.image ?? grey(size);
  const sides: number[] = [];
  for (let next = run.next(answer); !next.done && sides.length < until; next = run.next(answer)) {
    const { image } = next.value;
    const changed = [...image.keys()].filter((k) => image[k] !== start[k]);
    sides.push(new Set(changed.map((k) => Math.floor(k / size) % size)).size);
  }
  return sides;
}

// Sides are sqrt(0.8 / 2^k size^2), rounded, k counting which of 10, 50, 200, 500, 1000, 2000, ... of 10,000 have passed.
test.each([
  [
    32,
    100,
    99,
    [
      [1, 14],
      [3, 10],
      [6, 7],
      [11, 5],
      [21, 4],
      [41, 3],
      [61, 2],
      [81, 1],
    ],
  ],
  [
    16,
    10_000,
    2002,
    [
      [1, 14],
      [11, 10],
      [51, 7],
      [201, 5],
      [501, 4],
      [1001, 3],
      [2001, 2],
    ],
  ],
])("on %i pixels a side, of %i queries, squares shrink by the paper's schedule", (size, queries, until, expected) => {
  const sides = sidesOf(size, queries, until);
  expect(sides).toHaveLength(until);
  for (const [i, rows] of sides.entries()) {
    const side = expected.findLast(([from = 0]) => i + 1 >= from)?.[1] ?? 0;
    // A small square may happen to be, in some rows or all, what the stripes are already.
    if (side > 3) expect([i + 1, rows]).toEqual([i + 1, side]);
    else expect([0, side]).toContain(rows);
  }
});

/** The most pixels of a channel that a proposal of an l2 run empties, by query: its second square, where it is alone. */
function emptied(size: number, queries: number): number[] {
  const example = { index: 0, image: grey(size), shape: shapeOf(size), label: 0, logits: Float32Array.of(1, 0) };
  const run = square({ norm: "l2", eps: 0.1, queries, restarts: 1 }, example, 1);
  const answer = { logits: Float32Array.of(1, 0), gradient: new Float32Array() };
  run.next();
  const counts: number[] = [];
  for (let next = run.next(answer); !next.done; next = run.next(answer))
    counts.push(next.value.image.subarray(0, size * size).filter((pixel) => pixel === 0.5).length);
  return counts;
}

test("for l2 the sides of squares are odd and at least 3, as in the authors' code", () => {
  // 20 pixels a side are 25 whole tiles of 4, so the start moves every pixel. sqrt(0.8 / 2^k 400), rounded: 13 of k = 1, 9 of
  // 2, 6 of 3, 4 of 4, 3 of 5, then 2 and 1.
  const counts = emptied(20, 1000);
  const most = (from: number, to: number) => Math.max(...counts.slice(from - 1, to));
  expect(most(6, 20)).toBe(9 ** 2);
  expect(most(21, 50)).toBe(7 ** 2);
  expect(most(51, 100)).toBe(5 ** 2);
  expect(most(101, 999)).toBe(3 ** 2);
});

test("a proposal is kept exactly when the margin rises", () => {
  const example = { index: 0, image: grey(8), shape: shapeOf(8), label: 0, logits: Float32Array.of(1, 0) };
  const run = square({ norm: "linf", eps: 0.1, queries: 40, restarts: 1 }, example, 1);
  // As a model would: the margin is the mean of the first channel.
  const marginAt = (image: Float32Array) => image.subarray(0, 64).reduce((sum, value) => sum + value / 64, 0) - 1;
  const asked: Float32Array[] = [];
  let next = run.next();
  while (!next.done) {
    asked.push(next.value.image);
    next = run.next({ logits: Float32Array.of(0, marginAt(next.value.image)), gradient: new Float32Array() });
  }
  let [best = grey(8)] = asked;
  const changed = (a: Float32Array, b: Float32Array) => a.filter((value, i) => value !== b[i]).length;
  for (const [i, image] of asked.slice(1).entries()) {
    const share =
      0.8 / 2 ** [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000].filter((from) => 250 * (i + 1) > from).length;
    const side = Math.max(1, Math.round(Math.sqrt(share * 64)));
    // It differs from the best so far in no more than its own square.
    expect(changed(image, best)).toBeLessThanOrEqual(3 * side * side);
    if (marginAt(image) > marginAt(best)) best = image;
  }
  expect(marginAt(best)).toBeGreaterThan(marginAt(asked[0] ?? best));
});
