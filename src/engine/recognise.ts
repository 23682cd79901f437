import type { Tensor } from "../base/index.ts";
import { broadcastInDim, broadcastShapes, materialise, reduce, reshape, transpose, type Value } from "./broadcasts.ts";
import { dot } from "./contractions.ts";
import { convolution } from "./convolutions.ts";
import { gather, scatter } from "./indexing.ts";
import { type BinaryOp, dim, type Node, type NodeType, reachable, scalarOf, type UnaryOp } from "./nodes.ts";
import { Program } from "./program.ts";
import type { Atom, Equation, Trace, Variable } from "./trace.ts";
import { pool, poolTranspose } from "./windows.ts";

/** A program whose inputs are the function's leaves; a leaf that no output depends on has no input node. */
export interface Recognised {
  readonly outputs: readonly Node[];
}

type Rule = (program: Program, inputs: readonly Value[], equation: Equation) => Value | readonly Value[];

/**
 * Turns traced equations into typed ops. `frozen` gives the values of leaves to bake in, by leaf number.
 * A primitive without a rule throws an error that prints its equation.
 */
export function recognise({ jaxpr, constants }: Trace, frozen: ReadonlyMap<number, Tensor>): Recognised {
  const program = new Program();
  const values = new Map<Variable, Value>();
  for (const [position, binder] of jaxpr.inBinders.entries()) {
    const leaf = position - constants.length;
    if (leaf < 0 && constants[position] === undefined) continue;
    const known = leaf < 0 ? constants[position] : frozen.get(leaf);
    const { shape } = binder.aval;
    const type = nodeType(binder.aval.dtype, () => `argument ${leaf}`);
    values.set(binder, {
      node: known ? program.constant(known.data, known.shape, type) : program.input(leaf, shape, type),
      shape,
    });
  }
  const read = (atom: Atom): Value => {
    if ("value" in atom)
      return {
        node: program.scalar(
          Number(atom.value),
          nodeType(atom.aval.dtype, () => "literal"),
        ),
        shape: [],
      };
    const value = values.get(atom);
    if (value === undefined) throw new Error(`recognise: a variable was read before it was set`);
    return value;
  };
  for (const equation of jaxpr.eqns) {
    const rule = rules[equation.primitive];
    if (rule === undefined) throw new Error(`the engine has no rule for "${equation.primitive}" in\n${equation}`);
    const results = [rule(program, equation.inputs.map(read), equation)].flat() as Value[];
    for (const [i, binder] of equation.outBinders.entries()) {
      const result = results[i];
      if (result === undefined) throw new Error(`no result ${i} of\n${equation}`);
      values.set(binder, withinShape(program, result, binder.aval.shape));
    }
  }
  return {
    outputs: shareRectifiers(
      program,
      jaxpr.outs.map((atom) => materialise(program, read(atom))),
    ),
  };
}

/**
 * Where both max(x, 0) and its mask are wanted, the mask is taken from max(x, 0), which is positive where x is: then x
 * itself has one reader and the executor can rectify on the way out of the operation that makes it.
 */
function shareRectifiers(program: Program, outputs: readonly Node[]): Node[] {
  const order = reachable(outputs);
  const rectified = new Map(order.filter(({ op }) => op === "relu").map((relu) => [relu.inputs[0], relu]));
  const rewritten = new Map<Node, Node>();
  const rewrite = (node: Node): Node => rewritten.get(node) ?? node;
  for (const node of order) {
    const relu = node.op === "step" ? rectified.get(node.inputs[0] as Node) : undefined;
    const inputs = relu ? [program.withInputs(relu, relu.inputs.map(rewrite))] : node.inputs.map(rewrite);
    rewritten.set(node, program.withInputs(node, inputs));
  }
  return outputs.map(rewrite);
}

/** Elementwise results of smaller rank (a scalar that stands for a whole tensor) get the rank they are declared with. */
function withinShape(program: Program, value: Value, shape: readonly number[]): Value {
  return { node: program.withRank(value.node, shape.length), shape };
}

function nodeType(dtype: string, where: () => string): NodeType {
  if (dtype === "float32" || dtype === "int32" || dtype === "bool") return dtype;
  if (dtype === "uint32") return "int32";
  throw new Error(`the engine has no type ${dtype}: ${where()}`);
}

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

const pad: Rule = (program, [x], { params }) => {
  const width = params.width as readonly (readonly [number, number])[];
  const { shape } = must(x);
  const padded = width.flatMap(([before, after], axis) => (before || after ? [axis] : []));
  return {
    node: program.pad(
      materialise(program, must(x), padded),
      width.map(([before]) => before),
      width.map(([, after]) => after),
    ),
    shape: shape.map((length, axis) => length + (width[axis]?.[0] ?? 0) + (width[axis]?.[1] ?? 0)),
  };
};

const shrink: Rule = (program, [x], { params }) =>
  slice(program, must(x), params.slice as readonly (readonly [number, number])[]);

function slice(program: Program, { node }: Value, bounds: readonly (readonly [number, number])[]): Value {
  const real = bounds.map(([start, end], axis) =>
    dim(node, axis) === 1 ? [0, Math.min(1, end - start)] : [start, end],
  );
  return {
    node: program.slice(
      node,
      real.map(([start]) => start ?? 0),
      real.map(([, end]) => end ?? 0),
    ),
    shape: bounds.map(([start, end]) => end - start),
  };
}

const split: Rule = (program, [x], { params }) => {
  const { axis, sizes } = params as { axis: number; sizes: readonly number[] };
  let start = 0;
  return sizes.map((size) => {
    const bounds = must(x).shape.map((length, i): [number, number] =>
      i === axis ? [start, start + size] : [0, length],
    );
    start += size;
    return slice(program, must(x), bounds);
  });
};

const concatenate: Rule = (program, given, equation) => {
  const axis = equation.params.axis as number;
  const inputs = given.map((input) => inType(program, input, resultType(equation)));
  const head = must(inputs[0]);
  const real = head.shape.map((_, i) => i).filter((i) => i === axis || inputs.some(({ node }) => dim(node, i) !== 1));
  const parts = inputs.map((input) => materialise(program, input, real));
  const total = inputs.reduce((sum, { shape }) => sum + (shape[axis] ?? 0), 0);
  return { node: program.concat(parts, axis), shape: head.shape.toSpliced(axis, 1, total) };
};

const flip: Rule = (program, [x], { params }) => ({
  node: program.flip(must(x).node, params.axis as readonly number[]),
  shape: must(x).shape,
});

const rules: Readonly<Record<string, Rule>> = {
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

/** The type that the trace declares for an equation's (first) result. */
function resultType(equation: Equation): NodeType {
  const [binder] = equation.outBinders;
  return nodeType(String(binder?.aval.dtype), () => String(equation));
}

/** jax-js's promotion of operands: a number of JavaScript is weak and takes the other side's type. */
function promoted(atoms: readonly Atom[]): NodeType {
  const strong = atoms.filter(({ aval }) => !aval.weakType);
  const types = (strong.length > 0 ? strong : atoms).map(({ aval }) => nodeType(aval.dtype, () => "an operand"));
  if (types.includes("float32")) return "float32";
  return types.includes("int32") || strong.length < atoms.length ? "int32" : "bool";
}

function inType(program: Program, { node, shape }: Value, type: NodeType): Value {
  const value = scalarOf(node);
  if (value === undefined || type === "float32") return { node: program.cast(node, type), shape };
  const folded = type === "int32" ? Math.trunc(value) : Number(value !== 0);
  return { node: program.scalar(folded, type, node.shape.length), shape };
}

function must(value: Value | undefined): Value {
  if (value === undefined) throw new Error("recognise: an equation lacks an input");
  return value;
}
