/**
 * One traced function, two ways: compiled by the engine, and evaluated by jax-js's own `cpu` interpreter, which shares
 * nothing with the engine but the trace. (Its wasm backend is no oracle: it miscompiles some second derivatives.)
 */
import * as jax from "@jax-js/jax";
import fc from "fast-check";
import { expect } from "vitest";
import {
  type DType,
  leavesOf,
  mapLeaves,
  randomStream,
  sizeOf,
  type Tensor,
  type Tree,
  tensor,
} from "../../src/base/index.ts";
import { type CompileOptions, compile, type Traced } from "../../src/engine/index.ts";

/**
 * float32 rounds each operation to 6e-8 of its terms and the interpreter works in float64 here and there; sums of some
 * hundred terms then differ by about 1e-6 of the largest. A wrong rule differs by the size of the terms themselves.
 */
const tolerance = 1e-5;

// biome-ignore lint/suspicious/noExplicitAny: a function of any traced arguments, as compile takes it
export type TracedFunction = (...args: any[]) => Tree<Traced>;

/** How many threads compute: vitest.config.ts lets the suite run with one and with several. */
const threads = Number(process.env.CARRYOVER_TEST_THREADS ?? 1);

/** Checks that engine and interpreter agree on `fn(...args)`, and returns the engine's results in order. */
export async function agree(
  fn: TracedFunction,
  args: readonly Tree<Tensor>[],
  { relative = tolerance, ...options }: CompileOptions & { readonly relative?: number } = {},
): Promise<Tensor[]> {
  const got = await run(fn, args, options);
  expectClose(got, interpret(fn, args), relative);
  return got;
}

/** What the engine gives for `fn(...args)`. */
export async function run(
  fn: TracedFunction,
  args: readonly Tree<Tensor>[],
  options: CompileOptions = {},
): Promise<Tensor[]> {
  const compiled = await compile(fn, args, { threads, ...options });
  try {
    return leavesOf(await compiled(...args.filter((_, position) => !options.frozen?.includes(position))));
  } finally {
    await compiled.dispose();
  }
}

/** What jax-js's interpreter gives for `fn(...args)`. */
function interpret(fn: TracedFunction, args: readonly Tree<Tensor>[]): Tensor[] {
  jax.defaultDevice("cpu");
  const out = fn(...args.map((tree) => mapLeaves(tree, toArray)));
  return (jax.tree.leaves(out as Traced) as (Traced | number)[]).map((leaf) =>
    fromArray(typeof leaf === "number" ? jax.numpy.array(leaf) : leaf),
  );
}

/** Same types and shapes; whole numbers equal, float32 within `relative` of the largest value there, or of one. */
export function expectClose(got: readonly Tensor[], wanted: readonly Tensor[], relative = tolerance): void {
  const kinds = (list: readonly Tensor[]) => list.map(({ dtype, shape }) => `${dtype} [${shape}]`);
  expect(kinds(got)).toEqual(kinds(wanted));
  for (const [i, { dtype, data }] of got.entries()) {
    const want = wanted[i]?.data ?? new Float32Array();
    const finite = Float64Array.from(want).filter(Number.isFinite);
    const largest = finite.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const margin = dtype === "float32" ? relative * largest : 0;
    const same = (a: number, b: number) => Object.is(a, b) || a === b || Math.abs(a - b) <= margin;
    const wrong = data.findIndex((value, j) => !same(value, want[j] ?? Number.NaN));
    if (wrong >= 0)
      expect.fail(
        `result ${i}, element ${wrong}: expected ${want[wrong]}, got ${data[wrong]}\nexpected ${want.slice(0, 40)}\ngot      ${data.slice(0, 40)}`,
      );
  }
}

function toArray({ dtype, shape, data }: Tensor): Traced {
  if (dtype === "float32")
    return jax.numpy.array(Float32Array.from(data), { shape: [...shape], dtype: "float32" as jax.DType });
  const type = dtype === "bool" ? "bool" : "int32";
  return jax.numpy.array(Int32Array.from(data), { shape: [...shape], dtype: type as jax.DType });
}

function fromArray(array: Traced): Tensor {
  const { shape, dtype } = array;
  const data = array.ref.dataSync();
  if (dtype === "float32") return tensor("float32", shape, Float32Array.from(data));
  if (dtype === "bool") return tensor("bool", shape, Uint8Array.from(data, Number));
  return tensor("int32", shape, Int32Array.from(data, Number));
}

/** Standard normal numbers. */
export function normal(shape: readonly number[], seed: number): Tensor<"float32"> {
  const stream = randomStream(seed);
  return tensor(
    "float32",
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => stream.normal()),
  );
}

/** Few different values, zero among them, so that ties and signs come up: multiples of a half within +-1.5. */
export function coarse(shape: readonly number[], seed: number): Tensor<"float32"> {
  const stream = randomStream(seed);
  return tensor(
    "float32",
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => (stream.below(7) - 3) / 2),
  );
}

/** Whole numbers from `from` to below `to`. */
export function whole(shape: readonly number[], seed: number, from = -5, to = 6): Tensor<"int32"> {
  const stream = randomStream(seed);
  return tensor(
    "int32",
    shape,
    Int32Array.from({ length: sizeOf(shape) }, () => from + stream.below(to - from)),
  );
}

export function truths(shape: readonly number[], seed: number): Tensor<"bool"> {
  const stream = randomStream(seed);
  return tensor(
    "bool",
    shape,
    Uint8Array.from({ length: sizeOf(shape) }, () => stream.below(2)),
  );
}

/** Random numbers of any type. */
export function values(dtype: DType, shape: readonly number[], seed: number): Tensor {
  if (dtype === "float32") return coarse(shape, seed);
  return dtype === "bool" ? truths(shape, seed) : whole(shape, seed);
}

export const seeds: fc.Arbitrary<number> = fc.nat(2 ** 30);

/** Shapes of up to `maxRank` axes of 1 to `maxLength`, length 1 among them often. */
export function shapes(maxRank = 4, maxLength = 4, minRank = 0): fc.Arbitrary<number[]> {
  const length = fc.oneof(
    { weight: 1, arbitrary: fc.constant(1) },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: maxLength }) },
  );
  return fc.array(length, { minLength: minRank, maxLength: maxRank });
}

/** Shapes that broadcast to one another as in numpy: axes become 1, leading axes go. */
export function broadcastable(count: number, maxRank = 4): fc.Arbitrary<number[][]> {
  return shapes(maxRank).chain((shape) => {
    const variant = fc
      .tuple(fc.nat(shape.length), fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }))
      .map(([drop, ones]) => shape.map((length, axis) => (ones[axis] ? 1 : length)).slice(drop));
    return fc.array(variant, { minLength: count, maxLength: count });
  });
}

/** A property over random cases; each case compiles a function, so few are run. */
export function property<T>(
  arbitrary: fc.Arbitrary<T>,
  check: (value: T) => Promise<unknown>,
  numRuns = 12,
): () => Promise<void> {
  return () =>
    fc.assert(
      fc.asyncProperty(arbitrary, async (value) => {
        await check(value);
      }),
      { numRuns, seed: 20260101, endOnFailure: false },
    );
}
