import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  augment,
  augmentations,
  type BatchShape,
  checkOptions,
  checkStrength,
  gaussianBlur,
} from "../../src/augmentations/index.ts";
import { InputError, randomStream, seedFor } from "../../src/base/index.ts";

const kinds = Object.keys(augmentations);
const byteImages = (length: number, seed = 3) => {
  const stream = randomStream(seed);
  return Float32Array.from({ length }, () => stream.below(256) / 255);
};
/** A strength of each kind that changes any of these images. */
const plain: Readonly<Record<string, number>> = {
  blur: 3,
  rescale: 2,
  noise: 0.1,
  posterize: 3,
  erase: 0.3,
  rotation: 45,
  translation: 0.5,
  affine: 45,
  perspective: 0.5,
};

describe("checkStrength", () => {
  const never = [-1, Number.NaN, Number.POSITIVE_INFINITY];
  test.each([
    ["blur", [1, 3, 63], [0, 2, 4, 2.5, -3, 65]],
    ["rescale", [1, 1.25, 2, 16], [0.5, 0, 32, 1000]],
    ["noise", [0, 0.1, 1], [1.01]],
    ["posterize", [1, 4, 8], [0, 2.5, 9]],
    ["erase", [0, 0.2, 1], [1.01]],
    ["rotation", [0, 45, 180], [181]],
    ["translation", [0, 0.25, 1], [1.01]],
    ["affine", [0, 30, 180], [181]],
    ["perspective", [0, 0.25, 0.6874], [0.6875, 1, 2]],
  ])("%s accepts %j and refuses %j", (kind, accepted, refused) => {
    for (const strength of accepted) expect(() => checkStrength(kind, strength)).not.toThrow();
    for (const strength of [...refused, ...never]) expect(() => checkStrength(kind, strength)).toThrow(InputError);
  });

  test("says where, what was expected and what came", () => {
    expect(() => checkStrength("blur", 4)).toThrow(
      "blur: strength (kernel width in pixels): expected an odd whole number of at least 1, with half of it smaller than " +
        "the image, got 4 for images of 32 x 32",
    );
    expect(() => checkStrength("rescale", 40)).toThrow(/leaves at least 2 pixels a side, got 40 for images of 32 x 32/);
  });

  test("knows the images' size", () => {
    expect(() => checkStrength("blur", 17, { height: 8, width: 32 })).toThrow("got 17 for images of 8 x 32");
    expect(() => checkStrength("rescale", 8, { height: 8, width: 8 })).toThrow(InputError);
    expect(() => checkStrength("rescale", 30, { height: 64, width: 64 })).not.toThrow();
    // Corners of a 4 x 4 image that move by one pixel can come to lie in a line: (1, 1), (2, 0) and (0, 2).
    expect(() => checkStrength("perspective", 0.5, { height: 4, width: 4 })).toThrow(InputError);
    expect(() => checkStrength("perspective", 0.49, { height: 4, width: 4 })).not.toThrow();
    // Corners 21 pixels inwards of 63 can lie in a line.
    expect(() => checkStrength("perspective", 21 / 32, { height: 64, width: 64 })).toThrow(InputError);
  });

  test("an unknown kind lists the known ones and the nearest", () => {
    expect(() => checkStrength("blurr", 3)).toThrow(`${kinds.join(", ")}, got "blurr"; did you mean "blur"?`);
  });
});

describe("checkOptions", () => {
  test.each(kinds)("%s takes a probability in [0, 1] and nothing else", (kind) => {
    for (const probability of [0, 0.3, 1]) expect(() => checkOptions(kind, { probability })).not.toThrow();
    for (const probability of [-0.1, 1.1, Number.NaN, "1", true, null, undefined])
      expect(() => checkOptions(kind, { probability })).toThrow(InputError);
    expect(() => checkOptions(kind, { probabilty: 1 })).toThrow('got "probabilty"; did you mean "probability"?');
  });

  test.each(kinds)("%s takes an interpolation if it has one", (kind) => {
    const has = augmentations[kind]?.defaults.interpolation !== undefined;
    expect(has).toBe(["rotation", "affine", "perspective"].includes(kind));
    for (const interpolation of ["nearest", "bilinear"])
      if (has) expect(() => checkOptions(kind, { interpolation })).not.toThrow();
      else expect(() => checkOptions(kind, { interpolation })).toThrow(InputError);
  });

  test("say where, what was expected and what came", () => {
    expect(() => checkOptions("erase", { probability: 2 })).toThrow(
      "erase: options.probability: expected a number in [0, 1], got 2",
    );
    expect(() => checkOptions("rotation", { interpolation: "bicubic" })).toThrow(
      'rotation: options.interpolation: expected nearest or bilinear, got "bicubic"',
    );
    expect(() => augment("erase", byteImages(75), [1, 3, 5, 5], 0.2, randomStream(0), { probability: 2 })).toThrow(
      InputError,
    );
  });
});

test("augment applies by name, checked for the batch's size", () => {
  const images = byteImages(75);
  expect(augment("blur", images, [1, 3, 5, 5], 3, randomStream(0))).toEqual(gaussianBlur(images, [1, 3, 5, 5], 3));
  expect(() => augment("blur", images, [1, 3, 5, 5], 11, randomStream(0))).toThrow("got 11 for images of 5 x 5");
});

describe.each(kinds)("%s", (kind) => {
  const shape: BatchShape = [16, 3, 9, 8];
  const images = byteImages(16 * 216);
  const strength = plain[kind] ?? Number.NaN;
  const at = (seed: number, options?: Record<string, unknown>) =>
    augment(kind, images, shape, strength, randomStream(seedFor(seed, kind)), options);
  const imagesOf = (batch: Float32Array) => Array.from({ length: 16 }, (_, i) => batch.slice(216 * i, 216 * (i + 1)));

  test("keeps every image size and leaves pixels in [0, 1], whatever the strength", () => {
    const sizes = fc.constantFrom<[number, number]>([32, 32], [28, 28], [5, 7], [16, 9]);
    const strengths = fc.constantFrom(0, 0.1, 0.25, 0.5, 0.6, 1, 1.5, 2, 3, 4, 5, 8, 30, 90, 180);
    fc.assert(
      fc.property(sizes, strengths, fc.nat(), fc.constantFrom(1, 3), ([height, width], strength, seed, channels) => {
        fc.pre(augmentations[kind]?.accepts(strength, height, width) ?? false);
        const images = byteImages(2 * channels * height * width, seed);
        const out = augment(kind, images, [2, channels, height, width], strength, randomStream(seed));
        expect(out.length).toBe(images.length);
        expect(out.every((value) => value >= 0 && value <= 1)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("changes nothing at its identity strength, in either interpolation", () => {
    const { identity = Number.NaN, defaults } = augmentations[kind] ?? {};
    const ways = defaults?.interpolation ? [{ interpolation: "nearest" }, { interpolation: "bilinear" }] : [{}];
    for (const way of ways)
      expect(augment(kind, images, shape, identity, randomStream(1), { probability: 1, ...way })).toEqual(images);
  });

  test("changes nothing with probability 0, and leaves its input alone", () => {
    const before = images.slice();
    const out = at(1, { probability: 0 });
    expect(out).toEqual(before);
    expect(out).not.toBe(images);
    at(1, { probability: 1 });
    expect(images).toEqual(before);
  });

  test("is decided by the stream", () => {
    expect(at(1)).toEqual(at(1));
    if (!["blur", "rescale", "posterize"].includes(kind)) expect(at(1)).not.toEqual(at(2));
  });

  test("does to an image what it does, whatever happens to the others", () => {
    const [some, all, none] = [at(5, { probability: 0.5 }), at(5, { probability: 1 }), images].map(imagesOf);
    if (!some || !all || !none) throw new Error("no images");
    const changed = some.map((image, i) => !equal(image, none[i]));
    expect(changed.filter(Boolean).length).toBeGreaterThan(2);
    expect(changed.filter(Boolean).length).toBeLessThan(14);
    for (const [i, image] of some.entries()) if (changed[i]) expect(image).toEqual(all[i]);
  });

  test("refuses data that do not fit the shape", () => {
    expect(() => augment(kind, images, [16, 3, 9, 9], strength, randomStream(0))).toThrow(
      "images: expected 3888 elements for shape [16, 3, 9, 9], got 3456",
    );
  });
});

test("probability 1/2 changes about half the images", () => {
  const images = new Float32Array(4000).fill(1);
  const out = augment("posterize", images, [4000, 1, 1, 1], 4, randomStream(8));
  const changed = out.filter((value) => value < 1).length;
  // Four standard deviations of a binomial: 4 * sqrt(4000) / 2.
  expect(Math.abs(changed - 2000)).toBeLessThan(126);
});

const equal = (a: Float32Array, b: Float32Array | undefined) => a.every((value, i) => value === b?.[i]);
