import { describe, expect, test } from "vitest";
import { randomStream, symmetricEigen } from "../../src/base/index.ts";

function random(n: number, rank: number, seed: number): Float64Array {
  const stream = randomStream(seed);
  const factors = Array.from({ length: rank }, () => Array.from({ length: n }, () => stream.normal()));
  return Float64Array.from({ length: n * n }, (_, at) =>
    factors.reduce((sum, f, k) => sum + (k % 2 ? -1 : 1) * (f[Math.floor(at / n)] ?? 0) * (f[at % n] ?? 0), 0),
  );
}

const diagonal = (values: readonly number[]) =>
  Float64Array.from({ length: values.length ** 2 }, (_, at) =>
    Math.floor(at / values.length) === at % values.length ? (values[at % values.length] ?? 0) : 0,
  );

describe.each([
  ["one number", 1, Float64Array.of(-3)],
  ["full rank", 20, random(20, 20, 1)],
  ["rank 3 of 30", 30, random(30, 3, 2)],
  ["zeros", 5, new Float64Array(25)],
  ["the identity", 6, diagonal([1, 1, 1, 1, 1, 1])],
  ["a diagonal out of order", 4, diagonal([3, -1, 2, 3])],
  ["two blocks", 4, Float64Array.of(2, 1, 0, 0, 1, 2, 0, 0, 0, 0, 5, 4, 0, 0, 4, 5)],
  ["numbers far apart", 12, random(12, 12, 3).map((v, at) => v * 10 ** (-(Math.floor(at / 12) + (at % 12)) / 2))],
  [
    "numbers from 1 to nothing",
    80,
    random(80, 80, 4).map((v, at) => v * 10 ** (-2 * (Math.floor(at / 80) + (at % 80)))),
  ],
])("%s", (_, n, matrix) => {
  const { values, vectors } = symmetricEigen(matrix, n);
  const largest = Math.max(1e-300, ...values.map(Math.abs));
  const row = (k: number) => vectors.subarray(k * n, (k + 1) * n);
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

  test("A v = value v for each, values ascending, vectors orthonormal", () => {
    for (let k = 0; k < n; k++) {
      for (let i = 0; i < n; i++)
        expect(
          Math.abs(dot(matrix.subarray(i * n, (i + 1) * n), row(k)) - (values[k] ?? 0) * (row(k)[i] ?? 0)),
        ).toBeLessThan(1e-13 * n * largest);
      for (let other = 0; other <= k; other++) expect(dot(row(k), row(other))).toBeCloseTo(Number(k === other), 12);
      if (k > 0) expect(values[k] ?? 0).toBeGreaterThanOrEqual(values[k - 1] ?? 0);
    }
  });
});

test("by hand: the blocks 2 1 / 1 2 and 5 4 / 4 5 have 1, 1, 3 and 9", () => {
  const { values } = symmetricEigen(Float64Array.of(2, 1, 0, 0, 1, 2, 0, 0, 0, 0, 5, 4, 0, 0, 4, 5), 4);
  for (const [k, value] of [1, 1, 3, 9].entries()) expect(values[k]).toBeCloseTo(value, 12);
});
