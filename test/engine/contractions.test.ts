import fc from "fast-check";
import { describe, test } from "vitest";
import { float32 } from "../../src/base/index.ts";
import { grad, np, type Traced } from "../../src/engine/index.ts";
import { agree, normal, property, seeds, shapes, whole } from "./oracle.ts";

const length = fc.integer({ min: 1, max: 4 });

test(
  "matmul with any batch axes, broadcast, and both gradients",
  property(
    fc.tuple(shapes(2, 3), fc.nat(3), fc.nat(3), fc.nat(2), fc.nat(2), length, length, length, seeds),
    ([batch, onesLeft, onesRight, dropLeft, dropRight, n, k, m, seed]) => {
      const side = (ones: number, drop: number) =>
        batch.map((size, axis) => ((ones >> axis) & 1 ? 1 : size)).slice(drop);
      const left = [...side(onesLeft, dropLeft), n, k];
      const right = [...side(onesRight, dropRight), k, m];
      const fn = (x: Traced, y: Traced) => {
        const loss = (a: Traced, b: Traced) => np.sum(np.square(np.matmul(a, b)));
        return [np.matmul(x, y), grad(loss)(x, y), grad((b: Traced, a: Traced) => loss(a, b))(y, x)];
      };
      return agree(fn, [normal(left, seed), normal(right, seed + 1)]);
    },
    30,
  ),
);

test("vectors on either side", async () => {
  const fn = (v: Traced, w: Traced, m: Traced) => [
    np.dot(v, w),
    np.matmul(m, v),
    np.matmul(w, np.transpose(m)),
    np.outer(v, w),
    np.vdot(v, w),
    np.inner(m, v),
  ];
  await agree(fn, [normal([3], 1), normal([3], 2), normal([2, 3], 3)]);
});

describe("einsum", () => {
  const cases: readonly [string, ...number[][]][] = [
    ["ij,jk->ik", [2, 3], [3, 4]],
    ["bij,bjk->bik", [2, 3, 4], [2, 4, 2]],
    ["bij,bij->b", [2, 3, 4], [2, 3, 4]],
    ["ij,ij->", [2, 3], [2, 3]],
    ["i,j->ij", [2], [3]],
    ["ij->ji", [2, 3]],
    ["ii->i", [3, 3]],
    ["ii", [3, 3]],
    ["ijk->k", [2, 3, 4]],
    ["bhqd,bhkd->bhqk", [2, 2, 3, 4], [2, 2, 2, 4]],
    ["bhqk,bkhd->bqhd", [2, 2, 3, 4], [2, 4, 2, 3]],
    ["abc,cd,de->abe", [2, 2, 3], [3, 2], [2, 3]],
    ["abc,abd->cd", [2, 3, 2], [2, 3, 4]],
    ["ab,cd->acbd", [2, 3], [2, 2]],
    ["ba,bc,bd->acd", [3, 2], [3, 2], [3, 2]],
  ];
  test.each(cases)("%s", async (equation, ...operands) => {
    const args = operands.map((shape, i) => normal(shape, i + 1));
    const fn = (...xs: Traced[]) => {
      const product = (...ys: Traced[]) => np.einsum(equation, ...(ys as [Traced]));
      return [product(...xs), grad((...ys: Traced[]) => np.sum(np.square(product(...ys))))(...xs)];
    };
    await agree(fn, args);
  });
});

describe("tensordot", () => {
  const cases: readonly [number[], number[], number | [number[], number[]]][] = [
    [[2, 3], [3, 4], 1],
    [[2, 3, 4], [3, 4, 2], 2],
    [[2, 3], [2, 4], 0],
    [
      [2, 3, 4],
      [4, 2, 3],
      [
        [0, 2],
        [1, 0],
      ],
    ],
    [
      [2, 3, 4],
      [5, 4, 3],
      [
        [1, 2],
        [2, 1],
      ],
    ],
  ];
  test.each(cases)("[%s] . [%s] over %s", async (left, right, axes) => {
    await agree((x: Traced, y: Traced) => np.tensordot(x, y, axes as number), [normal(left, 1), normal(right, 2)]);
  });
});

test(
  "products of broadcast values: every axis in one side, both or neither",
  property(
    fc.tuple(shapes(4, 3, 1), fc.nat(15), fc.nat(15), seeds),
    ([shape, onesLeft, onesRight, seed]) => {
      const small = (ones: number) => shape.map((size, axis) => ((ones >> axis) & 1 ? 1 : size));
      const fn = (x: Traced, y: Traced) => {
        const [a, b] = [np.broadcastTo(x, shape), np.broadcastTo(y, shape)];
        return [np.vecdot(a, b), np.sum(np.multiply(a, b), -1), np.matmul(np.expandDims(a, -2), np.expandDims(b, -1))];
      };
      return agree(fn, [normal(small(onesLeft), seed), normal(small(onesRight), seed + 1)]);
    },
    40,
  ),
);

test("whole numbers and mixed types", async () => {
  const fn = (x: Traced, y: Traced) => [np.matmul(x, y), np.dot(x, y)];
  await agree(fn, [whole([2, 3], 1), whole([3, 2], 2)]);
  await agree(fn, [whole([2, 3], 1), normal([3, 2], 2)]);
  await agree((x: Traced, y: Traced) => np.vecdot(x, y), [whole([2, 3], 1), whole([2, 3], 2)]);
});

test("a constant side", async () => {
  const fn = (x: Traced) => [
    np.matmul(x, np.ones([3, 2])),
    np.matmul(np.eye(2), x),
    np.matmul(np.zeros([4, 2]), x),
    np.dot(x, np.array([1, 2, 3])),
  ];
  await agree(fn, [float32([2, 3], [1, 2, 3, 4, 5, 6])]);
});

test("quadratic forms and their second derivatives", async () => {
  const fn = (x: Traced, a: Traced) => {
    const form = (v: Traced) => np.dot(v, np.matmul(a, v));
    return [form(x), grad(form)(x), grad((v: Traced) => np.sum(np.square(grad(form)(v))))(x)];
  };
  await agree(fn, [normal([4], 1), normal([4, 4], 2)]);
});
