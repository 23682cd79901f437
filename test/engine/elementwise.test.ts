import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { float32, tensor } from "../../src/base/index.ts";
import { cast, lax, np, type Traced } from "../../src/engine/index.ts";
import { agree, broadcastable, coarse, normal, property, run, seeds, shapes, truths, values, whole } from "./oracle.ts";

const types = fc.constantFrom("float32" as const, "int32" as const, "bool" as const);
const numbers = fc.constantFrom("float32" as const, "int32" as const);

describe("one argument", () => {
  const functions: Record<string, (x: Traced) => Traced> = {
    negative: np.negative,
    abs: np.abs,
    sign: np.sign,
    square: np.square,
    floor: np.floor,
    ceil: np.ceil,
    trunc: np.trunc,
    exp: np.exp,
    expm1: np.expm1,
    log: (x) => np.log(np.abs(x)),
    log1p: (x) => np.log1p(np.abs(x)),
    sqrt: (x) => np.sqrt(np.abs(x)),
    reciprocal: (x) => np.reciprocal(np.add(np.abs(x), 0.5)),
    sin: np.sin,
    cos: np.cos,
    tan: np.tan,
    asin: (x) => np.asin(np.sin(x)),
    acos: (x) => np.acos(np.sin(x)),
    atan: np.atan,
    sinh: np.sinh,
    cosh: np.cosh,
    tanh: np.tanh,
    erf: lax.erf,
    erfc: lax.erfc,
    stopGradient: lax.stopGradient,
  };
  test.each(Object.entries(functions))("%s of floats", async (_, fn) => {
    const args = [normal([2, 3], 1), normal([], 2), coarse([7], 3)];
    await agree((x: Traced, y: Traced, z: Traced) => [fn(x), fn(y), fn(z)], args);
  });

  test("whole numbers: negative, abs, square", async () => {
    await agree((x: Traced) => [np.negative(x), np.abs(x), np.square(x)], [whole([3, 4], 1)]);
  });

  test("logicalNot and isnan, isinf, isfinite", async () => {
    const odd = float32([5], [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 1]);
    await agree(
      (x: Traced, b: Traced) => [np.isnan(x), np.isinf(x), np.isfinite(x), np.logicalNot(b)],
      [odd, truths([4], 1)],
    );
  });

  test("what is defined for floats only says so, with its equation", async () => {
    await expect(run((x: Traced) => np.exp(x), [whole([2], 1)])).rejects.toThrow(/no exp of int32, in\n.*exp/);
    await expect(run((x: Traced) => np.negative(x), [truths([2], 1)])).rejects.toThrow(/no neg of bool, in\n.*neg/);
  });
});

describe("two arguments, all types, all broadcasts", () => {
  const functions: Record<string, (x: Traced, y: Traced) => Traced> = {
    add: np.add,
    multiply: np.multiply,
    maximum: np.maximum,
    minimum: np.minimum,
    less: np.less,
    lessEqual: np.lessEqual,
    greater: np.greater,
    greaterEqual: np.greaterEqual,
    equal: np.equal,
    notEqual: np.notEqual,
  };
  const cases = fc.tuple(types, types, broadcastable(2), seeds);
  test.each(Object.entries(functions))("%s", (_, fn) =>
    property(cases, ([left, right, [a = [], b = []], seed]) =>
      agree(fn, [values(left, a, seed), values(right, b, seed + 1)]),
    )(),
  );

  const numberCases = fc.tuple(numbers, numbers, broadcastable(2), seeds);
  const ofNumbers: Record<string, (x: Traced, y: Traced) => Traced> = {
    subtract: np.subtract,
    divide: (x, y) => np.divide(x, np.add(np.abs(y), 1)),
    power: (x, y) => np.power(cast(np.add(np.abs(x), 0.5), "float32"), y),
  };
  test.each(Object.entries(ofNumbers))("%s of numbers", (_, fn) =>
    property(numberCases, ([left, right, [a = [], b = []], seed]) =>
      agree(fn, [values(left, a, seed), values(right, b, seed + 1)]),
    )(),
  );

  test(
    "logical operations",
    property(fc.tuple(broadcastable(2), seeds), ([[a = [], b = []], seed]) =>
      agree(
        (x: Traced, y: Traced) => [np.logicalAnd(x, y), np.logicalOr(x, y), np.logicalXor(x, y)],
        [truths(a, seed), truths(b, seed + 1)],
      ),
    ),
  );

  test("comparisons with NaN are false, but for notEqual", async () => {
    const [x, y] = [float32([3], [Number.NaN, 1, Number.NaN]), float32([3], [1, Number.NaN, Number.NaN])];
    const compare = (a: Traced, b: Traced) => [
      np.less(a, b),
      np.lessEqual(a, b),
      np.greater(a, b),
      np.greaterEqual(a, b),
      np.equal(a, b),
      np.notEqual(a, b),
    ];
    const got = await agree(compare, [x, y]);
    expect(got.map(({ data }) => [...data])).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
      [1, 1, 1],
    ]);
  });
});

test("scalars of JavaScript on either side", async () => {
  const fn = (x: Traced) => [
    np.add(x, 2),
    np.add(x, 0),
    np.subtract(2, x),
    np.subtract(x, 0),
    np.subtract(0, x),
    np.multiply(x, -0.5),
    np.multiply(x, 1),
    np.multiply(-1, x),
    np.multiply(0, x),
    np.divide(x, 3),
    np.divide(3, np.add(x, 10)),
    np.maximum(x, 0),
    np.minimum(0.5, x),
    np.greater(x, 0),
    np.equal(0, x),
    np.multiply(np.multiply(x, 3), np.multiply(2, x)),
    np.multiply(np.multiply(np.multiply(x, 3), 5), -1),
    np.subtract(np.negative(x), np.negative(np.multiply(x, 2))),
    np.add(np.negative(x), x),
    np.subtract(x, x),
    np.negative(np.subtract(x, 1)),
  ];
  await agree(fn, [coarse([3, 2], 5)]);
  await agree(fn, [coarse([], 6)]);
  await agree(
    (x: Traced) => [np.add(x, 2), np.multiply(x, -1), np.multiply(x, 0), np.maximum(x, 0), np.greater(x, 0)],
    [whole([4], 5)],
  );
});

test("division is true division, whatever the types", async () => {
  const [seven, two] = [tensor("int32", [1], Int32Array.of(7)), float32([1], [2])];
  const fn = (x: Traced, y: Traced) => [
    np.divide(x, y),
    np.divide(y, x),
    np.divide(x, 2),
    np.divide(7, y),
    np.divide(x, x),
  ];
  const got = await agree(fn, [seven, two]);
  expect(got.map(({ data }) => data[0])).toEqual([3.5, Math.fround(2 / 7), 3.5, 3.5, 1]);
});

test("a fraction beside whole numbers or truths is not cut", async () => {
  const fn = (n: Traced, b: Traced) => [
    np.multiply(n, 0.5),
    np.add(0.5, n),
    np.subtract(n, 0.5),
    np.maximum(n, 0.5),
    np.less(n, 0.5),
    np.equal(n, 1.5),
    np.multiply(b, 0.25),
    np.where(b, n, 0.5),
    np.power(n, 0.5),
  ];
  const got = await agree(fn, [tensor("int32", [2], Int32Array.of(0, 1)), tensor("bool", [2], Uint8Array.of(1, 0))]);
  expect(got.map(({ data }) => [...data])).toEqual([
    [0, 0.5],
    [0.5, 1.5],
    [-0.5, 0.5],
    [0.5, 1],
    [1, 0],
    [0, 0],
    [0.25, 0],
    [0, 0.5],
    [0, 1],
  ]);
});

describe("integer division", () => {
  const operands = fc.tuple(broadcastable(2), seeds);
  const nonZero = (shape: readonly number[], seed: number) => {
    const { data } = whole(shape, seed, 1, 5);
    return tensor(
      "int32",
      shape,
      data.map((value, i) => (i % 2 ? -value : value)),
    );
  };
  const functions: Record<string, (x: Traced, y: Traced) => Traced> = {
    "floorDivide (toward minus infinity)": np.floorDivide,
    "remainder (sign of the divisor)": np.remainder,
    "fmod (sign of the dividend)": np.fmod,
  };
  test.each(Object.entries(functions))("%s", (_, fn) =>
    property(operands, async ([[a = [], b = []], seed]) => {
      await agree(fn, [whole(a, seed, -9, 10), nonZero(b, seed)]);
      await agree(fn, [
        coarse(a, seed),
        tensor(
          "float32",
          b,
          Float32Array.from(nonZero(b, seed).data, (v) => v / 4),
        ),
      ]);
    })(),
  );

  test("by hand: -7 and 7 by 2 and -2", async () => {
    const [x, y] = [
      tensor("int32", [4], Int32Array.of(-7, 7, -7, 7)),
      tensor("int32", [4], Int32Array.of(2, 2, -2, -2)),
    ];
    const divide = (a: Traced, b: Traced) => [np.floorDivide(a, b), np.remainder(a, b), np.fmod(a, b)];
    const got = await run(divide, [x, y]);
    expect(got.map(({ data }) => [...data])).toEqual([
      [-4, 3, 3, -4],
      [1, 1, -1, -1],
      [-1, 1, -1, 1],
    ]);
  });
});

describe("where", () => {
  test(
    "all types and broadcasts",
    property(
      fc.tuple(types, types, broadcastable(3), seeds),
      ([left, right, [c = [], a = [], b = []], seed]) =>
        agree(
          (m: Traced, x: Traced, y: Traced) => np.where(m, x, y),
          [truths(c, seed), values(left, a, seed), values(right, b, seed + 1)],
        ),
      20,
    ),
  );

  test("the branch that is not taken may be NaN or infinite", async () => {
    const mask = tensor("bool", [4], Uint8Array.of(1, 0, 1, 0));
    const x = float32([4], [1, Number.NaN, 2, Number.POSITIVE_INFINITY]);
    const fn = (m: Traced, v: Traced) => [
      np.where(m, v, 0),
      np.where(np.logicalNot(m), 0, v),
      np.where(m, np.multiply(v, 2), np.multiply(v, 0)),
    ];
    const [kept, other] = await agree(fn, [mask, x]);
    expect(kept?.data).toEqual(Float32Array.of(1, 0, 2, 0));
    expect(other?.data).toEqual(Float32Array.of(1, 0, 2, 0));
  });

  test("scalar branches", async () => {
    const fn = (m: Traced, x: Traced) => [np.where(m, 0, x), np.where(m, x, 0), np.where(m, 1, 0), np.where(m, x, x)];
    await agree(fn, [truths([3, 2], 1), coarse([3, 2], 2)]);
    await agree(fn, [truths([3, 2], 1), whole([2], 2)]);
  });
});

test(
  "cast between all types",
  property(
    fc.tuple(types, types, shapes(3), seeds),
    ([from, to, shape, seed]) => agree((x: Traced) => cast(x, to), [values(from, shape, seed)]),
    20,
  ),
);

test("cast toward zero, NaN is true", async () => {
  const x = float32([6], [-1.7, 1.7, -0.5, 0.5, 2 ** 24 + 2, 0]);
  const [whole_] = await agree((v: Traced) => cast(v, "int32"), [x]);
  expect(whole_?.data).toEqual(Int32Array.of(-1, 1, 0, 0, 2 ** 24 + 2, 0));
  const [truth] = await run((v: Traced) => cast(v, "bool"), [float32([4], [Number.NaN, 0, -0, 0.5])]);
  expect(truth?.data).toEqual(Uint8Array.of(1, 0, 0, 1));
});

test("masks: the step function and its cousins at 0, -0 and NaN", async () => {
  const x = float32([5], [-1, -0, 0, 1, Number.NaN]);
  const fn = (v: Traced) => [
    cast(np.greater(v, 0), "float32"),
    cast(np.less(0, v), "float32"),
    cast(np.less(v, 0), "float32"),
    cast(np.greaterEqual(v, 0), "float32"),
    np.where(np.greater(v, 0), 1, 0),
    np.clip(v, -0.5, 0.5),
  ];
  await agree(fn, [x]);
});
