import type { BinaryOp, NodeType, Op, UnaryOp } from "../nodes.ts";
import type { View } from "./views.ts";
import type { FunctionWriter } from "./wasm-function.ts";
import type { LaneType, VectorOp } from "./wasm-instructions.ts";

/** What a loop computes for each element. Truths are masks in registers (all bits set or none), 0 or 1 in memory. */
export type Expression =
  | { readonly kind: "load"; readonly view: View; readonly type: NodeType }
  | { readonly kind: "constant"; readonly value: number; readonly type: NodeType }
  | {
      readonly kind: "apply";
      readonly op: UnaryOp | BinaryOp | "where" | "cast";
      readonly args: readonly Expression[];
      readonly type: NodeType;
    };

type Apply = Extract<Expression, { kind: "apply" }>;

/** Functions that vectors lack, computed lane by lane on the host in float64. */
export const hostFunctions = {
  exp: Math.exp,
  log: Math.log,
  sin: Math.sin,
  cos: Math.cos,
  asin: Math.asin,
  atan: Math.atan,
  erf,
  remainder: (x: number, y: number) => x % y,
  quotient: (x: number, y: number) => Math.trunc(x / y),
} as const;

export type HostFunction = keyof typeof hostFunctions;
export const hostNames = Object.keys(hostFunctions) as HostFunction[];

export const laneType = (type: NodeType): LaneType => (type === "float32" ? "f32x4" : "i32x4");

const floatOps: Partial<Record<Apply["op"], VectorOp>> = {
  neg: "f32x4.neg",
  sqrt: "f32x4.sqrt",
  floor: "f32x4.floor",
  ceil: "f32x4.ceil",
  add: "f32x4.add",
  sub: "f32x4.sub",
  mul: "f32x4.mul",
  div: "f32x4.div",
  max: "f32x4.max",
  min: "f32x4.min",
  less: "f32x4.lt",
  lessEqual: "f32x4.le",
  equal: "f32x4.eq",
};

const integerOps: Partial<Record<Apply["op"], VectorOp>> = {
  neg: "i32x4.neg",
  add: "i32x4.add",
  sub: "i32x4.sub",
  mul: "i32x4.mul",
  max: "i32x4.max_s",
  min: "i32x4.min_s",
  less: "i32x4.lt_s",
  lessEqual: "i32x4.le_s",
  equal: "i32x4.eq",
};

const truthOps: Partial<Record<Apply["op"], VectorOp>> = {
  not: "v128.not",
  and: "v128.and",
  or: "v128.or",
  xor: "v128.xor",
};

const onHost: Partial<Record<Apply["op"], HostFunction>> = {
  exp: "exp",
  log: "log",
  sin: "sin",
  cos: "cos",
  asin: "asin",
  atan: "atan",
  erf: "erf",
  mod: "remainder",
};

/** Whether a vector of results costs more than a few instructions. */
export function isCostly(op: Op, type: NodeType): boolean {
  return op in onHost || op === "sqrt" || (op === "div" && type === "int32");
}

/** Writes the instructions that leave an application's result on the stack; `write` does so for an argument. */
export function writeApply(
  fn: FunctionWriter,
  apply: Apply,
  write: (argument: Expression) => void,
  lanes: number,
): void {
  const { op, args, type } = apply;
  const [x] = args as [Expression];
  const host = x.type === "int32" && op === "div" ? "quotient" : onHost[op];
  if (op === "cast") writeCast(fn, x, type, write);
  else if (host !== undefined) writeHostCall(fn, host, args, write, lanes);
  else if (op === "where") {
    // bitselect takes yes, no, mask.
    for (const argument of [args[1], args[2], x] as Expression[]) write(argument);
    fn.apply("v128.bitselect");
  } else if (op === "relu") {
    // x < 0 ? 0 : x, which keeps what is not a number.
    write(x);
    fn.splat(0, "f32x4");
    fn.apply("f32x4.pmax");
  } else if (op === "mul" && isTruth(args[1])) writeMasked(fn, args[1], x, write);
  else if (op === "mul" && isTruth(x)) writeMasked(fn, x, args[1] as Expression, write);
  else if (op === "step") {
    write(x);
    fn.splat(0, "f32x4");
    fn.apply("f32x4.gt");
    fn.splat(1, "f32x4");
    fn.apply("v128.and");
  } else if (op === "reciprocal") {
    fn.splat(1, "f32x4");
    write(x);
    fn.apply("f32x4.div");
  } else {
    for (const argument of args) write(argument);
    if (x.type === "bool" && op === "equal") {
      fn.apply("v128.xor");
      fn.apply("v128.not");
    } else fn.apply(instruction(op, x.type));
  }
}

type Truth = Apply & { readonly op: "cast" | "step" };

/** 1 where something holds, else 0. */
function isTruth(x: Expression | undefined): x is Truth {
  return x?.kind === "apply" && (x.op === "step" || (x.op === "cast" && x.args[0]?.type === "bool"));
}

/** x where the truth is 1, else 0, by the mask behind it: one instruction instead of three, and nothing times infinity. */
function writeMasked(fn: FunctionWriter, truth: Truth, x: Expression, write: (argument: Expression) => void): void {
  const [of] = truth.args as [Expression];
  write(x);
  write(of);
  if (truth.op === "step") {
    fn.splat(0, "f32x4");
    fn.apply("f32x4.gt");
  }
  fn.apply("v128.and");
}

function instruction(op: Apply["op"], type: NodeType): VectorOp {
  const found = truthOps[op] ?? (type === "float32" ? floatOps[op] : integerOps[op]);
  if (found === undefined) throw new Error(`no vector instruction for ${op} of ${type}`);
  return found;
}

function writeCast(fn: FunctionWriter, x: Expression, to: NodeType, write: (argument: Expression) => void): void {
  write(x);
  if (x.type === to) return;
  if (to === "bool") {
    fn.splat(0, laneType(x.type));
    fn.apply(x.type === "float32" ? "f32x4.eq" : "i32x4.eq");
    fn.apply("v128.not");
  } else if (x.type === "bool") {
    fn.splat(1, laneType(to));
    fn.apply("v128.and");
  } else fn.apply(to === "float32" ? "f32x4.convert_i32x4_s" : "i32x4.trunc_sat_f32x4_s");
}

function writeHostCall(
  fn: FunctionWriter,
  host: HostFunction,
  args: readonly Expression[],
  write: (argument: Expression) => void,
  lanes: number,
): void {
  const type = laneType(args[0]?.type ?? "float32");
  const given = args.map((argument) => {
    const local = fn.vector();
    write(argument);
    fn.set(local);
    return local;
  });
  const result = fn.vector();
  for (let lane = 0; lane < lanes; lane++) {
    fn.get(result);
    for (const local of given) {
      fn.get(local);
      fn.extractLane(type, lane);
      fn.do(type === "f32x4" ? "f64.promote_f32" : "f64.convert_i32_s");
    }
    fn.call(hostNames.indexOf(host));
    fn.do(type === "f32x4" ? "f32.demote_f64" : "i32.trunc_sat_f64_s");
    fn.replaceLane(type, lane);
    fn.set(result);
  }
  fn.get(result);
}

/** Error function by the series (small x) or the continued fraction (large x) of its complement: Abramowitz and Stegun, 7.1.6 and 7.1.14. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (Number.isNaN(x) || size === 0) return x;
  if (size > 6) return Math.sign(x);
  if (size < 2.5) {
    // 2 / sqrt(pi) exp(-x^2) sum of 2^n x^(2n+1) / (2n+1)!!
    let [term, sum] = [x, x];
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (size + fraction);
  return Math.sign(x) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / (size + fraction));
}
