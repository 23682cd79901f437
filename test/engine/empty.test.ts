import { expect, test } from "vitest";
import { float32 } from "../../src/base/index.ts";
import { conv2d, grad, np, type Traced } from "../../src/engine/index.ts";
import { run } from "./oracle.ts";

const row = float32([1, 3], [1, 2, 3]);

test("arithmetic on nothing gives nothing, and leaves what stands beside it alone", async () => {
  const fn = (none: Traced, turned: Traced, r: Traced) => [
    np.add(none, r),
    np.multiply(np.transpose(turned), r),
    np.multiply(r, 2),
  ];
  expect(await run(fn, [float32([0, 3]), float32([3, 0]), row])).toEqual([
    float32([0, 3]),
    float32([0, 3]),
    float32([1, 3], [2, 4, 6]),
  ]);
});

test("a sum over nothing is 0, a product 1", async () => {
  const fn = (none: Traced, r: Traced) => {
    const wide = np.multiply(none, r);
    return [np.sum(wide), np.sum(wide, 0), np.prod(wide, 0), np.sum(wide, 1)];
  };
  expect(await run(fn, [float32([0, 3]), row])).toEqual([
    float32([], [0]),
    float32([3], [0, 0, 0]),
    float32([3], [1, 1, 1]),
    float32([0]),
  ]);
});

test("a batch without images has results without images, and weights that it does not move", async () => {
  const layer = (x: Traced, w: Traced) => conv2d(x, w, undefined, { padding: 1 });
  const fn = (x: Traced, w: Traced) => [layer(x, w), grad((v: Traced) => np.sum(np.square(layer(x, v))))(w)];
  const [images, gradient] = await run(fn, [float32([0, 3, 8, 8]), float32([16, 3, 3, 3])]);
  expect(images).toEqual(float32([0, 16, 8, 8]));
  expect(gradient).toEqual(float32([16, 3, 3, 3]));
});
