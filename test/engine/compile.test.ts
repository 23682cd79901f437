import * as jax from "@jax-js/jax";
import { describe, expect, test } from "vitest";
import { float32, InputError, type Tensor, type Tree, tensor } from "../../src/base/index.ts";
import { cast, compile, grad, lax, np, type Traced } from "../../src/engine/index.ts";
import { agree, expectClose, normal, run, truths, whole } from "./oracle.ts";

const scalar = (value: number): Tensor<"float32"> => float32([], [value]);
const numbers = ({ data }: Tensor): number[] => [...data];

describe("results", () => {
  test("an input itself, twice, a constant, a plain number, a truth", async () => {
    const fn = (x: Traced, n: Traced) => [x, x, n, np.zeros([2]), np.array([1, 2]), np.add(x, 1), np.add(x, 1)];
    const got = await agree(fn, [float32([2], [3, 4]), whole([2], 1)]);
    expect(got.map(numbers).slice(0, 2)).toEqual([
      [3, 4],
      [3, 4],
    ]);
    const plain = await run((() => [1.5, true]) as never, []);
    expect(plain).toEqual([float32([], [1.5]), tensor("bool", [], Uint8Array.of(1))]);
  });

  test("a result that does not depend on the arguments, and arguments that nothing depends on", async () => {
    const compiled = await compile(
      (_unused: Traced, y: Traced) => ({ constant: np.ones([3]), y }),
      [normal([4, 4], 1), scalar(2)],
    );
    expect(await compiled(normal([4, 4], 2), scalar(7))).toEqual({ constant: float32([3], [1, 1, 1]), y: scalar(7) });
    await compiled.dispose();
  });

  test("keep the structure that the function gave them", async () => {
    const compiled = await compile((x: Traced) => ({ b: [x, { c: np.add(x, 1) }], a: np.multiply(x, 2) }), [scalar(0)]);
    expect(await compiled(scalar(3))).toEqual({ b: [scalar(3), { c: scalar(4) }], a: scalar(6) });
    await compiled.dispose();
  });

  test("one tensor", async () => {
    const compiled = await compile<Tensor>((x: Traced) => np.add(x, 1), [scalar(0)]);
    expect(await compiled(scalar(3))).toEqual(scalar(4));
    await compiled.dispose();
  });

  test("stay as they are when the function is called again", async () => {
    const compiled = await compile<Tensor[]>((x: Traced) => [np.multiply(x, 2), x], [normal([100], 0)]);
    const arg = normal([100], 1);
    const [doubled, same] = await compiled(arg);
    const kept = [...(doubled?.data ?? [])];
    await compiled(normal([100], 2));
    expect([...(doubled?.data ?? [])]).toEqual(kept);
    expect(same).toEqual(arg);
    await compiled.dispose();
  });

  test("feed back as the next arguments", async () => {
    const compiled = await compile<{ n: Tensor; sum: Tensor }>(
      (state: { n: Traced; sum: Traced }, x: Traced) => ({ n: np.add(state.n, 1), sum: np.add(state.sum, x) }),
      [{ n: tensor("int32", [], Int32Array.of(0)), sum: scalar(0) }, scalar(0)],
    );
    let state: { n: Tensor; sum: Tensor } = { n: tensor("int32", [], Int32Array.of(0)), sum: scalar(0) };
    for (const x of [1, 2, 3]) state = await compiled(state, scalar(x));
    expect(state).toEqual({ n: tensor("int32", [], Int32Array.of(3)), sum: scalar(6) });
    await compiled.dispose();
  });

  test("calls at the same time do not mix", async () => {
    const compiled = await compile<Tensor>((x: Traced) => np.multiply(x, x), [scalar(0)]);
    const got = await Promise.all([1, 2, 3, 4].map((x) => compiled(scalar(x))));
    expect(got).toEqual([1, 4, 9, 16].map(scalar));
    await compiled.dispose();
  });
});

describe("arguments", () => {
  const example = { a: float32([2]), b: { c: whole([], 1), d: truths([3], 1) } };
  const sum = (t: { a: Traced; b: { c: Traced; d: Traced } }, x: Traced) =>
    np.add(np.sum(t.a), np.add(np.multiply(t.b.c, x), np.sum(cast(t.b.d, "float32"))));

  test("of rank 0, of all types, in trees", async () => {
    await agree(sum, [example, scalar(2)]);
  });

  test("uint8 is read as whole numbers", async () => {
    const bytes = tensor("uint8", [2, 2], Uint8Array.of(0, 1, 128, 255));
    const [scaled, same] = await agree((x: Traced) => [np.divide(cast(x, "float32"), 255), x], [bytes]);
    expect(scaled?.data).toEqual(Float32Array.of(0, 1 / 255, 128 / 255, 1));
    expect(same).toEqual(tensor("int32", [2, 2], Int32Array.of(0, 1, 128, 255)));
    await agree((x: Traced) => np.sum(x), [bytes], { frozen: [0] });
  });

  test("members are found by name, whatever their order", async () => {
    const compiled = await compile<Tensor[]>(
      (t: { a: Traced; b: Traced }) => [t.a, t.b],
      [{ a: scalar(0), b: scalar(0) }],
    );
    expect(await compiled({ b: scalar(2), a: scalar(1) })).toEqual([scalar(1), scalar(2)]);
    await compiled.dispose();
  });

  test("that do not fit are InputErrors that say what was expected and what came", async () => {
    const compiled = await compile(sum, [example, scalar(2)]);
    const call = (...args: Tree<Tensor>[]) => compiled(...args);
    const wrong: [Tree<Tensor>[], RegExp][] = [
      [[example], /expected 2 arguments, got 1/],
      [[example, scalar(1), scalar(1)], /expected 2 arguments, got 3/],
      [[{ ...example, a: float32([3]) }, scalar(1)], /argument 0.*expected float32 \[2\], got float32 \[3\]/],
      [[{ ...example, a: float32([2, 1]) }, scalar(1)], /argument 0.*expected float32 \[2\], got float32 \[2,1\]/],
      [[{ ...example, a: whole([2], 1) }, scalar(1)], /argument 0.*expected float32 \[2\], got int32 \[2\]/],
      [[example, float32([1], [1])], /argument 1.*expected float32 \[\], got float32 \[1\]/],
      [[{ a: example.a }, scalar(1)], /argument 0: expected an object of a, b, got an object of a$/],
      [
        [{ ...example, extra: scalar(1) }, scalar(1)],
        /argument 0: expected an object of a, b, got an object of a, b, extra/,
      ],
      [
        [{ a: example.a, b: { c: example.b.c, e: example.b.d } }, scalar(1)],
        /argument 0: b: expected an object of c, d, got an object of c, e/,
      ],
      [[{ a: example.a, b: example.b.c }, scalar(1)], /argument 0: b: expected an object of c, d, got int32 \[\]/],
      [[example.a, scalar(1)], /argument 0: expected an object of a, b, got float32 \[2\]/],
      [[[example.a, example.b], scalar(1)], /argument 0: expected an object of a, b, got a list of 2/],
      [[{ ...example, a: [] }, scalar(1)], /argument 0: a: expected float32 \[2\], got a list of 0/],
    ];
    for (const [args, message] of wrong) {
      await expect(call(...args)).rejects.toThrow(InputError);
      await expect(call(...args)).rejects.toThrow(message);
    }
    await compiled.dispose();
  });
});

describe("frozen arguments", () => {
  const fn = (p: { w: Traced; b: Traced }, x: Traced, scale: Traced) =>
    np.multiply(np.add(np.matmul(x, p.w), p.b), scale);
  const args = [{ w: normal([3, 2], 1), b: normal([2], 2) }, normal([4, 3], 3), scalar(2)] as const;

  test.each([[[]], [[0]], [[1]], [[0, 2]], [[0, 1, 2]]])("%j give the same numbers", async (frozen) => {
    await agree(fn, args, { frozen });
  });

  test("are not passed any more", async () => {
    const compiled = await compile<Tensor>(fn, args, { frozen: [0] });
    await expect(compiled(...args)).rejects.toThrow(/expected 2 arguments, got 3/);
    const [again] = await run(fn, args);
    expect(await compiled(args[1], args[2])).toEqual(again);
    await compiled.dispose();
  });

  test("of all types", async () => {
    const mixed = (m: Traced, n: Traced, x: Traced) => np.where(m, n, x);
    await agree(mixed, [truths([5], 1), whole([5], 2), normal([5], 3)], { frozen: [0, 1] });
  });

  test("keep their values when the caller changes his arrays later", async () => {
    const w = normal([2], 1);
    const compiled = await compile<Tensor>((a: Traced, x: Traced) => np.multiply(a, x), [w, scalar(1)], {
      frozen: [0],
    });
    const before = await compiled(scalar(1));
    w.data.fill(0);
    expect(await compiled(scalar(1))).toEqual(before);
    await compiled.dispose();
  });
});

describe("functions", () => {
  test("jit inside, and jit inside that, are inlined", async () => {
    const inner = jax.jit((x: Traced) => np.multiply(x, 3));
    const outer = jax.jit((x: Traced, y: Traced) => np.add(inner(x.ref), y));
    const fn = (x: Traced) => [outer(x.ref, x.ref), grad((v: Traced) => np.sum(np.square(outer(v.ref, v.ref))))(x)];
    await agree(fn, [normal([3], 1)]);
  });

  test("closed-over constants, large ones too", async () => {
    const table = np.array(
      Float32Array.from({ length: 6000 }, (_, i) => i / 100),
      { shape: [60, 100] },
    );
    await agree(
      (x: Traced) => [np.sum(np.multiply(table, x)), np.add(np.arange(5000), x), np.multiply(np.eye(3), x)],
      [scalar(2)],
    );
  });

  test("constants that were computed outside, large ones too", async () => {
    const wave = np.sin(np.multiply(np.arange(5000), 0.01));
    const tiled = np.add(
      np.reshape(np.tile(np.arange(70), [70]), [70, 70]),
      np.reshape(np.sum(np.eye(70), 0), [1, 70]),
    );
    const got = await run((x: Traced) => [np.multiply(wave, x), np.multiply(np.transpose(tiled), x)], [scalar(2)]);
    expectClose(got, [
      float32(
        [5000],
        Array.from({ length: 5000 }, (_, i) => 2 * Math.sin(i * 0.01)),
      ),
      float32(
        [70, 70],
        Array.from({ length: 4900 }, (_, i) => 2 * (Math.floor(i / 70) + 1)),
      ),
    ]);
  });

  test("compile side by side", async () => {
    const each = [1, 2, 3, 4, 5].map((factor) =>
      run(
        (x: Traced) => grad((v: Traced) => np.sum(np.multiply(np.square(v), np.multiply(np.ones([5000]), factor))))(x),
        [normal([5000], factor)],
      ),
    );
    for (const [i, [gradient]] of (await Promise.all(each)).entries()) {
      const { data } = normal([5000], i + 1);
      expectClose(
        [gradient as Tensor],
        [
          float32(
            [5000],
            data.map((value) => 2 * (i + 1) * value),
          ),
        ],
      );
    }
  });

  test("may use an array many times and in many places", async () => {
    const fn = (x: Traced) => {
      const y = np.add(x, 1);
      return [np.add(np.multiply(y, y), y), np.subtract(y, np.sum(y)), np.concatenate([y, y, x]), y];
    };
    await agree(fn, [normal([3], 1)]);
  });

  test.each([
    ["random_bits", () => jax.random.bits(jax.random.key(0), [2])],
    ["cholesky", (x: Traced) => jax.numpy.linalg.cholesky(x.ref)],
    ["bit_count", (x: Traced) => np.bitwiseCount(cast(x, "int32"))],
  ])("a primitive without a rule, %s, stops with its equation", async (name, fn) => {
    const wanted = new RegExp(`no rule for "${name}" in\\n.*= ${name} `);
    const failure = compile(fn as never, [float32([2, 2], [2, 0, 0, 2])]);
    await expect(failure).rejects.toThrow(wanted);
    await expect(failure).rejects.not.toThrow(InputError);
  });

  test("bitwise operations on whole numbers stop with their equation", async () => {
    await expect(run((x: Traced) => np.bitwiseAnd(x, x), [whole([2], 1)])).rejects.toThrow(
      /on booleans only, in\n.*bit_combine/,
    );
  });

  test("what a function throws comes out, and the next function still compiles", async () => {
    const broken = () => {
      throw new InputError("model: expected 3 channels, got 4");
    };
    await expect(compile(broken, [scalar(1)])).rejects.toThrow("model: expected 3 channels, got 4");
    await agree((x: Traced) => lax.stopGradient(np.add(x, 1)), [scalar(1)]);
  });
});
