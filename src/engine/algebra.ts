import {
  type BinaryOp,
  broadcast,
  factored,
  first,
  foldScalars,
  isZero,
  type Node,
  type NodeType,
  sameShape,
  scalarOf,
  second,
  type UnaryOp,
} from "./nodes.ts";
import type { Program } from "./program.ts";
import { reduced } from "./shapes.ts";

/** a op b in a simpler form, where there is one; undefined where it stays as it is. Both have one rank. */
export function simplified(program: Program, op: BinaryOp, a: Node, b: Node): Node | undefined {
  const [va, vb] = [scalarOf(a), scalarOf(b)];
  const shape = broadcast(a.shape, b.shape);
  const whole = (node: Node) => (sameShape(node.shape, shape) ? node : undefined);
  if (va !== undefined && vb !== undefined && a.type !== "bool") {
    const folded = foldScalars(op, va, vb, a.type);
    if (folded !== undefined) return program.scalar(folded, a.type, shape.length);
  }
  switch (op) {
    case "add":
      if (isZero(a)) return whole(b);
      if (isZero(b)) return whole(a);
      if (a === b && a.type === "float32") return program.scaled(a, 2);
      if (b.op === "neg") return program.binary("sub", a, first(b));
      if (a.op === "neg") return program.binary("sub", b, first(a));
      // (p - q) + q and its mirror: a value with the derivative of another.
      if (a.op === "sub" && second(a) === b) return whole(first(a));
      if (b.op === "sub" && second(b) === a) return whole(first(b));
      return commonFactor(program, op, a, b);
    case "sub":
      if (a === b) return program.scalar(0, a.type, shape.length);
      if (isZero(b)) return whole(a);
      if (isZero(a) && whole(b)) return program.unary("neg", b);
      if (b.op === "neg") return program.binary("add", a, first(b));
      return commonFactor(program, op, a, b);
    case "mul":
      if (va !== undefined && vb === undefined) return program.binary("mul", b, a);
      if (vb === 1) return whole(a);
      if (vb === -1) return program.unary("neg", a);
      if (isZero(a) || isZero(b)) return program.expand(program.scalar(0, a.type, shape.length), shape);
      if (a.op === "neg") return program.unary("neg", program.binary("mul", first(a), b));
      if (b.op === "neg") return program.unary("neg", program.binary("mul", a, first(b)));
      // Scalar factors meet: (x c) d = x (c d).
      if (vb !== undefined && a.op === "mul" && scalarOf(second(a)) !== undefined)
        return program.binary("mul", first(a), program.binary("mul", second(a), b));
      if (vb === undefined && a.op === "mul" && scalarOf(second(a)) !== undefined)
        return program.binary("mul", program.binary("mul", first(a), b), second(a));
      if (vb === undefined && b.op === "mul" && scalarOf(second(b)) !== undefined)
        return program.binary("mul", program.binary("mul", a, first(b)), second(b));
      if (b.op === "step" && first(b) === a) return program.unary("relu", a);
      if (a.op === "step" && first(a) === b) return program.unary("relu", b);
      if (b.op === "reciprocal") return program.binary("div", a, first(b));
      if (a.op === "reciprocal") return program.binary("div", b, first(a));
      return undefined;
    case "max":
      if (vb === 0 && a.type === "float32") return program.unary("relu", a);
      if (va === 0 && b.type === "float32") return program.unary("relu", b);
      return undefined;
    default:
      return undefined;
  }
}

/** a c + b c = (a + b) c. */
function commonFactor(program: Program, op: "add" | "sub", a: Node, b: Node): Node | undefined {
  const [left, right] = [factored(a), factored(b)];
  if (left.factor !== right.factor || left.base === a || right.base === b) return undefined;
  return program.scaled(program.binary(op, left.base, right.base), left.factor);
}

/** The sum of x over `axes`, kept with length 1, in a simpler form, where there is one. */
export function simplifiedSum(program: Program, x: Node, axes: readonly number[]): Node | undefined {
  if (x.op === "reduce" && x.attributes.kind === "sum") {
    const all = new Set([...(x.attributes.axes as number[]), ...axes]);
    return program.reduce(
      "sum",
      first(x),
      [...all].sort((a, b) => a - b),
    );
  }
  const outside = program.linear(reduced(x, axes), x, (a) => program.reduce("sum", a, axes));
  if (outside) return outside;
  // A factor that does not vary along the summed axes goes outside.
  const constantAlong = (node: Node) => axes.every((axis) => node.shape[axis] === 1);
  if (x.op === "mul" && constantAlong(first(x)))
    return program.binary("mul", first(x), program.reduce("sum", second(x), axes));
  if ((x.op === "mul" || x.op === "div") && constantAlong(second(x)))
    return program.binary(x.op, program.reduce("sum", first(x), axes), second(x));
  return undefined;
}

export function simplifiedUnary(program: Program, op: UnaryOp, x: Node): Node | undefined {
  if (op === "neg" && x.op === "neg") return first(x);
  if (op === "neg" && x.op === "sub") return program.binary("sub", second(x), first(x));
  const value = scalarOf(x);
  if (value !== undefined && op === "neg") return program.scalar(-value, x.type, x.shape.length);
  if (value !== undefined && op === "reciprocal") return program.scalar(1 / value, x.type, x.shape.length);
  return undefined;
}

export function simplifiedCast(program: Program, x: Node, type: NodeType): Node | undefined {
  const value = scalarOf(x);
  if (value !== undefined) {
    const cast = { float32: value, int32: Math.trunc(value), bool: Number(value !== 0) }[type];
    return program.scalar(cast, type, x.shape.length);
  }
  if (x.op === "expand") return program.expand(program.cast(first(x), type), x.shape);
  // 1 where 0 < v: the derivative of a rectifier, one form for all who ask for it.
  if (type === "float32" && x.op === "less" && scalarOf(first(x)) === 0 && second(x).type === "float32")
    return program.unary("step", second(x));
  return undefined;
}
