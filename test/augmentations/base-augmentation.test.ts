import { describe, expect, test } from "vitest";
import { type BatchShape, baseAugmentation, horizontalFlip, randomCrop } from "../../src/augmentations/index.ts";
import { randomStream, seedFor } from "../../src/base/index.ts";
import { told } from "./told-stream.ts";

const shape: BatchShape = [1, 1, 3, 3];
const image = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);

describe("random crop", () => {
  // With padding 1, offset (1, 1) of 0-2 is the image itself; (0, 0) shows the padding above and to the left.
  test.each([
    [
      [1, 1],
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
    ],
    [
      [0, 0],
      [0, 0, 0, 0, 1, 2, 0, 4, 5],
    ],
    [
      [2, 2],
      [5, 6, 0, 8, 9, 0, 0, 0, 0],
    ],
    [
      [0, 2],
      [0, 0, 0, 2, 3, 0, 5, 6, 0],
    ],
    [
      [2, 1],
      [4, 5, 6, 7, 8, 9, 0, 0, 0],
    ],
  ])("at offset %j of the padded image", (offset, expected) => {
    expect([...randomCrop(image, shape, 1, told(...offset))]).toEqual(expected);
  });

  test("moves all channels of an image alike, and each image by itself", () => {
    const two = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    // Two images of two channels of 1 x 2: the first moves right by one, the second left by one.
    expect([...randomCrop(two, [2, 2, 1, 2], 1, told(1, 0, 1, 2))]).toEqual([0, 1, 0, 3, 6, 0, 8, 0]);
  });

  test("beyond the image leaves only zeros", () => {
    expect([...randomCrop(image, shape, 4, told(0, 0))]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect([...randomCrop(image, shape, 4, told(4, 8))]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test("uses each of the 81 offsets of padding 4 equally often", () => {
    // A single lit pixel in the middle of 9 x 9 shows the offset. 81 cells of 8100 / 81 = 100 expected: chi-squared of 80
    // degrees of freedom is below 124.8 with probability 0.999.
    const point = new Float32Array(81);
    point[40] = 1;
    const counts = new Map<number, number>();
    const stream = randomStream(7);
    for (let i = 0; i < 8100; i++) {
      const at = randomCrop(point, [1, 1, 9, 9], 4, stream).indexOf(1);
      counts.set(at, (counts.get(at) ?? 0) + 1);
    }
    expect(counts.size).toBe(81);
    const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0);
    expect(chiSquared).toBeLessThan(124.8);
  });
});

describe("horizontal flip", () => {
  test("mirrors every row of the images whose number is below 1/2", () => {
    const two = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    expect([...horizontalFlip(two, [2, 2, 1, 2], told(0.49, 0.5))]).toEqual([2, 1, 4, 3, 5, 6, 7, 8]);
    expect([...horizontalFlip(image, shape, told(0))]).toEqual([3, 2, 1, 6, 5, 4, 9, 8, 7]);
  });

  test("leaves its input alone", () => {
    const before = image.slice();
    horizontalFlip(image, shape, told(0));
    randomCrop(image, shape, 1, told(0, 0));
    expect(image).toEqual(before);
  });
});

describe("the base augmentation", () => {
  const batch: BatchShape = [16, 3, 32, 32];
  const images = Float32Array.from({ length: 16 * 3072 }, (_, i) => ((i * 31) % 255) / 255);

  test("is the same for the same address and differs between addresses", () => {
    const at = (step: number) => baseAugmentation(images, batch, randomStream(seedFor(5, "augment", 0, step)));
    expect(at(0)).toEqual(at(0));
    expect(at(0)).not.toEqual(at(1));
  });

  test("crops, then flips", () => {
    const stream = randomStream(1);
    const inTwo = horizontalFlip(randomCrop(images, batch, 4, stream), batch, stream);
    expect(baseAugmentation(images, batch, randomStream(1))).toEqual(inTwo);
  });

  test("refuses data that do not fit the shape", () => {
    const stream = randomStream(1);
    expect(() => baseAugmentation(images, [16, 3, 32, 31], stream)).toThrow(
      "randomCrop: images: expected 47616 elements for shape [16, 3, 32, 31], got 49152",
    );
  });
});
