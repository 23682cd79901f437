import type { NodeType } from "../nodes.ts";
import { laneType } from "./expressions.ts";
import { type Loop, loadsOf, type ReductionKind } from "./loops.ts";
import { type Advance, type Axis, Nest, unit } from "./nest.ts";
import type { Split } from "./split.ts";
import { byStride, type View } from "./views.ts";
import { FunctionWriter, type Local } from "./wasm-function.ts";
import type { VectorOp } from "./wasm-instructions.ts";

/** Elements of a sum that are added one by one before the result joins those of other runs: keeps rounding small. */
const longestRun = 512;
/** Lanes that are worked on side by side in a reduction, so that additions need not wait for one another. */
const wide = 16;

/** Writes a loop as a function of the piece to do, 0 where it is not split. Addresses are constants of the code. */
export function writeLoop(loop: Loop, split?: Split): FunctionWriter {
  const fn = new FunctionWriter();
  const isEmpty = loop.space.some((length, axis) => length === 0 && !loop.reduction?.axes.includes(axis));
  if (isEmpty) return fn;
  const writer = new LoopWriter(fn, loop, split);
  if (loop.reduction) writer.reduce(loop.reduction.kind, loop.reduction.axes);
  else writer.map();
  return fn;
}

class LoopWriter {
  readonly #fn: FunctionWriter;
  readonly #loop: Loop;
  readonly #nest: Nest;

  constructor(fn: FunctionWriter, loop: Loop, split: Split | undefined) {
    this.#fn = fn;
    this.#loop = loop;
    this.#nest = new Nest(fn, loop, split);
  }

  map(): void {
    const { space, output } = this.#loop;
    const axes = this.#nest.axes(byStride(space, output));
    const [inner, outer] = [axes.at(-1), axes.slice(0, -1)];
    if (inner === undefined) this.#nest.store(1, 0, unit, () => this.#nest.value(this.#loop.expression, 1, 0, unit));
    else
      this.#nest.walk(outer, () =>
        this.#nest.vectors(inner, 4, (lanes, at) =>
          this.#nest.store(lanes, at, inner, () => this.#nest.value(this.#loop.expression, lanes, at, inner)),
        ),
      );
  }

  reduce(kind: ReductionKind, axes: readonly number[]): void {
    const { space, output } = this.#loop;
    const live = space.map((_, axis) => axis).filter((axis) => space[axis] !== 1);
    const main = this.#main();
    const kept = this.#nest.axes(byStride(space, output).filter((axis) => !axes.includes(axis)));
    const reduced = this.#nest.axes(byStride(space, main).filter((axis) => axes.includes(axis)));
    if (live.length === 0 || reduced.length === 0) throw new Error("a reduction over nothing");
    // Vectors lie along the axis whose elements are neighbours in the largest operand.
    const neighbour = this.#nest.pointer(main);
    const alongKept = kept.find(({ strides }) => strides[neighbour] === main.buffer.width);
    const runs = kind === "sum" ? shortRuns(reduced) : { outer: [], inner: reduced };
    if (runs.outer.length > 0) this.#nest.back(this.#nest.walk(kept, () => this.#fill(kind)));
    const merge = runs.outer.length > 0;
    this.#nest.walk(runs.outer, () =>
      alongKept
        ? this.#columns(kind, {
            kept: kept.filter((axis) => axis !== alongKept),
            along: alongKept,
            inner: runs.inner,
            merge,
          })
        : this.#rows(kind, { kept, inner: runs.inner, merge }),
    );
  }

  /** Accumulators lie side by side along a kept axis. */
  #columns(kind: ReductionKind, { kept, along, inner, merge }: Columns): Advance {
    const fn = this.#fn;
    return this.#nest.walk(kept, () =>
      this.#nest.vectors(along, wide, (lanes, at) => {
        const parts = Array.from({ length: Math.ceil(lanes / 4) }, (_, i) => ({ from: at + 4 * i, sum: fn.vector() }));
        for (const { sum } of parts) this.#identity(kind, sum);
        const width = Math.min(4, lanes) as 1 | 4;
        this.#nest.rewound(inner, () => {
          for (const { from, sum } of parts)
            this.#accumulate(kind, sum, () => this.#nest.value(this.#loop.expression, width, from, along));
        });
        for (const { from, sum } of parts)
          this.#nest.store(width, from, along, () => this.#merged(kind, sum, merge, width, from, along));
      }),
    );
  }

  /** Vectors lie along the innermost reduced axis; their lanes are combined at the end. */
  #rows(kind: ReductionKind, { kept, inner, merge }: Rows): Advance {
    const fn = this.#fn;
    const along = inner.at(-1) ?? unit;
    return this.#nest.walk(kept, () => {
      const sums = Array.from({ length: along.length >= wide ? wide / 4 : 1 }, () => fn.vector());
      const single = fn.vector();
      for (const sum of [...sums, single]) this.#identity(kind, sum);
      this.#nest.rewound(inner.slice(0, -1), () =>
        this.#nest.back(
          this.#nest.vectors(along, 4 * sums.length, (lanes, at) => {
            const width = Math.min(4, lanes) as 1 | 4;
            for (let i = 0; i < Math.ceil(lanes / 4); i++) {
              const sum = width === 1 ? single : (sums[i] ?? single);
              this.#accumulate(kind, sum, () => this.#nest.value(this.#loop.expression, width, at + 4 * i, along));
            }
          }),
        ),
      );
      const [total, ...rest] = sums as [Local, ...Local[]];
      for (const sum of rest) this.#accumulate(kind, total, () => fn.get(sum));
      for (const lanes of [
        [2, 3, 0, 1],
        [1, 0, 3, 2],
      ] as const)
        this.#accumulate(kind, total, () => {
          fn.get(total);
          fn.get(total);
          fn.shuffle([lanes[0], lanes[1], lanes[2], lanes[3]]);
        });
      this.#accumulate(kind, total, () => fn.get(single));
      this.#nest.store(1, 0, unit, () => this.#merged(kind, total, merge, 1, 0, unit));
      return this.#nest.still();
    });
  }

  #identity(kind: ReductionKind, sum: Local): void {
    this.#fn.splat(identity(kind, this.#loop.expression.type), laneType(this.#loop.expression.type));
    this.#fn.set(sum);
  }

  #fill(kind: ReductionKind): Advance {
    const { type } = this.#loop.expression;
    this.#nest.store(1, 0, unit, () => this.#fn.splat(identity(kind, type), laneType(type)));
    return this.#nest.still();
  }

  #accumulate(kind: ReductionKind, sum: Local, value: () => void): void {
    this.#fn.get(sum);
    value();
    this.#fn.apply(combining(kind, this.#loop.expression.type));
    this.#fn.set(sum);
  }

  /** A run's result, combined with what is there from earlier runs. */
  #merged(kind: ReductionKind, sum: Local, merge: boolean, lanes: 1 | 4, at: number, along: Axis): void {
    this.#fn.get(sum);
    if (!merge) return;
    this.#nest.load(this.#loop.output, lanes, at, along);
    this.#fn.apply(combining(kind, this.#loop.expression.type));
  }

  /** The operand with the most elements. */
  #main(): View {
    const size = ({ shape, strides }: View) => shape.reduce((n, length, axis) => n * (strides[axis] ? length : 1), 1);
    return loadsOf(this.#loop.expression)
      .map(({ view }) => view)
      .reduce((best, view) => (size(view) > size(best) ? view : best), this.#loop.output);
  }
}

interface Rows {
  readonly kept: readonly Axis[];
  readonly inner: readonly Axis[];
  readonly merge: boolean;
}
interface Columns extends Rows {
  readonly along: Axis;
}

/** Cuts long runs of summands: `outer` walks over runs of at most `longestRun` elements or one inner axis. */
function shortRuns(axes: readonly Axis[]): { outer: readonly Axis[]; inner: readonly Axis[] } {
  const [head, ...rest] = axes;
  const count = axes.reduce((product, { length }) => product * length, 1);
  if (head === undefined || count <= longestRun) return { outer: [], inner: axes };
  if (rest.length > 0) return { outer: [head], inner: rest };
  let run = Math.min(longestRun, head.length);
  while (head.length % run !== 0) run--;
  if (run < wide) return { outer: [], inner: axes };
  const outer = { length: head.length / run, strides: head.strides.map((stride) => stride * run) };
  return { outer: [outer], inner: [{ length: run, strides: head.strides }] };
}

function identity(kind: ReductionKind, type: NodeType): number {
  const float = type === "float32";
  if (kind === "max") return float ? Number.NEGATIVE_INFINITY : -(2 ** 31);
  if (kind === "min") return float ? Number.POSITIVE_INFINITY : 2 ** 31 - 1;
  return kind === "sum" ? 0 : 1;
}

function combining(kind: ReductionKind, type: NodeType): VectorOp {
  const op = ({ sum: "add", prod: "mul", max: "max", min: "min" } as const)[kind];
  if (type === "float32") return `f32x4.${op}`;
  return op === "max" || op === "min" ? `i32x4.${op}_s` : `i32x4.${op}`;
}
