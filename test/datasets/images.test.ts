import { expect, test } from "vitest";
import {
  bytesOf,
  concatenate,
  gather,
  gatherLabels,
  type LabelledImages,
  threeBy32,
  toFloat,
} from "../../src/datasets/index.ts";

/** Three images of 2 channels of 1 x 2 pixels. */
const three: LabelledImages = {
  pixels: Uint8Array.of(0, 51, 102, 153, 1, 2, 3, 4, 255, 254, 253, 252),
  shape: [3, 2, 1, 2],
  labels: Int32Array.of(7, 8, 9),
  classes: [],
};

/** The same, not held in memory: image k is bytes 4 k to 4 k + 3. */
const read: LabelledImages = {
  ...three,
  pixels: { read: (index, out, at) => out.set(bytesOf(three).subarray(4 * index, 4 * index + 4), at) },
};

test("images that are read one by one are those in memory", () => {
  expect(bytesOf(read)).toEqual(bytesOf(three));
  expect(toFloat(read, [2, 0])).toEqual(toFloat(three, [2, 0]));
  const view = gather(read, [2, 0, 2]);
  expect(bytesOf(view)).toEqual(bytesOf(gather(three, [2, 0, 2])));
  expect(toFloat(view, [1])).toEqual(toFloat(three, [0]));
  expect(view.labels).toEqual(Int32Array.of(9, 7, 9));
});

test("sets one after the other, held or not; of one image size", () => {
  const both = concatenate([three, gather(read, [1])]);
  expect(both.shape).toEqual([4, 2, 1, 2]);
  expect([...bytesOf(both)]).toEqual([...bytesOf(three), 1, 2, 3, 4]);
  expect(() => concatenate([])).toThrow("expected at least one set");
  expect(() => concatenate([three, { pixels: new Uint8Array(4), shape: [1, 1, 2, 2] }])).toThrow(
    "concatenate: expected images of [2,1,2], got [1,2,2]",
  );
});

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

test("smaller colour images keep their channels and stand in the middle, a spare row or column below or right", () => {
  const [height, width] = [3, 30];
  const small = Uint8Array.from({ length: 2 * 3 * height * width }, (_, i) => 1 + (i % 250));
  const served = bytesOf(threeBy32({ pixels: small, shape: [2, 3, height, width] }));
  const expected = new Uint8Array(2 * 3 * 1024);
  for (let plane = 0; plane < 6; plane++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        expected[plane * 1024 + (y + 14) * 32 + x + 1] = small[(plane * height + y) * width + x] ?? 0;
  expect(served).toEqual(expected);
});

test("three channels of 32 x 32 stay as they are; larger images have no rule", () => {
  const images = { pixels: new Uint8Array(3072), shape: [1, 3, 32, 32] } as const;
  expect(threeBy32(images).pixels).toBe(images.pixels);
  expect(() => threeBy32({ pixels: new Uint8Array(3 * 64 * 64), shape: [1, 3, 64, 64] })).toThrow("[1, 3, 64, 64]");
  for (const shape of [
    [1, 3, 33, 32],
    [1, 3, 32, 33],
    [1, 2, 32, 32],
    [1, 4, 32, 32],
  ] as const)
    expect(() => threeBy32({ pixels: new Uint8Array(6000), shape })).toThrow(`[${shape.join(", ")}]`);
});
