import { describe, expect, test } from "vitest";
import { affine, type BatchShape, perspective, rotation, translation } from "../../src/augmentations/index.ts";
import { randomStream } from "../../src/base/index.ts";
import { told } from "./told-stream.ts";
import golden from "./torchvision-golden.json" with { type: "json" };

/** The image of torchvision-golden.py. */
function patterned(channels: number, height: number, width: number): Float32Array {
  return Float32Array.from({ length: channels * height * width }, (_, at) => {
    const [c, y, x] = [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width];
    return ((7 * y + 3 * x * x + 5 * x * y + 4 * c) % 11) / 10;
  });
}

/** The number in [0, 1] that U(-most, most) is made of. */
const share = (value: number, most: number) => (value / most + 1) / 2;

/** One image under what torchvision was told to draw. */
function changed({ kind, shape, interpolation, draw }: (typeof golden)[number]): Float32Array {
  const [channels = 0, height = 0, width = 0] = shape;
  const image = patterned(channels, height, width);
  const batch: BatchShape = [1, channels, height, width];
  const options = { interpolation: interpolation === "bilinear" ? "bilinear" : "nearest" } as const;
  const [angle = 0, right = 0, down = 0] = draw;
  if (kind === "rotation") return rotation(image, batch, 180, told(share(angle, 180)), options);
  if (kind === "perspective") return perspective(image, batch, 1, told(...draw), options);
  if (kind === "affine") {
    // 150 degrees come with moves of up to half the side.
    const stream = told(share(angle, 150), share(right, width / 2), share(down, height / 2));
    return affine(image, batch, 150, stream, options);
  }
  const [toRight = 0, toBottom = 0] = draw;
  return translation(image, batch, 0.5, told(share(toRight, width / 2), share(toBottom, height / 2)));
}

// Tolerance: golden values are rounded to 7 digits, ours are float32 in [0, 1].
describe("equals torchvision's definition in torch, in float64, to 1e-6", () => {
  test.each(golden)("$kind $draw of $shape, $interpolation", (each) => {
    const out = changed(each);
    expect(out.length).toBe(each.pixels.length);
    const worst = Math.max(...each.pixels.map((value, i) => Math.abs(value - (out[i] ?? Number.NaN))));
    expect(worst).toBeLessThanOrEqual(1e-6);
  });
});

describe("by hand", () => {
  const square = Float32Array.of(1, 2, 3, 4).map((v) => v / 4);

  test("a quarter turn is counter-clockwise for rotation, clockwise for affine", () => {
    const counterClockwise = Float32Array.of(2, 4, 1, 3).map((v) => v / 4);
    const clockwise = Float32Array.of(3, 1, 4, 2).map((v) => v / 4);
    expect(rotation(square, [1, 1, 2, 2], 90, told(1))).toEqual(counterClockwise);
    expect(affine(square, [1, 1, 2, 2], 90, told(1, 0.5, 0.5))).toEqual(clockwise);
  });

  test("half a turn reverses the pixels, whatever the sides", () => {
    const image = patterned(1, 5, 7);
    expect(rotation(image, [1, 1, 5, 7], 180, told(0))).toEqual(image.slice().reverse());
    const bilinear = rotation(image, [1, 1, 5, 7], 180, told(0), { interpolation: "bilinear" });
    for (const [i, value] of bilinear.entries()) expect(value).toBeCloseTo(image[34 - i] ?? Number.NaN, 6);
  });

  test("a translation moves right and down by rounded pixels, and zeros move in", () => {
    // 0.4 of 4 columns is 1.6, rounded to 2; 0.4 of 2 rows is 0.8, rounded to 1.
    const image = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    expect([...translation(image, [1, 1, 2, 4], 0.4, told(1, 1))]).toEqual([0, 0, 0, 0, 0, 0, 1, 2]);
    expect([...translation(image, [1, 1, 2, 4], 0.4, told(0, 0.5))]).toEqual([3, 4, 0, 0, 7, 8, 0, 0]);
  });

  test("each image has a draw of its own, all its channels the same", () => {
    const two = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    expect([...translation(two, [2, 2, 1, 2], 0.5, told(1, 0.5, 0, 0.5))]).toEqual([0, 1, 0, 3, 6, 0, 8, 0]);
  });

  test("affine at 30 degrees is the setting of the paper's code: 30 degrees and a tenth of the side", () => {
    const image = patterned(1, 10, 20);
    const code = affine(image, [1, 1, 10, 20], 30, told(0.5, 1, 0));
    expect(code).toEqual(translation(image, [1, 1, 10, 20], 0.1, told(1, 0)));
  });

  test("perspective takes the corners where they were drawn", () => {
    // Corners 2 pixels inwards of 9 x 9: the image at 5/9 of its size in the middle; index i comes from 2 (i - 2) + 0.5.
    const image = Float32Array.from({ length: 81 }, (_, at) => ((at % 9) + 1) / 16);
    const out = perspective(image, [1, 1, 9, 9], 0.5, told(2, 2, 2, 2, 2, 2, 2, 2));
    const row = [...out.subarray(36, 45)];
    // Columns 2 ... 5 lie at 0.5, 2.5, 4.5, 6.5; column 6 at 8.5, half outside: 9 / 16 halved by its neighbour and again.
    expect(row).toEqual([0, 0, 1.5 / 16, 3.5 / 16, 5.5 / 16, 7.5 / 16, 9 / 64, 0, 0]);
  });
});

test("angles and moves are spread evenly over their range", () => {
  // 4,000 moves by round(U(-0.5, 0.5) * 9): -4 ... 4 with 1/9 each. Chi-squared with 8 degrees of freedom: 26.1 at 0.001.
  const point = new Float32Array(9);
  point[4] = 1;
  const counts = new Map<number, number>();
  const images = Float32Array.from({ length: 4000 * 9 }, (_, i) => point[i % 9] ?? 0);
  const out = translation(images, [4000, 1, 1, 9], 0.5, randomStream(3));
  for (let i = 0; i < 4000; i++) {
    const at = out.subarray(9 * i, 9 * i + 9).indexOf(1);
    counts.set(at, (counts.get(at) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  const expected = 4000 / 9;
  const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  expect(chiSquared).toBeLessThan(26.1);
});
