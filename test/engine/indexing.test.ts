import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { float32, type Tensor, tensor } from "../../src/base/index.ts";
import { grad, np, type Traced, vjp } from "../../src/engine/index.ts";
import { agree, coarse, normal, property, seeds, shapes, values, whole } from "./oracle.ts";

const types = fc.constantFrom("float32" as const, "int32" as const, "bool" as const);
const indices = (shape: readonly number[], seed: number, length: number): Tensor<"int32"> =>
  whole(shape, seed, 0, length);

const taken = fc.tuple(shapes(3, 4, 1), fc.nat(2), shapes(2, 4), seeds);

test(
  "take along any axis, with indices of any shape",
  property(
    fc.tuple(types, taken),
    ([type, [shape, axis, picks, seed]]) => {
      const along = axis % shape.length;
      return agree(
        (x: Traced, i: Traced) => np.take(x, i, along),
        [values(type, shape, seed), indices(picks, seed, shape[along] ?? 1)],
      );
    },
    20,
  ),
);

test(
  "take from broadcast values and by broadcast indices",
  property(taken, ([shape, axis, picks, seed]) => {
    const along = axis % shape.length;
    const fn = (x: Traced, i: Traced) => np.take(np.broadcastTo(x, shape), np.broadcastTo(i, [2, ...picks]), along);
    return agree(fn, [
      normal(
        shape.map(() => 1),
        seed,
      ),
      indices(picks, seed, shape[along] ?? 1),
    ]);
  }),
);

test(
  "the gradient of take adds up where an index repeats",
  property(
    taken,
    ([shape, axis, picks, seed]) => {
      const along = axis % shape.length;
      const picked = shape.toSpliced(along, 1, ...picks);
      const fn = (x: Traced, i: Traced, weight: Traced) => {
        const loss = (v: Traced) => np.sum(np.multiply(weight, np.square(np.take(v, i, along))));
        const squared = (v: Traced) => np.sum(np.square(grad(loss)(v)));
        return [grad(loss)(x), grad(squared)(x)];
      };
      return agree(fn, [normal(shape, seed), indices(picks, seed, shape[along] ?? 1), normal(picked, seed + 1)]);
    },
    20,
  ),
);

test("by hand: the gradient of x[2] + x[0] + x[2] is 1, 0, 2", async () => {
  const fn = (x: Traced, i: Traced) => grad((v: Traced) => np.sum(np.take(v, i, 0)))(x);
  const [gradient] = await agree(fn, [normal([3], 1), tensor("int32", [3], Int32Array.of(2, 0, 2))]);
  expect(gradient?.data).toEqual(Float32Array.of(1, 0, 2));
});

describe("takeAlongAxis", () => {
  const cases = shapes(3, 4, 1).chain((shape) =>
    fc.tuple(fc.constant(shape), fc.nat(shape.length - 1), fc.integer({ min: 1, max: 4 }), seeds),
  );
  test(
    "and its gradient",
    property(
      cases,
      ([shape, axis, count, seed]) => {
        const picks = shape.with(axis, count);
        const fn = (x: Traced, i: Traced) => [
          np.takeAlongAxis(x, i, axis),
          grad((v: Traced) => np.sum(np.exp(np.takeAlongAxis(v, i, axis))))(x),
        ];
        return agree(fn, [normal(shape, seed), indices(picks, seed, shape[axis] ?? 1)]);
      },
      20,
    ),
  );

  test("where the other axes broadcast", async () => {
    await agree((x: Traced, i: Traced) => np.takeAlongAxis(x, i, 1), [normal([3, 4], 1), indices([1, 2], 2, 4)]);
    await agree((x: Traced, i: Traced) => np.takeAlongAxis(x, i, 1), [normal([1, 4], 1), indices([3, 2], 2, 4)]);
  });
});

test("several index arrays at once, in a row and apart", async () => {
  const [i, j] = [indices([3], 1, 2), indices([2, 1], 2, 4)];
  const fn = (x: Traced, a: Traced, b: Traced) => [
    x.ref.slice(a.ref, [], b.ref),
    x.ref.slice([], a.ref, b.ref.slice([], 0).slice(0)),
    x.ref.slice(a.ref, 1, [1, 3]),
    x.ref.slice([], 0, a.ref),
  ];
  await agree(fn, [normal([2, 3, 4], 3), i, j]);
});

test("one-hot by index equals comparison", async () => {
  const labels = indices([5], 1, 3);
  await agree((y: Traced) => np.take(np.eye(3), y, 0), [labels]);
});

describe("sort", () => {
  const cases = fc.tuple(shapes(3, 6, 1), fc.nat(2), seeds);
  test(
    "and argsort, ties keep their order",
    property(
      cases,
      ([shape, axis, seed]) => {
        const along = axis % shape.length;
        return agree((x: Traced) => [np.sort(x, along), np.argsort(x, along)], [coarse(shape, seed)]);
      },
      20,
    ),
  );

  test(
    "of whole numbers",
    property(cases, ([shape, axis, seed]) =>
      agree((x: Traced) => [np.sort(x, axis % shape.length), np.argsort(x, axis % shape.length)], [whole(shape, seed)]),
    ),
  );

  test("of broadcast values", async () => {
    await agree(
      (x: Traced) => [np.sort(np.broadcastTo(x, [2, 3])), np.argsort(np.broadcastTo(x, [2, 3]))],
      [normal([2, 1], 1)],
    );
  });

  test(
    "its gradient goes where the values came from",
    property(cases, ([shape, axis, seed]) => {
      const fn = (x: Traced, weight: Traced) => {
        const [, pull] = vjp((v: Traced) => np.sort(v, axis % shape.length), [x]) as [Traced, (ct: Traced) => Traced[]];
        return pull(weight)[0] as Traced;
      };
      return agree(fn, [normal(shape, seed), normal(shape, seed + 1)]);
    }),
  );

  test("infinities at their ends", async () => {
    const odd = float32([4], [1, Number.POSITIVE_INFINITY, -1, Number.NEGATIVE_INFINITY]);
    await agree((x: Traced) => [np.sort(x), np.argsort(x)], [odd]);
  });

  test("0 and -0 are ties", async () => {
    await agree((x: Traced) => np.argsort(x), [float32([4], [0, -0, 0, -0])]);
  });
});
