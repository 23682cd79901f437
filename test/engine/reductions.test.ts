import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { float32 } from "../../src/base/index.ts";
import { np, type Traced } from "../../src/engine/index.ts";
import { agree, coarse, normal, property, seeds, shapes, truths, whole } from "./oracle.ts";

/** A shape and a subset of its axes, in any order, as numpy allows them. */
const shapeAndAxes = shapes(4, 4, 1).chain((shape) =>
  fc.tuple(fc.constant(shape), fc.shuffledSubarray(shape.map((_, axis) => axis))),
);

type Reduction = (x: Traced, axes: number[], options: { keepdims: boolean }) => Traced;
const reductions: Record<string, Reduction> = { sum: np.sum, max: np.max, min: np.min, prod: np.prod, mean: np.mean };

describe.each(Object.entries(reductions))("%s", (name, reduce) => {
  test(
    "over any axes",
    property(fc.tuple(shapeAndAxes, fc.boolean(), seeds), ([[shape, axes], keepdims, seed]) =>
      agree((x: Traced) => reduce(x, axes, { keepdims }), [coarse(shape, seed)]),
    ),
  );

  test(
    "over broadcast axes, in chains of broadcasts",
    property(
      fc.tuple(shapeAndAxes, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), seeds),
      ([[shape, axes], ones, seed]) => {
        const small = shape.map((length, axis) => (ones[axis] ? 1 : length));
        const fn = (x: Traced) => {
          const wide = np.broadcastTo(x, shape);
          return [reduce(wide, axes, { keepdims: false }), reduce(np.multiply(wide, 2), axes, { keepdims: true })];
        };
        return agree(fn, [coarse(small, seed)]);
      },
    ),
  );

  test.skipIf(name === "mean")(
    "of whole numbers",
    property(
      fc.tuple(shapeAndAxes, seeds),
      ([[shape, axes], seed]) =>
        agree((x: Traced) => reduce(x, axes, { keepdims: false }), [whole(shape, seed, -2, 3)]),
      6,
    ),
  );
});

test(
  "any and all of truths",
  property(fc.tuple(shapeAndAxes, seeds), ([[shape, axes], seed]) =>
    agree((x: Traced) => [np.any(x, axes), np.all(x, axes)], [truths(shape, seed)]),
  ),
);

test(
  "sums of sums, of negatives, of products with what does not vary",
  property(fc.tuple(shapeAndAxes, fc.nat(3), seeds), ([[shape, axes], extra, seed]) => {
    const along = shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
    const fn = (x: Traced, y: Traced) => {
      const once = np.sum(x, axes, { keepdims: true });
      return [
        np.sum(once),
        np.sum(once, [extra % shape.length]),
        np.sum(np.negative(x), axes),
        np.sum(np.multiply(x, y), axes),
        np.sum(np.multiply(y, x), axes),
        np.sum(np.divide(x, np.add(np.square(y), 1)), axes),
        np.sum(np.multiply(np.multiply(x, 3), y), axes),
        np.sum(np.subtract(x, y), axes),
        np.multiply(np.sum(y, axes), np.sum(x, axes)),
      ];
    };
    return agree(fn, [normal(shape, seed), normal(along, seed + 1)]);
  }),
);

test(
  "argmax and argmin take the first of equals",
  property(fc.tuple(shapes(3, 5, 1), fc.nat(2), seeds), ([shape, axis, seed]) =>
    agree((x: Traced) => [np.argmax(x, axis % shape.length), np.argmin(x, axis % shape.length)], [coarse(shape, seed)]),
  ),
);

test("variance, cumulative sum, norm", async () => {
  const fn = (x: Traced) => [np.var_(x, 1), np.std(x), np.cumsum(x, 0), np.cumsum(x, 1), np.linalg.norm(x)];
  await agree(fn, [normal([3, 4], 1)]);
});

test("a sum over a broadcast axis counts its length", async () => {
  const [total] = await agree((x: Traced) => np.sum(np.broadcastTo(x, [5, 2])), [float32([2], [1, 2])]);
  expect(total?.data).toEqual(Float32Array.of(15));
});

test("an empty list of axes, axes of length one, a scalar", async () => {
  await agree((x: Traced) => [np.sum(x, []), np.max(x, [0]), np.sum(x, [0, 2])], [normal([1, 3, 1], 1)]);
  await agree((x: Traced) => [np.sum(x), np.max(x), np.prod(x), np.mean(x)], [normal([], 1)]);
});
