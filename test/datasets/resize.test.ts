import { describe, expect, test } from "vitest";
import { bytesOf, fitImages, gather, toFloat } from "../../src/datasets/index.ts";

/** Image i of [3, height, width] whose value at (c, y, x) is (7 x^2 + 13 y^2 + 29 x y + 31 (c + i)) mod 251. */
function patterned(n: number, height: number, width: number) {
  const pixels = Uint8Array.from({ length: n * 3 * height * width }, (_, at) => {
    const [x, y, plane] = [at % width, Math.floor(at / width) % height, Math.floor(at / (width * height))];
    return (7 * x * x + 13 * y * y + 29 * x * y + 31 * ((plane % 3) + Math.floor(plane / 3))) % 251;
  });
  return { pixels, shape: [n, 3, height, width] as const };
}

/**
 * The first 24 values of channel 1 (of 32 -> 64: every ninth row and seventh column), by PyTorch in float64:
 * interpolate(mode="bilinear", antialias=True) to (int(side h / min), int(side w / min)), then the middle square.
 */
const golden = [
  {
    from: [20, 20],
    side: 8,
    expected: [
      88.841, 120.176, 127.942, 154.936, 123.698, 96.567, 59.184, 83.915, 157.267, 134.107, 129.653, 144.677, 140.722,
      136.979, 97.781, 141.973, 140.473, 93.848, 107.694, 142.915, 151.237, 140.382, 126.714, 118.471,
    ],
  },
  {
    from: [8, 8],
    side: 20,
    expected: [
      31.0, 31.7, 34.5, 37.3, 44.3, 52.7, 62.5, 76.5, 90.5, 108.7, 128.3, 149.3, 174.5, 199.7, 153.8, 84.2, 41.1, 77.5,
      113.9, 123.0, 32.3, 33.29, 37.25, 41.21,
    ],
  },
  {
    from: [30, 17],
    side: 8,
    expected: [
      139.732, 101.937, 107.735, 136.236, 118.78, 170.512, 132.701, 109.193, 103.719, 127.609, 140.771, 151.093, 147.12,
      122.754, 122.566, 126.601, 142.446, 135.046, 122.628, 134.081, 114.672, 127.974, 125.955, 187.051,
    ],
  },
  {
    from: [9, 25],
    side: 16,
    expected: [
      200.557, 187.5, 112.5, 154.943, 227.818, 168.727, 111.705, 60.568, 84.716, 184.148, 183.932, 148.705, 121.273,
      95.75, 76.432, 60.773, 195.889, 188.496, 119.16, 129.029, 160.506, 156.102, 141.021, 95.549,
    ],
  },
] as const;

describe("fitImages", () => {
  test.each(golden)("$from to $side is PyTorch's antialiased bilinear, rounded", ({ from, side, expected }) => {
    const [height, width] = from;
    const out = bytesOf(fitImages(patterned(1, height, width), side));
    // PyTorch's values are given to three digits.
    for (const [i, value] of expected.entries())
      expect(Math.abs((out[side * side + i] ?? Number.NaN) - value)).toBeLessThanOrEqual(0.501);
  });

  test("leaves images of that size as they are", () => {
    const images = patterned(2, 8, 8);
    expect(fitImages(images, 8)).toBe(images);
  });

  test("keeps what is constant, and makes three equal channels of grey", () => {
    const grey = { pixels: new Uint8Array(16 * 16).fill(77), shape: [1, 1, 16, 16] as const };
    for (const side of [5, 16, 33]) {
      const { shape } = fitImages(grey, side);
      expect(shape).toEqual([1, 3, side, side]);
      expect(new Set(bytesOf(fitImages(grey, side)))).toEqual(new Set([77]));
    }
  });

  test("is read image by image: a view of it, a batch of it and the whole agree", () => {
    const images = fitImages(patterned(3, 9, 12), 8);
    const all = bytesOf(images);
    const labelled = { ...images, labels: Int32Array.of(0, 1, 2), classes: ["a", "b", "c"] };
    const chosen = gather(labelled, [2, 0]);
    expect([...bytesOf(chosen)]).toEqual([...all.subarray(2 * 192), ...all.subarray(0, 192)]);
    expect([...toFloat(chosen, [1])]).toEqual([...all.subarray(0, 192)].map((value) => Math.fround(value / 255)));
  });
});
