import { sizeOf } from "../base/index.ts";

/** What an executor must know: between a traced function and, say, an ONNX graph stands a list of these. */
export type Op =
  | "input"
  | "constant"
  | UnaryOp
  | BinaryOp
  | "where"
  | "cast"
  | "reduce"
  | "reshape"
  | "transpose"
  | "expand"
  | "slice"
  | "pad"
  | "concat"
  | "flip"
  | "gather"
  | "scatterAdd"
  | "sort"
  | "argsort"
  | "matmul"
  | "conv"
  | "convInputGradient"
  | "convWeightGradient"
  | "maxPool";

export type UnaryOp =
  | "neg"
  | "reciprocal"
  | "exp"
  | "log"
  | "sqrt"
  | "sin"
  | "cos"
  | "asin"
  | "atan"
  | "erf"
  | "floor"
  | "ceil"
  | "relu"
  /** 1 where x > 0, else 0, in x's own type. */
  | "step"
  | "not";

export type BinaryOp =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "mod"
  | "max"
  | "min"
  | "and"
  | "or"
  | "xor"
  | "less"
  | "lessEqual"
  | "equal";

export type NodeType = "float32" | "int32" | "bool";
export type Attributes = Readonly<Record<string, number | string | readonly number[]>>;

/** One tensor of a program. Axes along which it is constant may have length 1: broadcasts stay unexpanded. */
export interface Node {
  readonly id: number;
  readonly op: Op;
  readonly inputs: readonly Node[];
  readonly attributes: Attributes;
  readonly shape: readonly number[];
  readonly type: NodeType;
  /** A constant's values. */
  readonly data?: Constant;
}

/** Window geometry of a convolution, NCHW; two numbers an axis (begin, end) for padding. */
export interface ConvGeometry {
  readonly strides: readonly [number, number];
  readonly padding: readonly [number, number, number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

/** All elements are one value, bit by bit: then the data equal themselves one element further on. */
export function isUniform({ buffer, byteOffset, byteLength, BYTES_PER_ELEMENT }: Constant): boolean {
  const [from, length] = [Buffer.from(buffer, byteOffset), byteLength - BYTES_PER_ELEMENT];
  return from.subarray(0, length).equals(from.subarray(BYTES_PER_ELEMENT, BYTES_PER_ELEMENT + length));
}

export type Constant = Float32Array | Int32Array | Uint8Array;

export function first(node: Node): Node {
  const input = node.inputs[0];
  if (input === undefined) throw new Error(`${node.op} has no input`);
  return input;
}

export function second(node: Node): Node {
  const input = node.inputs[1];
  if (input === undefined) throw new Error(`${node.op} has no second input`);
  return input;
}

export function dim(node: Node, axis: number): number {
  const length = node.shape[axis];
  if (length === undefined) throw new Error(`${node.op}: no axis ${axis} in [${node.shape}]`);
  return length;
}

/** The value of a constant with one element. */
export function scalarOf(node: Node): number | undefined {
  return node.op === "constant" && node.data?.length === 1 ? node.data[0] : undefined;
}

/** Zero everywhere, as far as construction shows. */
export function isZero(node: Node): boolean {
  return scalarOf(node) === 0 || (node.op === "expand" && isZero(first(node)));
}

/** x = base * factor for a scalar factor that is known. */
export function factored(x: Node): { base: Node; factor: number } {
  if (x.op === "neg") return { base: first(x), factor: -1 };
  const factor = x.op === "mul" ? scalarOf(second(x)) : undefined;
  return factor === undefined || sizeOf(first(x).shape) < sizeOf(x.shape)
    ? { base: x, factor: 1 }
    : { base: first(x), factor };
}

export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((length, i) => length === b[i]);

export function broadcast(a: readonly number[], b: readonly number[]): number[] {
  return a.map((length, i) => {
    const other = b[i] ?? 1;
    if (length !== other && length !== 1 && other !== 1) throw new Error(`shapes [${a}] and [${b}] do not broadcast`);
    return length === 1 ? other : length;
  });
}

export function foldScalars(op: BinaryOp, a: number, b: number, type: NodeType): number | undefined {
  const exact = { add: a + b, sub: a - b, mul: a * b, max: Math.max(a, b), min: Math.min(a, b) } as const;
  if (op === "div") return type === "float32" ? a / b : undefined;
  return op in exact ? exact[op as keyof typeof exact] : undefined;
}

/** An attribute that is a list of numbers. */
export function listOf(node: Node, name: string): readonly number[] {
  const value = node.attributes[name];
  if (!Array.isArray(value)) throw new Error(`${node.op}: no list ${name}`);
  return value;
}

/** All nodes the outputs need, inputs before users. */
export function reachable(outputs: readonly Node[]): Node[] {
  const seen = new Set<Node>();
  const stack = [...outputs];
  while (stack.length > 0) {
    const node = stack.pop();
    if (node === undefined || seen.has(node)) continue;
    seen.add(node);
    stack.push(...node.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
