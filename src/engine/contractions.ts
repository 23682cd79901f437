import { materialise, type Value } from "./broadcasts.ts";
import { dim, type Node } from "./nodes.ts";
import type { Program } from "./program.ts";

/**
 * sum(x * y, last axis) over broadcast shapes, as one matrix product. Axes are sorted by what is really there: both
 * sides (batch), left only, right only. With neither left nor right axes it is an elementwise product and a sum.
 */
export function dot(program: Program, x: Value, y: Value): Value {
  const rank = Math.max(x.shape.length, y.shape.length);
  const [a, b] = [ranked(program, x, rank), ranked(program, y, rank)];
  const last = rank - 1;
  const shape = a.shape.map((length, axis) => Math.max(length, b.shape[axis] ?? 1)).slice(0, -1);
  const dims = (node: Node) => node.shape.slice(0, -1);

  // A side that does not vary along the contracted axis leaves the sum to the other.
  const contracted = Math.max(a.shape[last] ?? 1, b.shape[last] ?? 1);
  if (dim(a.node, last) === 1 || dim(b.node, last) === 1) {
    const summed = program.reduce("sum", program.binary("mul", a.node, b.node), [last]);
    const copies = dim(a.node, last) === 1 && dim(b.node, last) === 1 ? contracted : 1;
    const node = program.binary("mul", summed, program.scalar(copies, summed.type));
    return { node: program.reshape(node, dims(node)), shape };
  }

  const axes = dims(a.node).map((_, axis) => axis);
  const varies = (node: Node) => (axis: number) => dim(node, axis) !== 1;
  const [inA, inB] = [varies(a.node), varies(b.node)];
  const batch = axes.filter((axis) => inA(axis) && inB(axis));
  const left = axes.filter((axis) => inA(axis) && !inB(axis));
  const right = axes.filter((axis) => !inA(axis) && inB(axis));
  const none = axes.filter((axis) => !inA(axis) && !inB(axis));
  if ((left.length === 0 && right.length === 0) || a.node.type !== "float32") {
    const node = program.reduce("sum", program.binary("mul", a.node, b.node), [last]);
    return { node: program.reshape(node, dims(node)), shape };
  }

  const product = (node: Node, of: readonly number[]) => of.reduce((size, axis) => size * dim(node, axis), 1);
  const [nBatch, nLeft, nRight] = [product(a.node, batch), product(a.node, left), product(b.node, right)];
  const head = batch.length > 0 ? [nBatch] : [];
  const matrixA = program.reshape(program.transpose(a.node, [...batch, ...left, ...none, ...right, last]), [
    ...head,
    nLeft,
    contracted,
  ]);
  const matrixB = program.reshape(program.transpose(b.node, [...batch, ...left, ...none, last, ...right]), [
    ...head,
    contracted,
    nRight,
  ]);
  const order = [...batch, ...left, ...right, ...none];
  const out = program.reshape(
    program.matmul(matrixA, matrixB),
    order.map((axis) => Math.max(dim(a.node, axis), dim(b.node, axis))),
  );
  const back = axes.map((axis) => order.indexOf(axis));
  return { node: program.transpose(out, back), shape };
}

function ranked(program: Program, value: Value, rank: number): Value {
  const missing = new Array<number>(rank - value.shape.length).fill(1);
  return missing.length === 0
    ? value
    : { node: program.withRank(materialise(program, value), rank), shape: [...missing, ...value.shape] };
}
