import * as jax from "@jax-js/jax";
import { dropSpareBuffers, InputError, leavesOf, mapLeaves, type Tensor, type Tree } from "../base/index.ts";
import { asInput, formOf, leavesLike } from "./arguments.ts";
import { prepare } from "./executors.ts";
import type { Traced } from "./numpy.ts";
import type { Precision } from "./onednn/dnnl.ts";
import type { Device } from "./onnxruntime.ts";
import { recognise } from "./recognise.ts";
import { trace } from "./trace.ts";

export interface CompileOptions {
  readonly device?: Device;
  /**
   * How many threads share the work, 1 unless said otherwise: on oneDNN each does a piece of every step, on onnxruntime they
   * share each operation. The order of sums, and so the last bits of results, depend on their number.
   */
  readonly threads?: number;
  /**
   * Positions of arguments whose example values are baked in, which lets kernels prepare them once. The compiled
   * function is then called without these arguments.
   */
  readonly frozen?: readonly number[];
  /**
   * What convolutions and matrix products read: "bf16" rounds it to 8 significant bits and keeps such tensors so in memory;
   * sums, everything between, and all arguments and results stay float32. Throws InputError where it cannot be had: it needs
   * oneDNN and a processor with bf16 arithmetic.
   */
  readonly precision?: Precision | undefined;
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
  { device = "cpu", threads = 1, frozen = [], precision = "float32" }: CompileOptions = {},
): Promise<Compiled<Out>> {
  const traced = await trace(fn, example);
  const forms = example.map((tree) => mapLeaves(tree, formOf));
  const counts = example.map((tree) => leavesOf(tree).length);
  const offsets = counts.map((_, i) => counts.slice(0, i).reduce((sum, count) => sum + count, 0));
  const baked = new Map<number, Tensor>();
  for (const position of frozen)
    for (const [i, leaf] of leavesOf(example[position] ?? []).entries())
      baked.set((offsets[position] ?? 0) + i, asInput(leaf));
  const { outTree } = traced;
  const { outputs } = recognise(traced, baked);
  const executable = await prepare(outputs, { device, threads, precision });

  const live = forms.map((_, position) => position).filter((position) => !frozen.includes(position));
  const compiled = async (...args: readonly Tree<Tensor>[]): Promise<Out> => {
    if (args.length !== live.length)
      throw new InputError(`compiled function: expected ${live.length} arguments, got ${args.length}`);
    const given = new Map<number, Tensor>();
    for (const [i, position] of live.entries())
      for (const [j, leaf] of leavesLike(`argument ${position}`, forms[position] ?? [], args[i]).entries())
        given.set((offsets[position] ?? 0) + j, asInput(leaf));
    const results = await executable.run((leaf) => {
      const value = given.get(leaf);
      if (value === undefined) throw new Error(`compiled function: no value for leaf ${leaf}`);
      return value;
    });
    return jax.tree.unflatten(outTree, results) as Out;
  };
  return Object.assign(compiled, {
    async dispose() {
      await executable.dispose();
      dropSpareBuffers();
    },
  });
}
