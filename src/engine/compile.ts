import * as jax from "@jax-js/jax";
import { InputError, leavesOf, type Tensor, type Tree } from "../base/index.ts";
import type { Traced } from "./numpy.ts";
import { type Device, prepareOnnxruntime } from "./onnxruntime.ts";
import { recognise } from "./recognise.ts";
import { trace } from "./trace.ts";

export interface CompileOptions {
  readonly device?: Device;
  /** Threads within one operation. */
  readonly threads?: number;
  /**
   * Positions of arguments whose example values are baked in, which lets kernels prepare them once. The compiled
   * function is then called without these arguments.
   */
  readonly frozen?: readonly number[];
}

/** A function's host side: trees of tensors in, a tree of tensors out. */
export interface Compiled<Out extends Tree<Tensor> = Tree<Tensor>> {
  (...args: readonly Tree<Tensor>[]): Promise<Out>;
  /** Frees the device's memory; the function must not be called again. */
  dispose(): Promise<void>;
}

/**
 * Compiles a function of traced trees: traces it on the example's shapes, turns the trace into typed ops and these
 * into one graph for `device`. Tensors passed later must have the example's shapes and types.
 *
 * Randomness and numbers that change between calls are arguments; a scalar is a tensor of shape [].
 */
export async function compile<Out extends Tree<Tensor> = Tree<Tensor>>(
  fn: (...args: never[]) => Tree<Traced>,
  example: readonly Tree<Tensor>[],
  { device = "cpu", threads = 1, frozen = [] }: CompileOptions = {},
): Promise<Compiled<Out>> {
  const traced = await trace(fn, example);
  const leaves = example.map((tree) => leavesOf(tree));
  const offsets = leaves.map((_, i) => leaves.slice(0, i).reduce((sum, list) => sum + list.length, 0));
  const baked = new Map(
    frozen.flatMap((position) =>
      (leaves[position] ?? []).map((leaf, i) => [(offsets[position] ?? 0) + i, leaf] as const),
    ),
  );
  const { outputs } = recognise(traced, baked);
  const executable = await prepareOnnxruntime(outputs, { device, threads });

  const live = example.map((_, position) => position).filter((position) => !frozen.includes(position));
  const compiled = async (...args: readonly Tree<Tensor>[]): Promise<Out> => {
    if (args.length !== live.length)
      throw new InputError(`compiled function: expected ${live.length} arguments, got ${args.length}`);
    const given = new Map<number, Tensor>();
    for (const [i, position] of live.entries()) {
      const wanted = leaves[position] ?? [];
      const got = leavesOf(args[i] ?? []);
      if (got.length !== wanted.length)
        throw new InputError(`argument ${position}: expected ${wanted.length} tensors, got ${got.length}`);
      for (const [j, leaf] of got.entries())
        given.set((offsets[position] ?? 0) + j, checked(position, leaf, wanted[j]));
    }
    const results = await executable.run((leaf) => {
      const value = given.get(leaf);
      if (value === undefined) throw new Error(`compiled function: no value for leaf ${leaf}`);
      return value;
    });
    return jax.tree.unflatten(traced.outTree, results) as Out;
  };
  return Object.assign(compiled, { dispose: () => executable.dispose() });
}

function checked(position: number, leaf: Tensor, wanted: Tensor | undefined): Tensor {
  if (wanted && (String(leaf.shape) !== String(wanted.shape) || leaf.dtype !== wanted.dtype))
    throw new InputError(
      `argument ${position}: expected ${wanted.dtype} [${wanted.shape}], got ${leaf.dtype} [${leaf.shape}]`,
    );
  return leaf;
}
