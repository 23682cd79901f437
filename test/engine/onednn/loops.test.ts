import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomStream, sizeOf } from "../../../src/base/index.ts";
import { type Expression, hostFunctions, hostNames } from "../../../src/engine/onednn/expressions.ts";
import type { ReductionKind } from "../../../src/engine/onednn/loops.ts";
import { splitOf } from "../../../src/engine/onednn/split.ts";
import { type Block, denseStrides, type View, view } from "../../../src/engine/onednn/views.ts";
import { encodeModule } from "../../../src/engine/onednn/wasm-module.ts";
import { writeLoop } from "../../../src/engine/onednn/write-loop.ts";

const memory = new WebAssembly.Memory({ initial: 64 });
const floats = new Float32Array(memory.buffer);
const bytes = new DataView(memory.buffer);
const start = 4096;

/**
 * Buffers one after the other, filled with few different values so that comparisons have ties. Each can be held in 4 bytes or,
 * as exactly, in 2; the last one, where results go, has 4.
 */
function buffers(lengths: readonly number[], seed: number): Block[] {
  const stream = randomStream(seed);
  let address = start;
  return lengths.map((length, i) => {
    const buffer: Block = { name: `b${i}`, length, width: i < lengths.length - 1 && stream.below(2) ? 2 : 4, address };
    address += Math.ceil((buffer.width * length) / 4) * 4 + 64;
    for (let k = 0; k < length; k++) put(buffer, k, (stream.below(15) - 7) / 4);
    return buffer;
  });
}

/** bf16 is the upper half of a float32. */
function put({ address, width }: Block, place: number, value: number): void {
  if (width === 4) floats[address / 4 + place] = value;
  else bytes.setUint16(address + 2 * place, (new Uint32Array(Float32Array.of(value).buffer)[0] as number) >>> 16, true);
}

function held({ address, width }: Block, place: number): number {
  if (width === 4) return floats[address / 4 + place] ?? Number.NaN;
  const halves = Uint32Array.of(bytes.getUint16(address + 2 * place, true) << 16);
  return new Float32Array(halves.buffer)[0] ?? Number.NaN;
}

/** The value at an index of a view. */
function at({ buffer, offset, strides }: View, index: readonly number[]): number {
  const place = index.reduce((sum, i, axis) => sum + i * (strides[axis] ?? 0), offset);
  if (place < 0 || place >= buffer.length) throw new Error(`element ${place} of ${buffer.length}`);
  return held(buffer, place);
}

function* indices(shape: readonly number[]): Generator<number[]> {
  for (let i = 0, n = sizeOf(shape); i < n; i++) {
    let rest = i;
    yield shape
      .toReversed()
      .map((length) => {
        const index = rest % length;
        rest = Math.floor(rest / length);
        return index;
      })
      .reverse();
  }
}

/** In float64: of the two values with 8 significant bits around x, the nearer one, or the one whose last bit is 0. */
function nearestHalf(x: number): number {
  if (!Number.isFinite(x) || x === 0) return x;
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(x))));
  const step = 2 ** (exponent - 7);
  const down = Math.floor(x / step);
  const rest = x / step - down;
  const up = rest > 0.5 || (rest === 0.5 && down % 2 !== 0);
  const rounded = (up ? down + 1 : down) * step;
  if (Math.abs(rounded) >= 2 ** 128) return Math.sign(x) * Infinity;
  return rounded === 0 ? Math.sign(x) * 0 : rounded;
}

/** Runs a loop whole, or in the pieces that so many threads would share, the last one first. */
function run(loop: Parameters<typeof writeLoop>[0], threads = 1): void {
  const imports = hostNames.map((name) => ({ name, arity: hostFunctions[name].length }));
  const split = splitOf(loop, threads, { least: 0 });
  const module = new WebAssembly.Module(encodeModule(imports, [writeLoop(loop, split)]));
  const { exports } = new WebAssembly.Instance(module, { host: { memory, ...hostFunctions } });
  for (let piece = (split?.pieces ?? 1) - 1; piece >= 0; piece--) (exports["0"] as (piece: number) => void)(piece);
}

/** An operand over a space: some axes repeated, some backwards, in any order in memory. */
interface Layout {
  readonly repeated: readonly boolean[];
  readonly backwards: readonly boolean[];
  readonly order: readonly number[];
}

const layouts = (rank: number): fc.Arbitrary<Layout> =>
  fc.record({
    repeated: fc.array(fc.boolean(), { minLength: rank, maxLength: rank }),
    backwards: fc.array(
      fc.nat(3).map((n) => n === 0),
      { minLength: rank, maxLength: rank },
    ),
    order: fc.shuffledSubarray(
      Array.from({ length: rank }, (_, i) => i),
      { minLength: rank },
    ),
  });

const lengthOf = (space: readonly number[], { repeated }: Layout) =>
  space.reduce((product, length, axis) => product * (repeated[axis] ? 1 : length), 1);

function placed(buffer: Block, space: readonly number[], { repeated, backwards, order }: Layout): View {
  const shape = space.map((length, axis) => (repeated[axis] ? 1 : length));
  const strides = denseStrides(shape, order);
  const turned = strides.map((stride, axis) => (backwards[axis] ? -stride : stride));
  const offset = strides.reduce(
    (sum, stride, axis) => sum + (backwards[axis] ? stride * ((shape[axis] ?? 1) - 1) : 0),
    0,
  );
  return view(buffer, space, turned, offset);
}

const cases = fc
  .array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(16, 19, 37)), { minLength: 1, maxLength: 4 })
  .filter((space) => sizeOf(space) < 2500)
  .chain((space) =>
    fc.record({
      space: fc.constant(space),
      a: layouts(space.length),
      b: layouts(space.length),
      seed: fc.nat(9999),
      threads: fc.integer({ min: 1, max: 4 }),
    }),
  );

const load = (given: View): Expression => ({ kind: "load", view: given, type: "float32" });
const apply = (
  op: Extract<Expression, { kind: "apply" }>["op"],
  type: Expression["type"],
  ...args: Expression[]
): Expression => ({
  kind: "apply",
  op,
  type,
  args,
});

describe("loops against nested loops of JavaScript, whole and in pieces", () => {
  test("elementwise: where(a < b, a * b, max(a, 0)) - b", () => {
    fc.assert(
      fc.property(cases, ({ space, a, b, seed, threads }) => {
        const [first, second, out] = buffers([lengthOf(space, a), lengthOf(space, b), sizeOf(space)], seed) as [
          Block,
          Block,
          Block,
        ];
        const [x, y, output] = [
          placed(first, space, a),
          placed(second, space, b),
          view(out, space, denseStrides(space, a.order)),
        ];
        const chosen = apply(
          "where",
          "float32",
          apply("less", "bool", load(x), load(y)),
          apply("mul", "float32", load(x), load(y)),
          apply("relu", "float32", load(x)),
        );
        run({ space, expression: apply("sub", "float32", chosen, load(y)), output }, threads);
        const all = [...indices(space)];
        const wanted = all.map((index) => {
          const [p, q] = [at(x, index), at(y, index)];
          return Math.fround((p < q ? p * q : Math.max(p, 0)) - q);
        });
        expect(all.map((index) => at(output, index))).toEqual(wanted);
      }),
      { numRuns: 100, seed: 5 },
    );
  });

  test("reductions of |a| b over any axes", () => {
    const kinds = fc.constantFrom<ReductionKind>("sum", "max", "min");
    fc.assert(
      fc.property(cases, kinds, fc.nat(15), ({ space, a, b, seed, threads }, kind, mask) => {
        const axes = space.map((_, axis) => axis).filter((axis) => (mask >> axis) & 1 && space[axis] !== 1);
        fc.pre(axes.length > 0);
        const kept = space.map((length, axis) => (axes.includes(axis) ? 1 : length));
        const [first, second, out] = buffers([lengthOf(space, a), lengthOf(space, b), sizeOf(kept)], seed) as [
          Block,
          Block,
          Block,
        ];
        const [x, y, output] = [
          placed(first, space, a),
          placed(second, space, b),
          view(out, kept, denseStrides(kept, a.order)),
        ];
        const size = apply("max", "float32", load(x), apply("neg", "float32", load(x)));
        const expression = apply("mul", "float32", size, load(y));
        run({ space, expression, output, reduction: { kind, axes } }, threads);
        // Sixteenths of small numbers add up exactly in any order.
        const wanted = new Map<string, number>();
        for (const index of indices(space)) {
          const key = String(index.map((i, axis) => (axes.includes(axis) ? 0 : i)));
          const value = Math.abs(at(x, index)) * at(y, index);
          const known = wanted.get(key);
          const joined = {
            sum: (known ?? 0) + value,
            max: Math.max(known ?? -Infinity, value),
            min: Math.min(known ?? Infinity, value),
          };
          wanted.set(key, joined[kind as "sum" | "max" | "min"]);
        }
        const got = [...wanted.keys()].map((key) => at(output, key.split(",").map(Number)));
        expect(got).toEqual([...wanted.values()]);
      }),
      { numRuns: 200, seed: 6 },
    );
  });

  test("a store as bf16 takes the nearest of them, of two the even one, in any layout", () => {
    const values = fc.array(
      fc.oneof(
        fc.float({ noNaN: true }),
        // Halfway between two neighbours, and next to it.
        fc
          .tuple(fc.integer({ min: 0, max: 0xff7e }), fc.integer({ min: 0x7fff, max: 0x8001 }))
          .map(([upper, lower]) => new Float32Array(Uint32Array.of((upper << 16) | lower).buffer)[0] ?? 0)
          .filter((value) => !Number.isNaN(value)),
      ),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(values, fc.boolean(), (list, backwards) => {
        const from: Block = { name: "x", length: list.length, width: 4, address: start };
        const to: Block = { name: "y", length: list.length, width: 2, address: start + 4 * list.length + 64 };
        for (const [k, value] of list.entries()) put(from, k, value);
        const x = view(from, [list.length], [1]);
        const output = view(to, [list.length], [backwards ? -1 : 1], backwards ? list.length - 1 : 0);
        run({ space: [list.length], expression: load(x), output });
        for (const [k, value] of list.entries()) expect(at(output, [k])).toBe(nearestHalf(Math.fround(value)));
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  test("what is not a number stays so as bf16", () => {
    const [from, to]: [Block, Block] = [
      { name: "x", length: 5, width: 4, address: start },
      { name: "y", length: 5, width: 2, address: start + 64 },
    ];
    for (let k = 0; k < 5; k++) put(from, k, k === 3 ? Number.POSITIVE_INFINITY : Number.NaN);
    const [x, output] = [view(from, [5], [1]), view(to, [5], [1])];
    run({ space: [5], expression: load(x), output });
    expect([0, 1, 2, 3, 4].map((k) => at(output, [k]))).toEqual([NaN, NaN, NaN, Infinity, NaN]);
  });

  test.each(["max", "min"] as const)("a %s over something that is not a number is none, wherever it stands", (kind) => {
    for (const length of [3, 4, 19, 64])
      for (const width of [4, 2] as const)
        for (let broken = 0; broken < length; broken++) {
          const from: Block = { name: "x", length, width, address: start };
          const to: Block = { name: "y", length: 1, width, address: start + 4 * length + 64 };
          for (let k = 0; k < length; k++) put(from, k, k === broken ? Number.NaN : k - 8);
          const output = view(to, [1], [0]);
          run({ space: [length], expression: load(view(from, [length], [1])), output, reduction: { kind, axes: [0] } });
          expect(at(output, [0])).toBeNaN();
        }
  });

  test("a long sum rounds no worse than a sum of short ones", () => {
    const length = 300_000;
    const tenths: Block = { name: "tenths", length, width: 4, address: start };
    const out: Block = { name: "sum", length: 1, width: 4, address: start + 4 * length };
    new Float32Array(memory.buffer, tenths.address, length).fill(0.1);
    const output = view(out, [1], [0]);
    run({
      space: [length],
      expression: load(view(tenths, [length], [1])),
      output,
      reduction: { kind: "sum", axes: [0] },
    });
    // One by one, float32 gives 30,000 with an error of some hundreds.
    expect(Math.abs(at(output, [0]) - length * Math.fround(0.1))).toBeLessThan(0.05);
  });

  test("erf against tabulated values", () => {
    const table = [
      [0, 0],
      [0.5, 0.5204998778130465],
      [1, 0.8427007929497149],
      [2, 0.9953222650189527],
      [3, 0.9999779095030014],
      [-1, -0.8427007929497149],
    ] as const;
    for (const [x, y] of table) expect(hostFunctions.erf(x)).toBeCloseTo(y, 14);
  });
});
