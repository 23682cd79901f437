import { broadcast, dim, type Node, sameShape } from "./nodes.ts";
import type { Program } from "./program.ts";

/**
 * A traced value: a node and the shape it stands for. Where the two differ the node's axis has length 1 and the value
 * is constant along it. Both have the same rank.
 */
export interface Value {
  readonly node: Node;
  readonly shape: readonly number[];
}

/** The node with the named broadcast axes (all, when left out) made real. */
export function materialise(
  program: Program,
  { node, shape }: Value,
  axes: readonly number[] = shape.map((_, i) => i),
): Node {
  return program.expand(
    node,
    node.shape.map((length, axis) => (axes.includes(axis) ? (shape[axis] ?? length) : length)),
  );
}

/** New axes of the given lengths at `axes`; the other axes keep their order. */
export function broadcastInDim(
  program: Program,
  value: Value,
  shape: readonly number[],
  axes: readonly number[],
): Value {
  let next = 0;
  const physical = shape.map((_, axis) => (axes.includes(axis) ? 1 : dim(value.node, next++)));
  return { node: program.reshape(value.node, physical), shape };
}

/**
 * Reshapes without expanding: the shapes are cut into the shortest runs of axes with equal products, and a run that is
 * wholly broadcast stays so. A run that mixes real and broadcast axes is made real first.
 */
export function reshape(program: Program, value: Value, shape: readonly number[]): Value {
  if (sameShape(value.shape, shape)) return value;
  const physical: number[] = [];
  const toExpand: number[] = [];
  for (const { from, to } of runs(value.shape, shape)) {
    const lengths = from.map((axis) => value.shape[axis] ?? 1);
    const real = from.map((axis) => dim(value.node, axis));
    const broadcastWhole = real.every((length) => length === 1);
    if (!broadcastWhole && !sameShape(real, lengths)) toExpand.push(...from);
    physical.push(...to.map((axis) => (broadcastWhole ? 1 : (shape[axis] ?? 1))));
  }
  return { node: program.reshape(materialise(program, value, toExpand), physical), shape };
}

export function transpose(program: Program, { node, shape }: Value, perm: readonly number[]): Value {
  return { node: program.transpose(node, perm), shape: perm.map((axis) => shape[axis] ?? 1) };
}

/** Drops the reduced axes. A sum over a broadcast axis is a multiplication by its length. */
export function reduce(
  program: Program,
  kind: "sum" | "max" | "min" | "prod",
  value: Value,
  axes: readonly number[],
): Value {
  const stretched = axes.filter((axis) => dim(value.node, axis) !== value.shape[axis]);
  const real = kind === "prod" ? materialise(program, value, stretched) : value.node;
  let node = program.reduce(kind, real, axes);
  if (kind === "sum") {
    const copies = stretched.reduce((product, axis) => product * (value.shape[axis] ?? 1), 1);
    node = program.binary("mul", node, program.scalar(copies, node.type));
  }
  const kept = value.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  return {
    node: program.reshape(
      node,
      kept.map((axis) => dim(node, axis)),
    ),
    shape: kept.map((axis) => value.shape[axis] ?? 1),
  };
}

/** The logical shape of an elementwise result, aligned at the right as in numpy. */
export function broadcastShapes(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return shapes
    .map((shape) => [...new Array<number>(rank - shape.length).fill(1), ...shape])
    .reduce((a, b) => broadcast(a, b));
}

/** Pairs of runs of axes with equal products, shortest first. */
function runs(from: readonly number[], to: readonly number[]): { from: number[]; to: number[] }[] {
  const out: { from: number[]; to: number[] }[] = [];
  let [i, j] = [0, 0];
  while (i < from.length || j < to.length) {
    const run = { from: [] as number[], to: [] as number[] };
    let [left, right] = [1, 1];
    const takeLeft = () => {
      left *= from[i] ?? 1;
      run.from.push(i++);
    };
    const takeRight = () => {
      right *= to[j] ?? 1;
      run.to.push(j++);
    };
    if (i < from.length) takeLeft();
    if (j < to.length) takeRight();
    while (left !== right) {
      if (left < right && i < from.length) takeLeft();
      else if (j < to.length) takeRight();
      else throw new Error(`reshape: [${from}] to [${to}]`);
    }
    out.push(run);
  }
  return out;
}
