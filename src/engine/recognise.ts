import type { Tensor } from "../base/index.ts";
import { materialise, type Value } from "./broadcasts.ts";
import { type Node, reachable } from "./nodes.ts";
import { nodeType } from "./operands.ts";
import { Program } from "./program.ts";
import { rules } from "./rules.ts";
import type { Atom, Trace, Variable } from "./trace.ts";

/** A program whose inputs are the function's leaves; a leaf that no output depends on has no input node. */
export interface Recognised {
  readonly outputs: readonly Node[];
}

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
