import { expect, test } from "vitest";
import { float32, sizeOf } from "../../src/base/index.ts";
import { conv2d, relu, type Traced } from "../../src/engine/index.ts";
import { run } from "./oracle.ts";

const ones = (shape: readonly number[]) => float32(shape, new Float32Array(sizeOf(shape)).fill(1));

/** Two layers, so that what the first hides cannot be seen in the end. */
function layers(images: Traced, first: Traced, second: Traced): Traced {
  const layer = (x: Traced, w: Traced) => relu(conv2d(x, w, undefined, { padding: 1 }));
  return layer(layer(images, first), second);
}

test.each([Number.NaN, Number.POSITIVE_INFINITY])(
  "a model with a weight of %s cannot look sound behind a rectifier",
  async (broken) => {
    const [images, first, second] = [ones([2, 16, 8, 8]), ones([16, 16, 3, 3]), ones([16, 16, 3, 3])];
    first.data[0] = broken;
    // Infinities meet with both signs there.
    second.data[1] = -1;
    const [got] = await run(layers, [images, first, second], { frozen: [1, 2] });
    // The first channel is broken but in its first row and column, where no window of the second layer ends.
    expect([...(got?.data ?? [])].filter(Number.isFinite)).toEqual([]);
    expect(got?.data).toHaveLength(2 * 16 * 8 * 8);
  },
);
