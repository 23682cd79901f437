import { sizeOf } from "../base/index.ts";
import { simplified, simplifiedCast, simplifiedSum, simplifiedUnary } from "./algebra.ts";
import { digestOf, NodeTable } from "./node-table.ts";
import {
  type BinaryOp,
  broadcast,
  type Constant,
  type ConvGeometry,
  dim,
  factored,
  first,
  isUniform,
  isZero,
  type Node,
  type NodeType,
  type Op,
  sameShape,
  scalarOf,
  type UnaryOp,
} from "./nodes.ts";
import { type ImageWindows, pooledWindows } from "./pooled-windows.ts";
import { concatenated, convolved, pooled, reduced, sliced } from "./shapes.ts";

const comparisons = new Set<Op>(["less", "lessEqual", "equal"]);
const commutative = new Set<Op>(["add", "mul", "max", "min", "and", "or", "xor", "equal"]);

/**
 * Builds a program node by node. Equal nodes are made once (hash consing), scalars are folded and the algebra of
 * `algebra.ts` is applied on the way, so that later stages see each value in one form only.
 */
export class Program {
  readonly #nodes = new NodeTable();
  readonly #windows = new Map<Node, ImageWindows>();

  input(index: number, shape: readonly number[], type: NodeType): Node {
    return this.#nodes.intern("input", [], { index }, shape, type);
  }

  constant(data: Constant, shape: readonly number[], type: NodeType): Node {
    if (data.length !== sizeOf(shape)) throw new Error(`constant: ${data.length} values for shape [${shape}]`);
    if (data.length > 1 && isUniform(data))
      return this.constant(
        data.slice(0, 1),
        shape.map(() => 1),
        type,
      );
    return this.#nodes.intern("constant", [], { digest: digestOf(data) }, shape, type, data);
  }

  scalar(value: number, type: NodeType, rank = 0): Node {
    const shape = new Array<number>(rank).fill(1);
    if (type === "float32") return this.constant(Float32Array.of(value), shape, type);
    if (type === "int32") return this.constant(Int32Array.of(value), shape, type);
    return this.constant(Uint8Array.of(value), shape, type);
  }

  unary(op: UnaryOp, x: Node): Node {
    return simplifiedUnary(this, op, x) ?? this.#nodes.intern(op, [x], {}, x.shape, x.type);
  }

  /** Elementwise; shapes broadcast as in numpy (a scalar node takes the other's rank). */
  binary(op: BinaryOp, x: Node, y: Node): Node {
    const rank = Math.max(x.shape.length, y.shape.length);
    const [a, b] = [this.withRank(x, rank), this.withRank(y, rank)];
    return simplified(this, op, a, b) ?? this.#elementwise(op, a, b);
  }

  where(condition: Node, yes: Node, no: Node): Node {
    const rank = Math.max(condition.shape.length, yes.shape.length, no.shape.length);
    const [c, a, b] = [this.withRank(condition, rank), this.withRank(yes, rank), this.withRank(no, rank)];
    if (a === b) return a;
    return this.#nodes.intern("where", [c, a, b], {}, broadcast(broadcast(c.shape, a.shape), b.shape), a.type);
  }

  cast(x: Node, type: NodeType): Node {
    if (x.type === type) return x;
    return simplifiedCast(this, x, type) ?? this.#nodes.intern("cast", [x], { type }, x.shape, type);
  }

  /** Keeps reduced axes with length 1. */
  reduce(kind: "sum" | "max" | "min" | "prod", x: Node, axes: readonly number[]): Node {
    const live = axes.filter((axis) => x.shape[axis] !== 1);
    if (live.length === 0) return x;
    const shape = reduced(x, live);
    if (kind === "max") {
      const seen = pooledWindows(x, live, this.#windows.get(x));
      if (seen) return this.reshape(this.maxPool(seen.image, seen.window, seen.strides), shape);
    }
    const simpler = kind === "sum" ? simplifiedSum(this, x, live) : undefined;
    if (simpler) return simpler;
    return this.#nodes.intern("reduce", [x], { kind, axes: live }, shape, x.type);
  }

  reshape(x: Node, shape: readonly number[]): Node {
    if (sameShape(x.shape, shape)) return x;
    if (x.op === "reshape") return this.reshape(first(x), shape);
    if (x.op === "constant" && x.data) return this.constant(x.data, shape, x.type);
    if (sizeOf(shape) !== sizeOf(x.shape)) throw new Error(`reshape: [${x.shape}] to [${shape}]`);
    return (
      this.linear(shape, x, (a) => this.reshape(a, shape)) ??
      this.#nodes.intern("reshape", [x], { shape }, shape, x.type)
    );
  }

  transpose(x: Node, perm: readonly number[]): Node {
    const shape = perm.map((axis) => dim(x, axis));
    const moved = perm.filter((axis) => x.shape[axis] !== 1);
    if (moved.every((axis, i) => i === 0 || axis > (moved[i - 1] ?? -1))) return this.reshape(x, shape);
    if (x.op === "transpose")
      return this.transpose(
        first(x),
        perm.map((axis) => (x.attributes.perm as readonly number[])[axis] ?? 0),
      );
    return (
      this.linear(shape, x, (a) => this.transpose(a, perm)) ??
      this.#nodes.intern("transpose", [x], { perm }, shape, x.type)
    );
  }

  /** Makes broadcast axes real. */
  expand(x: Node, shape: readonly number[]): Node {
    if (sameShape(x.shape, shape)) return x;
    return this.#nodes.intern("expand", [x], { shape }, shape, x.type);
  }

  slice(
    x: Node,
    starts: readonly number[],
    ends: readonly number[],
    steps: readonly number[] = starts.map(() => 1),
  ): Node {
    const shape = sliced(starts, ends, steps);
    if (sameShape(shape, x.shape)) return x;
    return (
      this.linear(shape, x, (a) => this.slice(a, starts, ends, steps)) ??
      this.#nodes.intern("slice", [x], { starts, ends, steps }, shape, x.type)
    );
  }

  /** Zero padding, never negative. */
  pad(x: Node, before: readonly number[], after: readonly number[]): Node {
    if ([...before, ...after].every((length) => length === 0)) return x;
    const shape = x.shape.map((length, i) => length + (before[i] ?? 0) + (after[i] ?? 0));
    return (
      this.linear(shape, x, (a) => this.pad(a, before, after)) ??
      this.#nodes.intern("pad", [x], { before, after }, shape, x.type)
    );
  }

  concat(parts: readonly Node[], axis: number): Node {
    const [head, ...rest] = parts;
    if (head === undefined) throw new Error("concat: no parts");
    if (rest.length === 0) return head;
    return this.#nodes.intern("concat", parts, { axis }, concatenated(parts, axis), head.type);
  }

  flip(x: Node, axes: readonly number[]): Node {
    const live = axes.filter((axis) => x.shape[axis] !== 1);
    if (live.length === 0) return x;
    if (x.op === "flip" && sameShape(x.attributes.axes as number[], live)) return first(x);
    return (
      this.linear(x.shape, x, (a) => this.flip(a, axes)) ??
      this.#nodes.intern("flip", [x], { axes: live }, x.shape, x.type)
    );
  }

  /** Rows of x [rows, width] at `indices` [n]: [n, width]. */
  gatherRows(x: Node, indices: Node): Node {
    return this.#nodes.intern("gather", [x, indices], {}, [dim(indices, 0), dim(x, 1)], x.type);
  }

  /** Zeros [rows, width] with `updates` [n, width] added at `indices` [n]. */
  scatterAddRows(updates: Node, indices: Node, rows: number): Node {
    return this.#nodes.intern("scatterAdd", [updates, indices], { rows }, [rows, dim(updates, 1)], updates.type);
  }

  /** Along the last axis, ascending. */
  sort(op: "sort" | "argsort", x: Node): Node {
    return this.#nodes.intern(op, [x], {}, x.shape, op === "sort" ? x.type : "int32");
  }

  /** [..., m, k] x [..., k, n], both of one rank (2 or 3). */
  matmul(x: Node, y: Node): Node {
    const shape = [...x.shape.slice(0, -1), dim(y, y.shape.length - 1)];
    const outside = this.linear(shape, x, (a) => this.matmul(a, y)) ?? this.linear(shape, y, (b) => this.matmul(x, b));
    if (outside) return outside;
    return this.#nodes.intern("matmul", [x, y], {}, shape, x.type);
  }

  /** x [batch, in, h, w], weight [out, in / groups, kh, kw]. */
  conv(x: Node, weight: Node, geometry: ConvGeometry): Node {
    return this.#nodes.intern("conv", [x, weight], { ...geometry }, convolved(x, weight, geometry), x.type);
  }

  /** The transpose of `conv` in x: y [batch, out, oh, ow], weight [out, in, kh, kw] to [batch, in, height, width]. */
  convInputGradient(y: Node, weight: Node, geometry: ConvGeometry, size: readonly [number, number]): Node {
    const shape = [dim(y, 0), dim(weight, 1), ...size];
    return this.#nodes.intern("convInputGradient", [y, weight], { ...geometry, size }, shape, y.type);
  }

  /** The transpose of `conv` in its weight: x [batch, in, h, w], y [batch, out, oh, ow] to [out, in, kh, kw]. */
  convWeightGradient(x: Node, y: Node, geometry: ConvGeometry, kernel: readonly [number, number]): Node {
    const shape = [dim(y, 1), dim(x, 1), ...kernel];
    return this.#nodes.intern("convWeightGradient", [x, y], { ...geometry, kernel }, shape, x.type);
  }

  maxPool(x: Node, window: readonly [number, number], strides: readonly [number, number]): Node {
    return this.#nodes.intern("maxPool", [x], { window, strides }, pooled(x, window, strides), x.type);
  }

  /** The same op on other inputs of the same shapes and types. */
  withInputs(node: Node, inputs: readonly Node[]): Node {
    return this.#nodes.intern(node.op, inputs, node.attributes, node.shape, node.type, node.data);
  }

  withRank(x: Node, rank: number): Node {
    const missing = rank - x.shape.length;
    return missing === 0 ? x : this.reshape(x, [...new Array<number>(missing).fill(1), ...x.shape]);
  }

  /**
   * `build` is linear: a scalar factor of `x` moves outside, where it meets others, and zero stays zero. The same value
   * reached with different factors, as derivatives of derivatives do, is then computed once.
   */
  linear(shape: readonly number[], x: Node, build: (x: Node) => Node): Node | undefined {
    if (x.type !== "float32") return undefined;
    if (isZero(x)) return this.zeros(shape);
    const { base, factor } = factored(x);
    return base === x ? undefined : this.scaled(build(base), factor);
  }

  /** x times a number. */
  scaled(x: Node, factor: number): Node {
    return this.binary("mul", x, this.scalar(factor, x.type, x.shape.length));
  }

  zeros(shape: readonly number[]): Node {
    return this.expand(this.scalar(0, "float32", shape.length), shape);
  }

  /** Remembers that `windows`, [b, c, oh, ow, 1, 1, wh, ww], are those of an image: their maximum is then a pooling. */
  rememberWindows(windows: Node, image: Node, window: readonly [number, number], strides: readonly [number, number]) {
    this.#windows.set(windows, { image, window, strides });
  }

  #elementwise(op: BinaryOp, a: Node, b: Node): Node {
    const [x, y] = commutative.has(op) && scalarOf(b) === undefined && a.id > b.id ? [b, a] : [a, b];
    return this.#nodes.intern(op, [x, y], {}, broadcast(x.shape, y.shape), comparisons.has(op) ? "bool" : x.type);
  }
}
