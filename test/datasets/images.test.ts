import { expect, test } from "vitest";
import { bytesOf, gather, gatherLabels, type LabelledImages, threeBy32, toFloat } from "../../src/datasets/index.ts";

/** Three images of 2 channels of 1 x 2 pixels. */
const three: LabelledImages = {
  pixels: Uint8Array.of(0, 51, 102, 153, 1, 2, 3, 4, 255, 254, 253, 252),
  shape: [3, 2, 1, 2],
  labels: Int32Array.of(7, 8, 9),
  classes: [],
};

test("gather takes images and labels in the order asked, repeats included", () => {
  const out = gather(three, [2, 0, 2]);
  expect(out.shape).toEqual([3, 2, 1, 2]);
  expect([...bytesOf(out)]).toEqual([255, 254, 253, 252, 0, 51, 102, 153, 255, 254, 253, 252]);
  expect([...out.labels]).toEqual([9, 7, 9]);
  expect([...gatherLabels(three, [1, 1, 0])]).toEqual([8, 8, 7]);
});

test("toFloat divides by 255, to the nearest float32", () => {
  const out = toFloat(three, [0]);
  expect([...out]).toEqual([0, Math.fround(0.2), Math.fround(0.4), Math.fround(0.6)]);
  const all: LabelledImages = {
    ...three,
    pixels: Uint8Array.from({ length: 256 }, (_, i) => i),
    shape: [1, 1, 16, 16],
  };
  expect(toFloat(all, [0])[255]).toBe(1);
  expect(toFloat(all, [0])[7]).toBe(Math.fround(7 / 255));
});

test("toFloat writes into the batch it is given", () => {
  const out = new Float32Array(8);
  expect(toFloat(three, [2, 1], out)).toBe(out);
  expect(out[0]).toBe(1);
  expect(out[4]).toBe(Math.fround(1 / 255));
  expect(() => toFloat(three, [0], out)).toThrow("toFloat: out: expected 4 elements, got 8");
});

test("an index that is not there is named", () => {
  expect(() => gather(three, [0, 3])).toThrow("gather: indices[1]: expected a whole number in [0, 3), got 3");
  expect(() => toFloat(three, [-1])).toThrow("toFloat: indices[0]: expected a whole number in [0, 3), got -1");
  expect(() => toFloat(three, [0.5])).toThrow("got 0.5");
});

test("28 x 28 grey becomes three equal channels with 2 zeros on each side", () => {
  const grey = { pixels: new Uint8Array(2 * 784).fill(9, 784), shape: [2, 1, 28, 28] } as const;
  grey.pixels[0] = 5;
  grey.pixels[783] = 6;
  const served = threeBy32(grey);
  const { shape } = served;
  const pixels = bytesOf(served);
  expect(shape).toEqual([2, 3, 32, 32]);
  for (const channel of [0, 1, 2]) {
    const at = (y: number, x: number) => pixels[channel * 1024 + y * 32 + x];
    expect([at(2, 2), at(29, 29), at(1, 2), at(2, 1), at(30, 29)]).toEqual([5, 6, 0, 0, 0]);
    const second = pixels.subarray(3072 + channel * 1024, 3072 + (channel + 1) * 1024);
    expect(second.reduce((sum, value) => sum + value, 0)).toBe(784 * 9);
  }
});

test("three channels of 32 x 32 stay as they are; larger images have no rule", () => {
  const images = { pixels: new Uint8Array(3072), shape: [1, 3, 32, 32] } as const;
  expect(threeBy32(images).pixels).toBe(images.pixels);
  expect(() => threeBy32({ pixels: new Uint8Array(3 * 64 * 64), shape: [1, 3, 64, 64] })).toThrow("[1, 3, 64, 64]");
});
