import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { float32, sizeOf } from "../../src/base/index.ts";
import { np, type Traced } from "../../src/engine/index.ts";
import { agree, coarse, normal, property, seeds, shapes, values, whole } from "./oracle.ts";

const types = fc.constantFrom("float32" as const, "int32" as const, "bool" as const);

/** A random step of movement from one shape to another, decided by `choice` alone. */
function move(x: Traced, choice: number): Traced {
  const { shape } = x;
  const rank = shape.length;
  const axis = rank === 0 ? 0 : choice % rank;
  const lengths = [...shape];
  switch (choice % 11) {
    case 0:
      return np.reshape(x, [-1]);
    case 1:
      return np.transpose(x);
    case 2:
      return rank < 2 ? x : np.moveaxis(x, 0, -1);
    case 3:
      return np.broadcastTo(x, [2, ...shape]);
    case 4:
      return np.expandDims(x, rank === 0 ? 0 : axis);
    case 5:
      return rank < 2 ? x : np.reshape(x, [(shape[0] ?? 1) * (shape[1] ?? 1), ...shape.slice(2)]);
    case 6:
      return rank === 0 ? x : np.flip(x, [axis]);
    case 7: {
      const even = lengths.findIndex((length) => length % 2 === 0);
      return even < 0 ? x : np.reshape(x, lengths.toSpliced(even, 1, 2, (lengths[even] ?? 0) / 2));
    }
    case 8:
      return np.broadcastTo(np.expandDims(x, rank), [...shape, 2]);
    case 9:
      return rank === 0 ? x : np.concatenate([x, x], axis);
    default:
      return rank === 0
        ? x
        : np.pad(
            x,
            lengths.map((_, i): [number, number] => (i === axis ? [1, 0] : [0, 0])),
          );
  }
}

const steps = fc.array(fc.nat(1000), { minLength: 1, maxLength: 6 });

test(
  "chains of movements",
  property(
    fc.tuple(types, shapes(3, 4), steps, seeds),
    ([type, shape, chain, seed]) =>
      agree(
        (x: Traced) => chain.reduce((value, choice) => (sizeOf(value.shape) > 500 ? value : move(value, choice)), x),
        [values(type, shape, seed)],
      ),
    60,
  ),
);

test(
  "chains of movements between elementwise operations that keep broadcasts lazy",
  property(
    fc.tuple(shapes(3, 4), fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), steps, seeds),
    ([shape, ones, chain, seed]) => {
      const small = shape.map((length, axis) => (ones[axis] ? 1 : length));
      const fn = (x: Traced, y: Traced) => {
        const moved = (value: Traced) =>
          chain.reduce((v, choice) => (sizeOf(v.shape) > 500 ? v : move(np.multiply(v, 2), choice)), value);
        const [a, b] = [moved(np.broadcastTo(x, shape)), moved(y)];
        return [np.add(a, b), np.sum(np.multiply(a, a)), np.sum(np.subtract(a, b), a.shape.length === 0 ? [] : [0]), a];
      };
      return agree(fn, [coarse(small, seed), coarse(shape, seed + 1)]);
    },
    40,
  ),
);

/** Shapes of 24 elements that cut one another in many ways. */
const layouts: number[][] = [[2, 3, 4], [4, 6], [24], [2, 2, 2, 3], [1, 24, 1], [8, 3], [2, 1, 12], [3, 2, 2, 2]];

describe("reshape", () => {
  test(
    "of a broadcast value, all axes split and joined",
    property(
      fc.tuple(fc.constantFrom(...layouts), fc.constantFrom(...layouts), fc.nat(15), seeds),
      ([from, to, mask, seed]) => {
        const small = from.map((length, axis) => ((mask >> axis) & 1 ? 1 : length));
        const fn = (x: Traced) => {
          const wide = np.broadcastTo(x, from);
          return [
            np.reshape(wide, to),
            np.sum(np.reshape(wide, to), [0]),
            np.add(np.reshape(wide, to), np.reshape(np.multiply(wide, 0.5), to)),
          ];
        };
        return agree(fn, [normal(small, seed)]);
      },
      40,
    ),
  );

  test("squeeze, ravel, to and from a scalar", async () => {
    await agree((x: Traced) => [np.squeeze(x), np.ravel(x), np.reshape(x, [])], [normal([1, 1], 1)]);
    await agree((x: Traced) => [np.reshape(x, [1, 1, 1]), np.broadcastTo(x, [2, 3])], [normal([], 1)]);
  });
});

test(
  "transpose by any permutation, of broadcast values too",
  property(
    shapes(4, 3, 1).chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.shuffledSubarray(
          shape.map((_, i) => i),
          { minLength: shape.length },
        ),
        fc.nat(15),
        seeds,
      ),
    ),
    ([shape, perm, mask, seed]) => {
      const small = shape.map((length, axis) => ((mask >> axis) & 1 ? 1 : length));
      const fn = (x: Traced) => {
        const turned = np.transpose(np.broadcastTo(x, shape), perm);
        return [turned, np.transpose(turned, perm), np.sum(turned, [0])];
      };
      return agree(fn, [normal(small, seed)]);
    },
  ),
);

const widths = fc.tuple(fc.nat(2), fc.nat(2));

test(
  "pad, asymmetric, of broadcast values too",
  property(
    shapes(4, 3, 1).chain((shape) =>
      fc.tuple(
        types,
        fc.constant(shape),
        fc.array(widths, { minLength: shape.length, maxLength: shape.length }),
        fc.nat(15),
        seeds,
      ),
    ),
    ([type, shape, width, mask, seed]) => {
      const small = shape.map((length, axis) => ((mask >> axis) & 1 ? 1 : length));
      return agree(
        (x: Traced) => [np.pad(x, width), np.pad(np.broadcastTo(x, shape), width)],
        [values(type, small, seed)],
      );
    },
  ),
);

/** A shape and, for each axis, a range within it. */
const shapeAndRanges = shapes(4, 4, 1).chain((shape) =>
  fc.tuple(
    fc.constant(shape),
    fc.tuple(
      ...shape.map((length) =>
        fc
          .tuple(fc.nat(length - 1), fc.nat(3))
          .map(([start, size]): [number, number] => [start, Math.min(length, start + 1 + size)]),
      ),
    ),
  ),
);

test(
  "slices, of broadcast values too",
  property(fc.tuple(types, shapeAndRanges, fc.nat(15), seeds), ([type, [shape, ranges], mask, seed]) => {
    const small = shape.map((length, axis) => ((mask >> axis) & 1 ? 1 : length));
    const fn = (x: Traced) => np.broadcastTo(x, shape).slice(...ranges);
    return agree(fn, [values(type, small, seed)]);
  }),
);

test(
  "flip any axes",
  property(
    fc.tuple(
      types,
      shapes(4, 4, 1).chain((shape) => fc.tuple(fc.constant(shape), fc.subarray(shape.map((_, i) => i)))),
      seeds,
    ),
    ([type, [shape, axes], seed]) =>
      agree((x: Traced) => [np.flip(x, axes), np.flip(np.flip(x, axes), axes)], [values(type, shape, seed)]),
  ),
);

test(
  "concatenate and stack, with broadcast and mixed parts",
  property(
    fc.tuple(
      types,
      types,
      shapes(3, 3, 1).chain((shape) => fc.tuple(fc.constant(shape), fc.nat(shape.length - 1))),
      fc.nat(7),
      seeds,
    ),
    ([left, right, [shape, axis], mask, seed]) => {
      const small = shape.map((length, i) => ((mask >> i) & 1 ? 1 : length));
      const fn = (x: Traced, y: Traced) => {
        const wide = np.broadcastTo(x, shape);
        return [np.concatenate([wide, y], axis), np.concatenate([wide, wide, wide], axis), np.stack([y, wide], axis)];
      };
      return agree(fn, [values(left, small, seed), values(right, shape, seed + 1)]);
    },
  ),
);

test(
  "split",
  property(
    fc.tuple(types, fc.constantFrom([4, 3], [2, 6], [6, 1, 2], [4]), fc.nat(2), seeds),
    ([type, shape, axis, seed]) => {
      const along = axis % shape.length;
      const parts = (shape[along] ?? 1) % 2 === 0 ? 2 : 1;
      return agree(
        (x: Traced) => [...np.split(x, parts, along), ...np.split(np.broadcastTo(x, [2, ...shape]), 2, 0)],
        [values(type, shape, seed)],
      );
    },
  ),
);

test("repeat, tile, roll, tril, diagonal", async () => {
  const fn = (x: Traced) => [
    np.repeat(x, 2, 1),
    np.tile(x, [2, 1]),
    np.roll(x, 1, 0),
    np.tril(x),
    np.diagonal(x),
    np.rot90(x),
  ];
  await agree(fn, [normal([3, 3], 1)]);
  await agree((x: Traced) => [np.repeat(x, 2, 0), np.tile(x, [2])], [whole([3], 1)]);
});

test("by hand: a broadcast column, transposed and flattened", async () => {
  const [flat] = await agree(
    (x: Traced) => np.reshape(np.transpose(np.broadcastTo(x, [2, 3])), [-1]),
    [float32([2, 1], [1, 2])],
  );
  expect(flat?.data).toEqual(Float32Array.of(1, 2, 1, 2, 1, 2));
});
