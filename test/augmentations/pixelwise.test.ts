import { describe, expect, test } from "vitest";
import { gaussianNoise, posterize, randomErase } from "../../src/augmentations/index.ts";
import { randomStream } from "../../src/base/index.ts";
import { told } from "./told-stream.ts";

describe("Gaussian noise", () => {
  test("adds sigma times the normal value below which the drawn share lies", () => {
    // Phi(0) = 0.5, Phi(1) = 0.8413447461, Phi(-1.2815515655) = 0.1, Phi(3.0902323062) = 0.999
    const out = gaussianNoise(
      Float32Array.of(0.5, 0.5, 0.5, 0.5),
      [1, 1, 2, 2],
      0.1,
      told(0.5, 0.8413447461, 0.1, 0.999),
    );
    const expected = [0.5, 0.6, 0.5 - 0.12815516, 0.5 + 0.30902323];
    for (const [i, value] of expected.entries()) expect(out[i]).toBeCloseTo(value, 6);
  });

  test("clips to [0, 1]", () => {
    expect([...gaussianNoise(Float32Array.of(0.1, 0.9), [1, 1, 1, 2], 1, told(0.01, 0.99))]).toEqual([0, 1]);
  });

  test("survives the smallest and the largest number of a stream", () => {
    // The quantiles of 2^-33 and 1 - 2^-33 are -+6.33796
    const out = gaussianNoise(Float32Array.of(0.5, 0.5), [1, 1, 1, 2], 0.05, told(0, 1 - 2 ** -32));
    expect(out[0]).toBeCloseTo(0.5 - 0.316898, 6);
    expect(out[1]).toBeCloseTo(0.5 + 0.316898, 6);
  });

  test("has mean 0 and standard deviation sigma", () => {
    const n = 100_000;
    const out = gaussianNoise(new Float32Array(n).fill(0.5), [1, 1, 1, n], 0.05, randomStream(11));
    const mean = out.reduce((sum, value) => sum + value, 0) / n;
    const variance = out.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
    // Four standard errors: sigma / sqrt(n) and sigma / sqrt(2 n).
    expect(Math.abs(mean - 0.5)).toBeLessThan((4 * 0.05) / Math.sqrt(n));
    expect(Math.abs(Math.sqrt(variance) - 0.05)).toBeLessThan((4 * 0.05) / Math.sqrt(2 * n));
  });
});

describe("posterize", () => {
  const bytes = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

  test.each([
    [1, 0b10000000],
    [3, 0b11100000],
    [4, 0b11110000],
    [7, 0b11111110],
    [8, 0b11111111],
  ])("keeps the highest %i bits of every byte", (bits, mask) => {
    const expected = Float32Array.from({ length: 256 }, (_, byte) => (byte & mask) / 255);
    expect(posterize(bytes, [1, 1, 16, 16], bits)).toEqual(expected);
  });

  test("takes values between bytes for the nearest byte", () => {
    // 0.25 is 63.75 bytes, so 64, whose highest two bits stay; 0.2 is 51, of which nothing stays.
    expect([...posterize(Float32Array.of(0.25, 0.2), [1, 1, 1, 2], 2)]).toEqual([Math.fround(64 / 255), 0]);
  });
});

describe("random erase", () => {
  const white = new Float32Array(200).fill(1);
  const at = (y: number, x: number) => y * 10 + x;
  // A share u of the way from 0.02 to the largest area, and v with 0.3 * 11^v = 1: a square.
  const square = (area: number, largest: number) => [
    (area - 0.02) / (largest - 0.02),
    Math.log(1 / 0.3) / Math.log(11),
  ];
  const nine = (pair: readonly number[]) => Array.from({ length: 9 }, () => pair).flat();

  test("sets the drawn rectangle to 0 in all channels", () => {
    const stream = told(...square(0.16, 0.5), ...nine([0.5, 0.5]), 2, 3);
    const out = randomErase(white, [1, 2, 10, 10], 0.5, stream);
    for (let channel = 0; channel < 2; channel++)
      for (let y = 0; y < 10; y++)
        for (let x = 0; x < 10; x++)
          expect(out[100 * channel + at(y, x)]).toBe(y >= 2 && y < 6 && x >= 3 && x < 7 ? 0 : 1);
  });

  test("is as tall as the ratio says: height over width", () => {
    // Area 12 and ratio 3: 6 x 2.
    const stream = told((0.12 - 0.02) / 0.48, Math.log(10) / Math.log(11), ...nine([0.5, 0.5]), 0, 0);
    const out = randomErase(white.slice(0, 100), [1, 1, 10, 10], 0.5, stream);
    expect(out.indexOf(1)).toBe(2);
    expect(out.lastIndexOf(0)).toBe(at(5, 1));
    expect(out.filter((value) => value === 0).length).toBe(12);
  });

  test("draws anew what does not fit, and leaves the image alone after ten times", () => {
    const tooLarge = square(1, 1);
    const second = told(...tooLarge, ...square(0.04, 1), ...Array.from({ length: 8 }, () => tooLarge).flat(), 0, 0);
    const out = randomErase(white.slice(0, 100), [1, 1, 10, 10], 1, second);
    expect(out.filter((value) => value === 0).length).toBe(4);
    const never = told(...tooLarge, ...nine(tooLarge), 0, 0);
    expect(randomErase(white.slice(0, 100), [1, 1, 10, 10], 1, never)).toEqual(white.slice(0, 100));
  });

  test("draws as many numbers for an image that is left alone as for another", () => {
    const [tooLarge, small] = [square(1, 1), square(0.04, 1)];
    const rest = [...small, ...nine(tooLarge), 4, 5];
    const first = (pair: readonly number[]) => told(...pair, ...nine(tooLarge), 0, 0, ...rest);
    const secondImage = (pair: readonly number[]) => randomErase(white, [2, 1, 10, 10], 1, first(pair)).subarray(100);
    expect(secondImage(tooLarge)).toEqual(secondImage(small));
    expect(secondImage(small).indexOf(0)).toBe(at(4, 5));
  });

  test("erases a share of at least 0.02 and at most the largest area, up to rounding", () => {
    const n = 2000;
    const images = new Float32Array(n * 1024).fill(1);
    const out = randomErase(images, [n, 1, 32, 32], 0.2, randomStream(2));
    const shares = Array.from(
      { length: n },
      (_, i) => out.subarray(1024 * i, 1024 * (i + 1)).filter((value) => value === 0).length / 1024,
    );
    // Sides of up to 27 pixels are rounded by up to half a pixel each.
    expect(Math.min(...shares)).toBeGreaterThan(0.012);
    expect(Math.max(...shares)).toBeLessThan(0.22);
    // The mean of U(0.02, 0.2) is 0.11; four standard errors of 0.052 / sqrt(2000) and rounding.
    expect(Math.abs(shares.reduce((sum, share) => sum + share, 0) / n - 0.11)).toBeLessThan(0.006);
  });
});
