import type { Value } from "./broadcasts.ts";
import { type NodeType, scalarOf } from "./nodes.ts";
import type { Program } from "./program.ts";
import type { Atom, Equation } from "./trace.ts";

/** How the operation of one primitive is written. */
export type Rule = (program: Program, inputs: readonly Value[], equation: Equation) => Value | readonly Value[];

export function nodeType(dtype: string, where: () => string): NodeType {
  if (dtype === "float32" || dtype === "int32" || dtype === "bool") return dtype;
  if (dtype === "uint32") return "int32";
  throw new Error(`the engine has no type ${dtype}: ${where()}`);
}

/** The type that the trace declares for an equation's (first) result. */
export function resultType(equation: Equation): NodeType {
  const [binder] = equation.outBinders;
  return nodeType(String(binder?.aval.dtype), () => String(equation));
}

/** jax-js's promotion of operands: a number of JavaScript is weak and takes the other side's type. */
export function promoted(atoms: readonly Atom[]): NodeType {
  const strong = atoms.filter(({ aval }) => !aval.weakType);
  const types = (strong.length > 0 ? strong : atoms).map(({ aval }) => nodeType(aval.dtype, () => "an operand"));
  if (types.includes("float32")) return "float32";
  return types.includes("int32") || strong.length < atoms.length ? "int32" : "bool";
}

export function inType(program: Program, { node, shape }: Value, type: NodeType): Value {
  const value = scalarOf(node);
  if (value === undefined || type === "float32") return { node: program.cast(node, type), shape };
  const folded = type === "int32" ? Math.trunc(value) : Number(value !== 0);
  return { node: program.scalar(folded, type, node.shape.length), shape };
}

export function must(value: Value | undefined): Value {
  if (value === undefined) throw new Error("recognise: an equation lacks an input");
  return value;
}
