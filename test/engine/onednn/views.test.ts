import fc from "fast-check";
import { expect, test } from "vitest";
import { sizeOf } from "../../../src/base/index.ts";
import {
  denseStrides,
  isDense,
  memoryOrder,
  reshaped,
  transposed,
  type View,
  view,
} from "../../../src/engine/onednn/views.ts";

/** Places of all elements in row-major order of the view's shape. */
function places({ shape, strides, offset }: View): number[] {
  return shape.reduce<number[]>(
    (found, length, axis) =>
      found.flatMap((place) => Array.from({ length }, (_, i) => place + i * (strides[axis] ?? 0))),
    [offset],
  );
}

const whole = (shape: readonly number[]) =>
  view({ name: "x", length: sizeOf(shape), width: 4, address: 0 }, shape, denseStrides(shape));

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 });

test("a reshape of a view has the same elements in the same order", () => {
  fc.assert(
    fc.property(shapes, shapes, fc.infiniteStream(fc.nat()), (from, splits, random) => {
      const perm = from.map((_, i) => i).sort(() => (random.next().value % 3) - 1);
      const moved = transposed(whole(from), perm);
      // Split some axes in two, then join some neighbours.
      const to = moved.shape.flatMap((length, i) => (length === 4 && (splits[i] ?? 0) > 2 ? [2, 2] : [length]));
      const given = reshaped(moved, to);
      expect(given && places(given)).toEqual(places(moved));
      const flat = reshaped(moved, [sizeOf(from)]);
      if (flat) expect(places(flat)).toEqual(places(moved));
      else expect(isDense(moved) && memoryOrder(moved).every((axis, i) => axis === i)).toBe(false);
    }),
    { seed: 7 },
  );
});

test("channels-last images keep their windows and lose their rows", () => {
  const image = transposed(whole([2, 4, 6, 3]), [0, 3, 1, 2]); // [2, 3, 4, 6], channels innermost
  expect(reshaped(image, [2, 3, 2, 2, 3, 2])?.strides).toEqual([72, 1, 36, 18, 6, 3]);
  expect(reshaped(image, [2, 72])).toBeUndefined();
});
