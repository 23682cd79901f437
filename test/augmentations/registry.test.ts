import { describe, expect, test } from "vitest";
import { augment, augmentations, checkStrength, gaussianBlur } from "../../src/augmentations/index.ts";
import { InputError, randomStream } from "../../src/base/index.ts";

describe("checkStrength", () => {
  test.each([
    ["blur", [1, 3, 63], [0, 2, 4, 2.5, -3, 65, Number.NaN, Number.POSITIVE_INFINITY]],
    ["rescale", [1, 1.25, 2, 16], [0.5, 0, -2, 32, 1000, Number.NaN, Number.POSITIVE_INFINITY]],
  ])("%s accepts %j and refuses %j", (kind, accepted, refused) => {
    for (const strength of accepted) expect(() => checkStrength(kind, strength)).not.toThrow();
    for (const strength of refused) expect(() => checkStrength(kind, strength)).toThrow(InputError);
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
  });

  test("an unknown kind lists the known ones and the nearest", () => {
    expect(() => checkStrength("blurr", 3)).toThrow('expected one of blur, rescale, got "blurr"; did you mean "blur"?');
  });
});

test("augment applies by name, checked for the batch's size", () => {
  const images = Float32Array.from({ length: 75 }, (_, i) => i / 75);
  expect(augment("blur", images, [1, 3, 5, 5], 3, randomStream(0))).toEqual(gaussianBlur(images, [1, 3, 5, 5], 3));
  expect(() => augment("blur", images, [1, 3, 5, 5], 11, randomStream(0))).toThrow("got 11 for images of 5 x 5");
});

test.each(Object.keys(augmentations))("%s keeps every image size and leaves pixels in [0, 1]", (kind) => {
  for (const [height, width] of [
    [32, 32],
    [28, 28],
    [5, 7],
    [64, 33],
  ] as const) {
    const stream = randomStream(3);
    const images = Float32Array.from({ length: 2 * 3 * height * width }, () => stream.uniform());
    const out = augment(kind, images, [2, 3, height, width], kind === "blur" ? 3 : 2, stream);
    expect(out.length).toBe(images.length);
    expect(out.every((value) => value >= 0 && value <= 1)).toBe(true);
  }
});
