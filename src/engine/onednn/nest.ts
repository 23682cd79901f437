import { type Expression, laneType, writeApply } from "./expressions.ts";
import { countUses, type Loop, loadsOf } from "./loops.ts";
import { lengthOf, type Split } from "./split.ts";
import type { View } from "./views.ts";
import type { FunctionWriter, Local } from "./wasm-function.ts";

/** An axis of the nest: how far each pointer moves along it, in bytes. */
export interface Axis {
  readonly length: number;
  readonly strides: readonly number[];
}

/** Every load and the store walk by one of these; those with equal strides share one. */
interface Pointer {
  readonly local: Local;
  /** In bytes, over the loop's axes. */
  readonly strides: readonly number[];
}

/** How far each pointer has moved, in bytes. */
export type Advance = readonly number[];

export const unit: Axis = { length: 1, strides: [] };

const longestUnrolled = 9;

/** Writes the loops around an expression: pointers that walk over its operands, its loads and its store. */
export class Nest {
  readonly #fn: FunctionWriter;
  readonly #loop: Loop;
  /** What one call walks over. */
  readonly #space: readonly number[];
  readonly #pointers: Pointer[] = [];
  readonly #uses: ReadonlyMap<Expression, number>;
  /** Bytes to add to each pointer, within axes that are written out instead of walked. */
  #shift: readonly number[] = [];

  constructor(fn: FunctionWriter, loop: Loop, split?: Split) {
    this.#fn = fn;
    this.#loop = loop;
    this.#space = split ? loop.space.with(split.axis, lengthOf(loop, split)) : loop.space;
    this.#uses = countUses(loop.expression);
    for (const view of [loop.output, ...loadsOf(loop.expression).map((load) => load.view)]) {
      if (this.pointer(view) >= 0) continue;
      const pointer = { local: fn.integer(), strides: inBytes(view) };
      this.#pointers.push(pointer);
      fn.constant(backwards(view));
      if (split) this.#advanceBy(lengthOf(loop, split) * (pointer.strides[split.axis] ?? 0));
      fn.set(pointer.local);
    }
  }

  /** Merges axes, given outermost first, that every pointer walks as if they were one. */
  axes(order: readonly number[]): Axis[] {
    const axes: Axis[] = [];
    for (const axis of order) {
      const length = this.#space[axis] ?? 1;
      if (length === 1) continue;
      const strides = this.#pointers.map((pointer) => pointer.strides[axis] ?? 0);
      const outer = axes.at(-1);
      if (outer?.strides.every((stride, i) => stride === (strides[i] ?? 0) * length))
        axes[axes.length - 1] = { length: outer.length * length, strides };
      else axes.push({ length, strides });
    }
    return axes;
  }

  /** Adds that many bytes for every piece before the one that the function is called for. */
  #advanceBy(bytes: number): void {
    if (bytes === 0) return;
    this.#fn.get(this.#fn.argument);
    this.#fn.constant(bytes);
    this.#fn.do("i32.mul");
    this.#fn.do("i32.add");
  }

  still(): Advance {
    return this.#pointers.map(() => 0);
  }

  walk(axes: readonly Axis[], body: () => Advance): Advance {
    const [axis, ...inner] = axes;
    if (axis === undefined) return body();
    this.#fn.repeat(axis.length, () => {
      const advance = this.walk(inner, body);
      this.#move(axis.strides.map((stride, i) => stride - (advance[i] ?? 0)));
    });
    return axis.strides.map((stride) => stride * axis.length);
  }

  /** Walks the axes and comes back; short inner axes are written out. */
  rewound(axes: readonly Axis[], body: () => void): void {
    const [axis, ...inner] = axes;
    if (axis === undefined) {
      body();
      return;
    }
    const count = axes.reduce((product, { length }) => product * length, 1);
    if (count > longestUnrolled) {
      const advance = this.walk([axis], () => {
        this.rewound(inner, body);
        return this.still();
      });
      this.back(advance);
      return;
    }
    const before = this.#shift;
    for (let i = 0; i < axis.length; i++) {
      this.#shift = axis.strides.map((stride, k) => (before[k] ?? 0) + i * stride);
      this.rewound(inner, body);
    }
    this.#shift = before;
  }

  /** Walks an axis in steps of `most` lanes, of 4 and of 1; what is left over is reached by constant offsets. */
  vectors(axis: Axis, most: number, body: (lanes: number, at: number) => void): Advance {
    const count = Math.floor(axis.length / most);
    const advance =
      count === 0
        ? this.still()
        : this.walk([{ length: count, strides: axis.strides.map((stride) => stride * most) }], () => {
            body(most, 0);
            return this.still();
          });
    let at = 0;
    const left = axis.length - count * most;
    for (; at + 4 <= left; at += 4) body(4, at);
    for (; at < left; at++) body(1, at);
    return advance;
  }

  back(advance: Advance): void {
    this.#move(advance.map((bytes) => -bytes));
  }

  #move(bytes: Advance): void {
    for (const [i, distance] of bytes.entries()) {
      const pointer = this.#pointers[i];
      if (distance === 0 || pointer === undefined) continue;
      this.#fn.get(pointer.local);
      this.#fn.constant(distance);
      this.#fn.do("i32.add");
      this.#fn.set(pointer.local);
    }
  }

  pointer(view: View): number {
    const wanted = String(inBytes(view));
    return this.#pointers.findIndex(({ strides }) => String(strides) === wanted);
  }

  /** Leaves an expression's value for `lanes` elements from the `at`th along an axis on the stack. */
  value(expression: Expression, lanes: number, at: number, along: Axis): void {
    const known = new Map<Expression, Local>();
    const write = (part: Expression): void => {
      const local = known.get(part);
      if (local) this.#fn.get(local);
      else if (part.kind === "constant") this.#constant(part);
      else if (part.kind === "load") this.#loadOperand(part, lanes, at, along);
      else writeApply(this.#fn, part, write, lanes);
      if (local || part.kind === "constant" || (this.#uses.get(part) ?? 0) < 2) return;
      const kept = this.#fn.vector();
      this.#fn.set(kept);
      this.#fn.get(kept);
      known.set(part, kept);
    };
    write(expression);
  }

  #constant({ value, type }: Extract<Expression, { kind: "constant" }>): void {
    this.#fn.splat(type === "bool" ? -Number(value !== 0) : value, laneType(type));
  }

  #loadOperand({ view, type }: Extract<Expression, { kind: "load" }>, lanes: number, at: number, along: Axis): void {
    this.load(view, lanes, at, along);
    if (type === "bool") this.#fn.apply("i32x4.neg");
  }

  load(view: View, lanes: number, at: number, along: Axis): void {
    const stride = this.#stride(view, along);
    const { width } = view.buffer;
    const single = (lane: number) => this.#reach(view, (at + lane) * stride);
    if (stride === 0 || stride === width || lanes === 1) {
      this.#fn.load(stride === 0 ? "same" : lanes === 1 ? "one" : "four", single(0), width);
      return;
    }
    const vector = this.#fn.vector();
    this.#fn.load("one", single(0), width);
    this.#fn.set(vector);
    for (let lane = 1; lane < 4; lane++) {
      const address = single(lane);
      this.#fn.get(vector);
      this.#fn.loadLane(address, lane, width);
      this.#fn.set(vector);
    }
    this.#fn.get(vector);
  }

  store(lanes: number, at: number, along: Axis, value: () => void): void {
    const { expression, output } = this.#loop;
    const stride = this.#stride(output, along);
    const vector = this.#fn.vector();
    value();
    if (expression.type === "bool") {
      this.#fn.splat(1, "i32x4");
      this.#fn.apply("v128.and");
    }
    const { width } = output.buffer;
    if (width === 2) this.#fn.roundToHalves();
    this.#fn.set(vector);
    const whole = stride === width && lanes > 1;
    for (let lane = 0; lane < (whole ? 1 : lanes); lane++) {
      const address = this.#reach(output, (at + lane) * stride);
      this.#fn.get(vector);
      this.#fn.store(address, width, whole ? undefined : lane);
    }
  }

  #stride(view: View, along: Axis): number {
    return along.strides[this.pointer(view)] ?? 0;
  }

  /** Leaves a pointer on the stack and returns what to add to it for the element `bytes` further on. */
  #reach(view: View, bytes: number): number {
    const i = this.pointer(view);
    const pointer = this.#pointers[i];
    if (pointer === undefined) throw new Error("a view without a pointer");
    this.#fn.get(pointer.local);
    const further = bytes + (this.#shift[i] ?? 0);
    const lowest = view.buffer.address + view.buffer.width * view.offset - backwards(view);
    // What an instruction adds is unsigned; steps back are taken by arithmetic.
    if (further >= 0) return lowest + further;
    this.#fn.constant(further);
    this.#fn.do("i32.add");
    return lowest;
  }
}

/** How many bytes lie before the first element, where strides run backwards: pointers must not become negative. */
function backwards(view: View): number {
  return inBytes(view).reduce((sum, stride, axis) => sum + Math.max(0, -stride * ((view.shape[axis] ?? 1) - 1)), 0);
}

const inBytes = ({ buffer, strides }: View): number[] => strides.map((stride) => buffer.width * stride);
