import { broadcastInDim, broadcastShapes, materialise, reduce, reshape, transpose, type Value } from "./broadcasts.ts";
import { dot } from "./contractions.ts";
import { convolution } from "./convolutions.ts";
import { gather, scatter } from "./indexing.ts";
import { concatenate, flip, pad, shrink, split } from "./movement-rules.ts";
import type { BinaryOp, Node, NodeType, UnaryOp } from "./nodes.ts";
import { inType, must, nodeType, promoted, type Rule, resultType } from "./operands.ts";
import type { Program } from "./program.ts";
import type { Equation } from "./trace.ts";
import { pool, poolTranspose } from "./windows.ts";

const unary =
  (op: UnaryOp): Rule =>
  (program, [x], equation) => {
    const { node, shape } = must(x);
    if (node.type === "bool" || (node.type !== "float32" && op !== "neg"))
      throw new Error(`the engine has no ${op} of ${node.type}, in\n${equation}`);
    return { node: program.unary(op, node), shape };
  };

const binary =
  (op: BinaryOp): Rule =>
  (program, inputs, equation) =>
    elementwise(program, op, inputs, resultType(equation));

/** Both sides in one type, then the operation. */
function elementwise(program: Program, op: BinaryOp, inputs: readonly Value[], type: NodeType): Value {
  const [x, y] = inputs.map((input) => inType(program, input, type));
  const [a, b] = [must(x), must(y)];
  const node = type === "bool" ? binaryOfTruths(program, op, a.node, b.node) : program.binary(op, a.node, b.node);
  return { node, shape: broadcastShapes(a.shape, b.shape) };
}

/** Arithmetic of 0 and 1 that stays there, as numpy has it, in the logical operations that executors have. */
function binaryOfTruths(program: Program, op: BinaryOp, a: Node, b: Node): Node {
  if (op === "add" || op === "max") return program.binary("or", a, b);
  if (op === "mul" || op === "min") return program.binary("and", a, b);
  if (op === "less") return program.binary("and", program.unary("not", a), b);
  if (op === "lessEqual") return program.binary("or", program.unary("not", a), b);
  return program.binary(op, a, b);
}

const sorted =
  (op: "sort" | "argsort"): Rule =>
  (program, [x]) => {
    const { shape } = must(x);
    return { node: program.sort(op, materialise(program, must(x), [shape.length - 1])), shape };
  };

/** idiv truncates toward zero, as in C and JavaScript. */
const idiv: Rule = (program, inputs, equation) => {
  const type = resultType(equation);
  const { node: quotient, shape } = elementwise(program, "div", inputs, type);
  if (type === "int32") return { node: quotient, shape };
  const towardZero = program.where(
    program.binary("less", quotient, program.scalar(0, "float32")),
    program.unary("ceil", quotient),
    program.unary("floor", quotient),
  );
  return { node: towardZero, shape };
};

const erfc: Rule = (program, [x]) => ({
  node: program.binary("sub", program.scalar(1, "float32"), program.unary("erf", must(x).node)),
  shape: must(x).shape,
});

const compare: Rule = (program, inputs, { inputs: atoms, params }) => {
  const op = params.op as "less" | "less_equal" | "equal" | "not_equal";
  const names = { less: "less", less_equal: "lessEqual", equal: "equal", not_equal: "equal" } as const;
  const result = elementwise(program, names[op], inputs, promoted(atoms));
  return op === "not_equal" ? { ...result, node: program.unary("not", result.node) } : result;
};

const where: Rule = (program, [condition, x, y], equation) => {
  const type = resultType(equation);
  const [c, a, b] = [must(condition), inType(program, must(x), type), inType(program, must(y), type)];
  const shape = broadcastShapes(c.shape, a.shape, b.shape);
  if (type !== "bool") return { node: program.where(c.node, a.node, b.node), shape };
  const taken = program.binary("and", c.node, a.node);
  const other = program.binary("and", program.unary("not", c.node), b.node);
  return { node: program.binary("or", taken, other), shape };
};

/** The operations of every primitive that the engine knows, by its name in the trace. */
export const rules: Readonly<Record<string, Rule>> = {
  add: binary("add"),
  mul: binary("mul"),
  idiv,
  mod: binary("mod"),
  min: binary("min"),
  max: binary("max"),
  bit_combine: (program, inputs, equation) =>
    binary(equation.params.op as "and" | "or" | "xor")(program, booleans(inputs, equation), equation),
  neg: unary("neg"),
  reciprocal: unary("reciprocal"),
  floor: unary("floor"),
  ceil: unary("ceil"),
  stop_gradient: (_program, [x]) => must(x),
  cast: (program, [x], { params }) => ({
    node: program.cast(
      must(x).node,
      nodeType(String(params.dtype), () => "cast"),
    ),
    shape: must(x).shape,
  }),
  sin: unary("sin"),
  cos: unary("cos"),
  asin: unary("asin"),
  atan: unary("atan"),
  exp: unary("exp"),
  log: unary("log"),
  erf: unary("erf"),
  erfc,
  sqrt: unary("sqrt"),
  reduce: (program, [x], { params }) => {
    const kinds = { Add: "sum", Mul: "prod", Max: "max", Min: "min" } as const;
    const value = must(x);
    const logical = value.node.type === "bool" ? { ...value, node: program.cast(value.node, "int32") } : value;
    const reduced = reduce(program, kinds[params.op as keyof typeof kinds], logical, params.axis as readonly number[]);
    return value.node.type === "bool" ? { ...reduced, node: program.cast(reduced.node, "bool") } : reduced;
  },
  dot: (program, inputs, equation) => {
    const [x, y] = inputs.map((input) => inType(program, input, resultType(equation)));
    return dot(program, must(x), must(y));
  },
  conv: (program, inputs, equation) => {
    const [x, weight] = inputs.map((input) => inType(program, input, resultType(equation)));
    return convolution(program, must(x), must(weight), equation.params);
  },
  pool: (program, [x], { params }) => pool(program, must(x), params),
  pool_transpose: (program, [x], { params }) => poolTranspose(program, must(x), params),
  compare,
  where,
  concatenate,
  split,
  gather: (program, [x, ...indices], { params }) => gather(program, must(x), indices, params),
  scatter: (program, [updates, ...indices], equation) => scatter(program, must(updates), indices, equation),
  transpose: (program, [x], { params }) => transpose(program, must(x), params.perm as readonly number[]),
  broadcast: (program, [x], { params }) =>
    broadcastInDim(program, must(x), params.shape as readonly number[], params.axis as readonly number[]),
  reshape: (program, [x], { params }) => reshape(program, must(x), params.shape as readonly number[]),
  flip,
  shrink,
  pad,
  sort: sorted("sort"),
  argsort: (program, inputs, equation) => [
    sorted("sort")(program, inputs, equation) as Value,
    sorted("argsort")(program, inputs, equation) as Value,
  ],
};

function booleans(inputs: readonly Value[], equation: Equation): readonly Value[] {
  if (inputs.some(({ node }) => node.type !== "bool"))
    throw new Error(`the engine has bitwise operations on booleans only, in\n${equation}`);
  return inputs;
}
