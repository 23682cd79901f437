import type { Initializer, OnnxGraph, OnnxNode } from "./onnx-model.ts";

/**
 * The graph with what it computes of its constants alone (turned and reshaped weights, square roots of variances) worked
 * out, so that a reader finds weights where operators expect them; constants that nobody reads any more are left out.
 */
export function foldConstants(graph: OnnxGraph): OnnxGraph {
  const constants = new Map(graph.initializers.map((each) => [each.name, each]));
  const nodes: OnnxNode[] = [];
  for (const node of graph.nodes) {
    const folded = foldedNode(node, constants);
    if (folded) constants.set(folded.name, folded);
    else nodes.push(node);
  }
  const read = new Set(nodes.flatMap((node) => node.inputs));
  return { ...graph, nodes, initializers: [...constants.values()].filter(({ name }) => read.has(name)) };
}

function foldedNode(node: OnnxNode, constants: ReadonlyMap<string, Initializer>): Initializer | undefined {
  const [x, second] = node.inputs.map((name) => constants.get(name));
  const [name = ""] = node.outputs;
  if (!x || !(x.data instanceof Float32Array) || node.inputs.some((input) => !constants.has(input))) return undefined;
  const { shape, data } = x;
  if (node.op === "Sqrt") return { ...x, name, data: data.map(Math.sqrt) };
  if (node.op === "Reciprocal") return { ...x, name, data: data.map((value) => 1 / value) };
  if (node.op === "Reshape" && second?.data instanceof BigInt64Array) {
    const lengths = [...second.data].map(Number);
    const known = lengths.reduce((product, length) => (length < 0 ? product : product * length), 1);
    return { ...x, name, shape: lengths.map((length) => (length < 0 ? data.length / known : length)) };
  }
  const { perm } = node.attributes ?? {};
  if (node.op !== "Transpose" || !Array.isArray(perm)) return undefined;
  return { ...x, name, shape: perm.map((axis) => shape[axis] ?? 1), data: transposed(data, shape, perm) };
}

function transposed(data: Float32Array, shape: readonly number[], perm: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const lengths = perm.map((axis) => shape[axis] ?? 1);
  const steps = perm.map((axis) => strides[axis] ?? 1);
  const place = lengths.map(() => 0);
  let from = 0;
  return Float32Array.from({ length: data.length }, () => {
    const value = data[from] as number;
    for (let axis = lengths.length - 1; axis >= 0; axis--) {
      const next = (place[axis] ?? 0) + 1;
      from += steps[axis] ?? 0;
      place[axis] = next;
      if (next < (lengths[axis] ?? 0)) break;
      from -= next * (steps[axis] ?? 0);
      place[axis] = 0;
    }
    return value;
  });
}
