import * as jax from "@jax-js/jax";
import { mapLeaves, type Tensor, type Tree, tensor } from "../base/index.ts";
import { isUniform } from "./nodes.ts";
import type { Traced } from "./numpy.ts";

/** What makeJaxpr gives, as far as it is read here: jax-js exports the values but not these types. */
export interface Equation {
  readonly primitive: string;
  readonly inputs: readonly Atom[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly outBinders: readonly Variable[];
  toString(): string;
}
export interface Variable {
  readonly id: number;
  readonly aval: { readonly shape: readonly number[]; readonly dtype: string; readonly weakType: boolean };
}
export type Atom = Variable | { readonly value: number; readonly aval: Variable["aval"] };
export interface Jaxpr {
  readonly inBinders: readonly Variable[];
  readonly eqns: readonly Equation[];
  readonly outs: readonly Atom[];
}

export interface Trace {
  /** Constants' binders come first, then the arguments' leaves in order. */
  readonly jaxpr: Jaxpr;
  /** One that nobody reads is undefined; one that has a single value throughout has the shape [1, 1, ...] of its rank. */
  readonly constants: readonly (Tensor | undefined)[];
  /** The structure of what the function returns. */
  readonly outTree: jax.tree.JsTreeDef;
}

/**
 * Runs `fn` once on abstract values and records what it computes. Nothing is calculated: the example's leaves give
 * shapes and types only. Throws what `fn` throws.
 */
export async function trace(fn: (...args: never[]) => Tree<Traced>, example: readonly Tree<Tensor>[]): Promise<Trace> {
  await jax.init("wasm");
  jax.defaultDevice("cpu");
  let outTree: jax.tree.JsTreeDef | undefined;
  const flat = (...args: unknown[]) => {
    const [leaves, structure] = jax.tree.flatten(fn(...(args as never[])) as Traced);
    outTree = structure;
    return leaves.map((leaf) => asTraced(leaf)) as Traced[];
  };
  const { jaxpr: closed } = (
    jax.makeJaxpr(flat as never) as unknown as (...args: never[]) => { jaxpr: jax.ClosedJaxpr }
  )(...(example.map((tree) => mapLeaves(tree, zerosLike)) as never[]));
  if (outTree === undefined) throw new Error("trace: the function was not called");
  const jaxpr = closed.jaxpr.flatten().simplify() as unknown as Jaxpr;
  const read = new Set<Atom | undefined>([...jaxpr.eqns.flatMap(({ inputs }) => inputs), ...jaxpr.outs]);
  // Differentiation leaves many constants behind that simplification made idle; computing their values is slow.
  const constants: (Tensor | undefined)[] = [];
  for (const [i, constant] of closed.consts.entries())
    constants.push(read.has(jaxpr.inBinders[i]) ? await fromArray(constant as Traced) : undefined);
  return { jaxpr, constants, outTree };
}

/** A result that does not depend on the arguments may be a plain number, or an array used elsewhere too. */
function asTraced(leaf: unknown): Traced {
  return typeof leaf === "number" || typeof leaf === "boolean" ? jax.numpy.array(leaf as never) : (leaf as Traced).ref;
}

function zerosLike({ shape, dtype }: Tensor): Traced {
  return jax.numpy.zeros([...shape], { dtype: (dtype === "uint8" ? "int32" : dtype) as jax.DType });
}

/**
 * A constant's values. Most are zeros or ranges that exist only as formulas so far; the interpreter, which is right about
 * everything, takes a second for a large one, so those are worked out by the wasm backend, which is right about formulas.
 */
async function fromArray(array: Traced): Promise<Tensor> {
  const { shape, dtype } = array;
  const there = array.size > 4096 ? await jax.devicePut(array.ref, "wasm") : array.ref;
  const one = shape.map(() => 1);
  if (dtype === "bool" && array.size > 4096) {
    const truth = await commonTruth(there.ref);
    if (truth !== undefined) {
      there.dispose();
      return tensor("bool", one, Uint8Array.of(truth));
    }
  }
  const all = await there.data();
  if (all.length > 1 && isUniform(all as Int32Array)) {
    const value = fromValues(one, dtype, all.slice(0, 1));
    // Megabytes of zeros, which the collector would leave until a training has made its own.
    (all.buffer as ArrayBuffer).transfer(0);
    return value;
  }
  return fromValues(shape, dtype, all);
}

/** 0 or 1 where a whole array of truths is one. Counting them is cheaper than writing them all down. */
async function commonTruth(array: Traced): Promise<0 | 1 | undefined> {
  const { size } = array;
  const inner = array.shape.map((_, axis) => axis).slice(1);
  const counts = await jax.numpy.sum(array.astype("int32" as never), inner).data();
  let count = 0;
  for (const each of counts) count += each;
  return count === 0 ? 0 : count === size ? 1 : undefined;
}

function fromValues(shape: readonly number[], dtype: string, data: Awaited<ReturnType<Traced["data"]>>): Tensor {
  if (data instanceof Float32Array && dtype === "float32") return tensor("float32", shape, data);
  return dtype === "bool" ? tensor("bool", shape, new Uint8Array(data)) : tensor("int32", shape, new Int32Array(data));
}
