import { type GraphWriter, onnxType } from "./graph-writer.ts";
import type { Node } from "./nodes.ts";

/** The ONNX operator of an elementwise op (and of the matrix product). */
const operators: Partial<Record<Node["op"], string>> = {
  neg: "Neg",
  reciprocal: "Reciprocal",
  exp: "Exp",
  log: "Log",
  sqrt: "Sqrt",
  sin: "Sin",
  cos: "Cos",
  asin: "Asin",
  atan: "Atan",
  erf: "Erf",
  floor: "Floor",
  ceil: "Ceil",
  relu: "Relu",
  not: "Not",
  add: "Add",
  sub: "Sub",
  mul: "Mul",
  div: "Div",
  max: "Max",
  min: "Min",
  and: "And",
  or: "Or",
  xor: "Xor",
  less: "Less",
  lessEqual: "LessOrEqual",
  equal: "Equal",
  where: "Where",
  matmul: "MatMul",
};

export const reductions: Readonly<Record<string, string>> = {
  sum: "ReduceSum",
  max: "ReduceMax",
  min: "ReduceMin",
  prod: "ReduceProd",
};

/** Elementwise ops on named operands of any layout; undefined for other ops. */
export function lowerElementwise(graph: GraphWriter, node: Node, inputs: readonly string[]): string | undefined {
  const [x = ""] = inputs;
  if (node.op === "step")
    return graph.emit("Cast", [graph.emit("Greater", [x, graph.scalar(0)])], { to: onnxType.float32 });
  if (node.op === "cast") return graph.emit("Cast", [x], { to: onnxType[node.type] });
  if (node.op === "mod") return graph.emit("Mod", inputs, { fmod: 1 });
  const op = operators[node.op];
  return op === undefined ? undefined : graph.emit(op, inputs);
}
