import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BatchShape, gaussianBlur, rescale } from "../../src/augmentations/index.ts";

/** The image whose pixel (y, x) is ((7 y + 3 x^2 + 5 x y) mod 11) / 10. */
const patterned = (height: number, width: number) =>
  Float32Array.from({ length: height * width }, (_, at) => {
    const [y, x] = [Math.floor(at / width), at % width];
    return ((7 * y + 3 * x * x + 5 * x * y) % 11) / 10;
  });

const small = patterned(6, 8);
const large = patterned(32, 32);

/** Largest difference. float32 results of sums of up to 63 weights times values up to 1 err by less than 1e-6. */
function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-6) {
  expect(actual.length).toBe(expected.length);
  const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - (actual[i] ?? Number.NaN))), 0);
  expect(worst).toBeLessThanOrEqual(tolerance);
}

const corners = (image: Float32Array) =>
  [
    [0, 0],
    [0, 31],
    [31, 0],
    [16, 16],
    [5, 27],
  ].map(([y = 0, x = 0]) => image[y * 32 + x] ?? Number.NaN);
const sum = (image: Float32Array) => image.reduce((total, value) => total + value, 0);

/** Runs an augmentation on two different images of three different channels, and checks that planes do not mix. */
function expectPlanesApart(apply: (images: Float32Array, shape: BatchShape) => Float32Array) {
  const [batch, channels] = [2, 3];
  const images = new Float32Array(batch * channels * 48);
  for (let plane = 0; plane < batch * channels; plane++)
    images.set(
      small.map((v) => v / (plane + 1)),
      plane * 48,
    );
  const out = apply(images, [batch, channels, 6, 8]);
  const alone = apply(small, [1, 1, 6, 8]);
  for (let plane = 0; plane < batch * channels; plane++)
    expectClose(
      out.subarray(plane * 48, (plane + 1) * 48),
      Array.from(alone, (v) => v / (plane + 1)),
    );
}

describe("Gaussian blur", () => {
  test("of a point in the middle is the outer product of the kernel with itself", () => {
    // k = 3: sigma = 0.3 (1 - 1) + 0.8 = 0.8, weights exp(-1 / 1.28), 1, exp(-1 / 1.28) over their sum
    const side = Math.exp(-1 / 1.28);
    const [a, b] = [side / (1 + 2 * side), 1 / (1 + 2 * side)];
    const point = new Float32Array(25);
    point[12] = 1;
    expectClose(gaussianBlur(point, [1, 1, 5, 5], 3), [
      ...[0, 0, 0, 0, 0],
      ...[0, a * a, a * b, a * a, 0],
      ...[0, a * b, b * b, a * b, 0],
      ...[0, a * a, a * b, a * a, 0],
      ...[0, 0, 0, 0, 0],
    ]);
  });

  test("mirrors the image about its outermost pixels", () => {
    // One row [1, 0, 0]: the pixel left of the first is the second, so the first keeps b; the second gets a from the left.
    const side = Math.exp(-1 / 1.28);
    const [a, b] = [side / (1 + 2 * side), 1 / (1 + 2 * side)];
    const image = Float32Array.of(1, 0, 0, 1, 0, 0, 1, 0, 0);
    expectClose(gaussianBlur(image, [1, 1, 3, 3], 3), [b, a, 0, b, a, 0, b, a, 0]);
  });

  // torch 2 in float64: conv2d of the reflect-padded image with the k x k kernel.
  test("equals torch on a 6 x 8 image", () => {
    expectClose(
      gaussianBlur(small, [1, 1, 6, 8], 3),
      [
        [0.340905, 0.353962, 0.40453, 0.506163, 0.656731, 0.732704, 0.571571, 0.42916],
        [0.41937, 0.417736, 0.443269, 0.517736, 0.643269, 0.680503, 0.48063, 0.32566],
        [0.532831, 0.506163, 0.48063, 0.506163, 0.58063, 0.643333, 0.543333, 0.424027],
        [0.671571, 0.617736, 0.543269, 0.517736, 0.543269, 0.617736, 0.680439, 0.684905],
        [0.647799, 0.643333, 0.58063, 0.506163, 0.48063, 0.506163, 0.58063, 0.634465],
        [0.563752, 0.632704, 0.61937, 0.517736, 0.467169, 0.465535, 0.514968, 0.554112],
      ].flat(),
    );
  });

  test.each([
    [3, [0.3409047, 0.5593497, 0.2678999, 0.4177364, 0.4177364], 513.21013],
    [5, [0.3842618, 0.5239844, 0.2953679, 0.4293556, 0.4293556], 513.21718],
    [9, [0.4524115, 0.4675908, 0.4305313, 0.4627563, 0.4627563], 513.2439],
    [31, [0.5180646, 0.5024147, 0.4961053, 0.5002064, 0.5019774], 513.32481],
    [63, [0.5059331, 0.5026984, 0.4991821, 0.5007798, 0.5024138], 513.28698],
  ])("equals torch on a 32 x 32 image with k = %i", (k, expected, total) => {
    const out = gaussianBlur(large, [1, 1, 32, 32], k);
    expectClose(corners(out), expected);
    expect(sum(out)).toBeCloseTo(total, 3);
  });

  test("with k = 1 changes nothing, and leaves its input alone", () => {
    const before = small.slice();
    const out = gaussianBlur(small, [1, 1, 6, 8], 1);
    expect(out).toEqual(before);
    expect(out).not.toBe(small);
    gaussianBlur(small, [1, 1, 6, 8], 5);
    expect(small).toEqual(before);
  });

  test("works plane by plane", () => {
    expectPlanesApart((images, shape) => gaussianBlur(images, shape, 5));
  });
});

describe("rescale", () => {
  test("of two rows by 2, by hand", () => {
    // 1 x 4 -> down by 2 with triangles of half-width 2 about 1 and 3: weights 3, 3, 1 over 7 of pixels 0, 1, 2 (pixel 3 is
    // 2.5 away), so [1, 0, 0, 0] gives 3/7, and from the other side 0. Up: 1, 3/4, 1/4, 0 of the first.
    const image = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0);
    const row = [3 / 7, (3 / 7) * 0.75, (3 / 7) * 0.25, 0];
    expectClose(rescale(image, [1, 1, 4, 4], 2), [...row, ...row, ...row, ...row]);
  });

  // torch 2 in float64: interpolate(mode="bilinear", antialias=True, align_corners=False) down, then up.
  test("equals torch on a 6 x 8 image, by 1.5 to 4 x 5 pixels", () => {
    expectClose(
      rescale(small, [1, 1, 6, 8], 1.5),
      [
        [0.293182, 0.322698, 0.372352, 0.489395, 0.61208, 0.740408, 0.584266, 0.452841],
        [0.395328, 0.401277, 0.417113, 0.498991, 0.588369, 0.685245, 0.5179, 0.380208],
        [0.53468, 0.508915, 0.479241, 0.513759, 0.562585, 0.625717, 0.489013, 0.377778],
        [0.683502, 0.625155, 0.548711, 0.534447, 0.554294, 0.608253, 0.638926, 0.658586],
        [0.619729, 0.618535, 0.610839, 0.549215, 0.526653, 0.543154, 0.602166, 0.64678],
        [0.51875, 0.582856, 0.655599, 0.558811, 0.501085, 0.482422, 0.527928, 0.564773],
      ].flat(),
    );
  });

  test.each([
    [1.25, [0.2031856, 0.3561634, 0.5020776, 0.4385168, 0.4538453], 511.754885],
    [2, [0.3591837, 0.4959184, 0.3265306, 0.4342773, 0.4450195], 512.323087],
    [3, [0.441755, 0.4550987, 0.4412542, 0.4651817, 0.4564825], 512.650751],
    [4, [0.498852, 0.4910714, 0.4942602, 0.4888824, 0.4871855], 512.344037],
    [8, [0.5081154, 0.5027184, 0.4971859, 0.4988242, 0.502652], 512.511655],
    [16, [0.4996193, 0.4995013, 0.5004953, 0.5000561, 0.4995013], 512.029209],
  ])("equals torch on a 32 x 32 image with m = %f", (m, expected, total) => {
    const out = rescale(large, [1, 1, 32, 32], m);
    expectClose(corners(out), expected);
    expect(sum(out)).toBeCloseTo(total, 3);
  });

  test("with m = 1 changes nothing", () => {
    expect(rescale(small, [1, 1, 6, 8], 1)).toEqual(small);
  });

  test("works plane by plane", () => {
    expectPlanesApart((images, shape) => rescale(images, shape, 2));
  });
});

describe("both are averages", () => {
  const strength = fc.constantFrom(
    ...[1, 3, 5, 7].map((k) => ({ name: `blur ${k}`, apply: (x: Float32Array) => gaussianBlur(x, [1, 1, 6, 8], k) })),
    ...[1.2, 1.5, 2, 3].map((m) => ({ name: `rescale ${m}`, apply: (x: Float32Array) => rescale(x, [1, 1, 6, 8], m) })),
  );
  const pixels = fc
    .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 48, maxLength: 48 })
    .map((values) => Float32Array.from(values));

  test("values stay between the image's smallest and largest, and a constant image stays as it is", () => {
    fc.assert(
      fc.property(strength, pixels, ({ apply }, image) => {
        const out = apply(image);
        expect(Math.min(...out)).toBeGreaterThanOrEqual(Math.min(...image) - 1e-6);
        expect(Math.max(...out)).toBeLessThanOrEqual(Math.max(...image) + 1e-6);
        expectClose(apply(new Float32Array(48).fill(0.3)), new Array<number>(48).fill(0.3));
      }),
    );
  });

  test("a mirrored image gives the mirrored result", () => {
    const mirrored = (x: Float32Array) => x.map((_, at) => x[at - (at % 8) + 7 - (at % 8)] ?? 0);
    fc.assert(
      fc.property(strength, pixels, ({ apply }, image) => {
        expectClose(apply(mirrored(image)), [...mirrored(apply(image))]);
      }),
    );
  });
});
