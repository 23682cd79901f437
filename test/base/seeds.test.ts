import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mean, permutation, randomStream, seedFor, standardDeviation } from "../../src/base/index.ts";

describe("seeds", () => {
  test("are the first 48 bits of the address's SHA-256", () => {
    // printf 7/augment/3 | sha256sum: 24c03a533082...
    expect(seedFor(7, "augment", 3)).toBe(0x24c03a533082);
    expect(seedFor(7)).toBe(0x7902699be42c);
  });

  test("differ by address", () => {
    const addresses = [
      seedFor(0),
      seedFor(1),
      seedFor(0, "a"),
      seedFor(0, "b"),
      seedFor(0, "a", 1),
      seedFor(0, "a", 2),
    ];
    expect(new Set(addresses).size).toBe(addresses.length);
  });
});

describe("a random stream", () => {
  test("gives xoshiro128**'s numbers", () => {
    // The published C code transcribed to Python, its state filled by SplitMix32 from 42 and from 2^40 + 5.
    const numbers = (seed: number, count: number) => {
      const stream = randomStream(seed);
      return Array.from({ length: count }, () => stream.uniform() * 2 ** 32);
    };
    expect(numbers(42, 6)).toEqual([2837322924, 544945897, 479756282, 3500138142, 339756180, 113173290]);
    expect(numbers(2 ** 40 + 5, 3)).toEqual([4025208168, 2378449997, 3826048604]);
  });

  test("is uniform: each of ten cells holds a tenth, within five standard deviations", () => {
    const stream = randomStream(1);
    const cells = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i++) {
      const cell = stream.below(10);
      cells[cell] = (cells[cell] ?? 0) + 1;
    }
    for (const count of cells) expect(Math.abs(count - 10_000)).toBeLessThan(5 * Math.sqrt(9000));
  });

  test("is normal: mean 0, deviation 1, 68.27 % within one and 95.45 % within two", () => {
    const stream = randomStream(2);
    const values = Array.from({ length: 100_000 }, () => stream.normal());
    const within = (radius: number) => values.filter((value) => Math.abs(value) < radius).length / values.length;
    expect(Math.abs(mean(values))).toBeLessThan(5 / Math.sqrt(1e5));
    expect(Math.abs(standardDeviation(values) - 1)).toBeLessThan(5 / Math.sqrt(2e5));
    expect(Math.abs(within(1) - 0.6827)).toBeLessThan(0.0075);
    expect(Math.abs(within(2) - 0.9545)).toBeLessThan(0.0035);
    const lag = values.slice(1).reduce((sum, value, i) => sum + value * (values[i] ?? 0), 0) / values.length;
    expect(Math.abs(lag)).toBeLessThan(5 / Math.sqrt(1e5));
  });
});

describe("a permutation", () => {
  test("holds each number once, and is the seed's alone", () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(), (n, seed) => {
        const order = permutation(n, randomStream(seed));
        expect([...order].toSorted((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
        expect(permutation(n, randomStream(seed))).toEqual(order);
      }),
    );
  });

  test("of three comes in all six orders equally often, within five standard deviations", () => {
    const stream = randomStream(3);
    const counts = new Map<string, number>();
    for (let i = 0; i < 60_000; i++) {
      const order = permutation(3, stream).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values())
      expect(Math.abs(count - 10_000)).toBeLessThan(5 * Math.sqrt((60_000 * 5) / 36));
  });
});
