import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { float32, type Tensor, tensor } from "../../src/base/index.ts";
import {
  averagePool,
  conv2d,
  crossEntropy,
  grad,
  linear,
  maxPool,
  np,
  oneHot,
  relu,
  type Traced,
  vjp,
} from "../../src/engine/index.ts";
import { agree, coarse, expectClose, normal, property, run, seeds, whole } from "./oracle.ts";
import * as reference from "./reference.ts";

const array64 = ({ shape, data }: Tensor) => reference.array64(shape, data);
const rounded = ({ shape, data }: reference.Array64) => float32(shape, data);

/** Value, gradient of a curved loss, gradient of that gradient's squared norm. */
function derivatives(layer: (x: Traced) => Traced): (x: Traced) => Traced[] {
  const loss = (x: Traced) => np.sum(np.sin(layer(x)));
  const norm = (x: Traced) => np.sum(np.square(grad(loss)(x)));
  return (x) => [layer(x), grad(loss)(x), grad(norm)(x)];
}

describe("relu", () => {
  test(
    "value, first and second derivatives",
    property(fc.tuple(fc.constantFrom([], [5], [2, 3], [2, 16, 2, 2]), seeds), ([shape, seed]) =>
      agree(derivatives(relu), [coarse(shape, seed)]),
    ),
  );

  test("NaN stays NaN, so that a broken model cannot look sound", async () => {
    const [value] = await run(
      (x: Traced) => relu(x),
      [float32([4], [Number.NaN, -1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])],
    );
    expect(value?.data).toEqual(Float32Array.of(Number.NaN, 0, 0, Number.POSITIVE_INFINITY));
  });

  test("its derivative at 0 is 0", async () => {
    const fn = (x: Traced) => [relu(x), grad((v: Traced) => np.sum(relu(v)))(x)];
    const [value, gradient] = await agree(fn, [float32([4], [-1, 0, -0, 2])]);
    expect([...(value?.data ?? [])].map(Math.abs)).toEqual([0, 0, 0, 2]);
    expect(gradient?.data).toEqual(Float32Array.of(0, 0, 0, 1));
  });

  test("the mask is shared with a value that is read elsewhere too", async () => {
    const fn = (x: Traced) => {
      const y = np.multiply(x, 2);
      const g = grad((v: Traced) => np.sum(np.square(relu(np.multiply(v, 2)))))(x);
      return [y, relu(y), g, relu(np.add(relu(y), -1))];
    };
    await agree(fn, [coarse([3, 4], 1)]);
  });
});

const pools = fc
  .record({
    batch: fc.integer({ min: 1, max: 2 }),
    channels: fc.constantFrom(1, 3, 16),
    size: fc.integer({ min: 1, max: 3 }),
    rows: fc.integer({ min: 1, max: 3 }),
    columns: fc.integer({ min: 1, max: 3 }),
    seed: seeds,
  })
  .map(({ batch, channels, size, rows, columns, seed }) => ({
    shape: [batch, channels, rows * size, columns * size],
    size,
    seed,
  }));

describe("maxPool", () => {
  test(
    "value, first and second derivatives",
    property(pools, ({ shape, size, seed }) =>
      agree(
        derivatives((x) => maxPool(x, size)),
        [normal(shape, seed)],
      ),
    ),
  );

  test(
    "with ties, value and gradient are those of nested loops",
    property(pools, async ({ shape, size, seed }) => {
      const [x, ct] = [
        coarse(shape, seed),
        normal(shape.with(2, (shape[2] ?? 1) / size).with(3, (shape[3] ?? 1) / size), seed + 1),
      ];
      const fn = (v: Traced, c: Traced) => {
        const [value, pull] = vjp((u: Traced) => maxPool(u, size), [v]) as [Traced, (ct: Traced) => [Traced]];
        return [value, pull(c)[0]];
      };
      const got = await agree(fn, [x, ct]);
      expectClose(got, [
        rounded(reference.maxPool(array64(x), size)),
        rounded(reference.maxPoolGradient(array64(x), size, array64(ct))),
      ]);
    }),
  );

  test("by hand: a window of one tie shares evenly, a constant window too", async () => {
    const fn = (x: Traced) => [maxPool(x, 2), grad((v: Traced) => np.sum(maxPool(v, 2)))(x)];
    const [value, gradient] = await agree(fn, [float32([1, 1, 2, 4], [1, 3, 7, 7, 3, 2, 7, 7])]);
    expect(value?.data).toEqual(Float32Array.of(3, 7));
    expect(gradient?.data).toEqual(Float32Array.of(0, 0.5, 0.25, 0.25, 0.5, 0, 0.25, 0.25));
  });

  test(
    "windows that overlap, with padding: value and gradients, and the value is that of nested loops",
    property(pools, async ({ shape, size, seed }) => {
      const options = { stride: size, padding: 1 };
      const [height = 0, width = 0] = shape.slice(2);
      const fn = (x: Traced) => [
        maxPool(x, size + 1, options),
        grad((v: Traced) => np.sum(np.sin(maxPool(v, size + 1, options))))(x),
      ];
      const x = normal(shape, seed);
      const [value] = await agree(fn, [x]);
      const [rows = 0, columns = 0] = value?.shape.slice(2) ?? [];
      const within = (plane: number, i: number, j: number) =>
        Array.from({ length: (size + 1) ** 2 }, (_, k) => [
          i * size - 1 + Math.floor(k / (size + 1)),
          j * size - 1 + (k % (size + 1)),
        ])
          .filter(([y = -1, z = -1]) => y >= 0 && y < height && z >= 0 && z < width)
          .map(([y = 0, z = 0]) => x.data[(plane * height + y) * width + z] as number);
      const expected = Array.from({ length: value?.data.length ?? 0 }, (_, k) => {
        const [plane, i, j] = [
          Math.floor(k / (rows * columns)),
          Math.floor(k / columns) % Math.max(1, rows),
          k % columns,
        ];
        return Math.max(...within(plane, i, j));
      });
      expect(Array.from(value?.data ?? [])).toEqual(expected);
    }),
  );

  test("a window of NaN is NaN (a single NaN among numbers may be passed over)", async () => {
    const [value] = await run(
      (x: Traced) => maxPool(x, 2),
      [float32([1, 1, 2, 4], [Number.NaN, Number.NaN, 1, 2, Number.NaN, Number.NaN, 3, 4])],
    );
    expect(value?.data).toEqual(Float32Array.of(Number.NaN, 4));
  });

  test("after a convolution and relu, whose zeros tie", async () => {
    const fn = (x: Traced, w: Traced, b: Traced) => {
      const loss = (v: Traced, u: Traced, c: Traced) =>
        np.sum(np.square(maxPool(relu(conv2d(v, u, c, { padding: 1 })), 2)));
      const norm = (u: Traced, v: Traced, c: Traced) => np.sum(np.square(grad(loss)(v, u, c)));
      return [loss(x, w, b), grad(loss)(x, w, b), grad(norm)(w, x, b)];
    };
    for (const channels of [2, 16])
      await agree(
        fn,
        [
          normal([2, 3, 4, 4], 1),
          normal([channels, 3, 3, 3], 2),
          float32([channels], new Float32Array(channels).fill(-2)),
        ],
        { relative: 1e-4 },
      );
  });
});

describe("averagePool", () => {
  test(
    "value, first and second derivatives",
    property(pools, async ({ shape, size, seed }) => {
      const x = normal(shape, seed);
      const [value] = await agree(
        derivatives((v) => averagePool(v, size)),
        [x],
      );
      expectClose([value as Tensor], [rounded(reference.averagePool(array64(x), size))]);
    }),
  );
});

describe("conv2d", () => {
  const cases = fc.record({
    batch: fc.integer({ min: 1, max: 2 }),
    inner: fc.constantFrom(1, 2, 16),
    outer: fc.constantFrom(1, 3, 16),
    groups: fc.constantFrom(1, 1, 2),
    kernel: fc.constantFrom(1, 3),
    stride: fc.constantFrom(1, 2),
    padding: fc.constantFrom(0, 1),
    side: fc.integer({ min: 3, max: 5 }),
    seed: seeds,
  });
  test(
    "with bias, as nested loops have it",
    property(
      cases,
      async ({ batch, inner, outer, groups, kernel, stride, padding, side, seed }) => {
        const x = normal([batch, inner * groups, side, side], seed);
        const weight = normal([outer * groups, inner, kernel, kernel], seed + 1);
        const bias = normal([outer * groups], seed + 2);
        const options = { stride, padding, groups };
        const [value] = await run((v: Traced, w: Traced, b: Traced) => conv2d(v, w, b, options), [x, weight, bias]);
        expectClose(
          [value as Tensor],
          [rounded(reference.conv2d(array64(x), array64(weight), array64(bias), options))],
        );
      },
      20,
    ),
  );

  test("value, first and second derivatives, with and without bias and relu", async () => {
    const fn = (x: Traced, w: Traced, b: Traced) => [
      ...derivatives((v) => relu(conv2d(v, w, b, { stride: 2, padding: 1 })))(x),
      ...derivatives((v) => conv2d(x, v))(w),
      ...derivatives((v) => conv2d(x, w, v))(b),
    ];
    for (const channels of [3, 16])
      await agree(fn, [normal([1, channels, 3, 4], 1), scaled(normal([16, channels, 3, 3], 2), 0.2), normal([16], 3)], {
        relative: 1e-4,
      });
  });
});

test("linear: value, first and second derivatives in each argument", async () => {
  const fn = (x: Traced, w: Traced, b: Traced) => [
    ...derivatives((v) => linear(v, w, b))(x),
    ...derivatives((v) => linear(x, v, b))(w),
    ...derivatives((v) => linear(x, w, v))(b),
  ];
  const args = [normal([3, 4], 1), normal([2, 4], 2), normal([2], 3)] as const;
  const [value] = await agree(fn, args);
  expectClose([value as Tensor], [rounded(reference.linear(array64(args[0]), array64(args[1]), array64(args[2])))]);
});

describe("crossEntropy", () => {
  const cases = fc.record({
    batch: fc.integer({ min: 1, max: 4 }),
    classes: fc.integer({ min: 2, max: 5 }),
    seed: seeds,
  });
  test(
    "value, first and second derivatives",
    property(cases, async ({ batch, classes, seed }) => {
      const [logits, labels] = [normal([batch, classes], seed), whole([batch], seed, 0, classes)];
      const fn = (x: Traced, y: Traced) => derivatives((v) => crossEntropy(v, y))(x);
      const [value] = await agree(fn, [logits, labels]);
      expectClose([value as Tensor], [rounded(reference.crossEntropy(array64(logits), labels.data))]);
    }),
  );

  test("by hand: equal logits cost log(classes), and the gradient is softmax minus one-hot", async () => {
    const fn = (x: Traced, y: Traced) => [crossEntropy(x, y), grad((v: Traced) => np.sum(crossEntropy(v, y)))(x)];
    const [value, gradient] = await agree(fn, [float32([1, 4], [5, 5, 5, 5]), tensor("int32", [1], Int32Array.of(2))]);
    expect(value?.data[0]).toBeCloseTo(Math.log(4), 6);
    expect(gradient?.data).toEqual(Float32Array.of(0.25, 0.25, -0.75, 0.25));
  });

  test("huge logits neither overflow nor lose the loss", async () => {
    const fn = (x: Traced, y: Traced) => [crossEntropy(x, y), grad((v: Traced) => np.sum(crossEntropy(v, y)))(x)];
    const [value] = await agree(fn, [
      float32([2, 2], [1e4, -1e4, 1e4, -1e4]),
      tensor("int32", [2], Int32Array.of(0, 1)),
    ]);
    expect(value?.data).toEqual(Float32Array.of(0, 2e4));
  });
});

test("oneHot", async () => {
  const [value] = await agree((y: Traced) => oneHot(y, 3), [tensor("int32", [3], Int32Array.of(2, 0, 1))]);
  expect(value).toEqual(float32([3, 3], [0, 0, 1, 1, 0, 0, 0, 1, 0]));
});

function scaled({ shape, data }: Tensor<"float32">, factor: number): Tensor<"float32"> {
  return float32(
    shape,
    data.map((value) => value * factor),
  );
}
