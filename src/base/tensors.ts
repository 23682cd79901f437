import { InputError } from "./errors.ts";

/** Host data of a tensor by its type. Booleans are one byte each, 0 or 1. */
export interface TensorData {
  float32: Float32Array;
  int32: Int32Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

export type DType = keyof TensorData;

/** A dense tensor on the host, row-major. */
export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly data: TensorData[D];
}

/** Parameters and states: plain objects and arrays with tensors at the leaves. */
export type Tree<Leaf> = Leaf | readonly Tree<Leaf>[] | { readonly [key: string]: Tree<Leaf> };

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

/** A float32 tensor; the data's length must be the shape's product. */
export function float32(shape: readonly number[], data?: ArrayLike<number>): Tensor<"float32"> {
  return tensor("float32", shape, data ? Float32Array.from(data) : new Float32Array(sizeOf(shape)));
}

export function tensor<D extends DType>(dtype: D, shape: readonly number[], data: TensorData[D]): Tensor<D> {
  if (data.length !== sizeOf(shape))
    throw new Error(`tensor: expected ${sizeOf(shape)} elements for shape [${shape}], got ${data.length}`);
  return { dtype, shape, data };
}

/** Checks a tensor at a stage's border; -1 in `expected` stands for any length. */
export function checkShape(where: string, shape: readonly number[], expected: readonly number[], names?: string): void {
  const fits = shape.length === expected.length && expected.every((length, i) => length < 0 || length === shape[i]);
  if (!fits) {
    const wanted = names ?? `[${expected.map((length) => (length < 0 ? "any" : length)).join(", ")}]`;
    throw new InputError(`${where}: expected shape ${wanted}, got [${shape.join(", ")}]`);
  }
}

export function isTensor(value: unknown): value is Tensor {
  return value !== null && typeof value === "object" && "dtype" in value && "shape" in value && "data" in value;
}

/** The leaves of a tree in order: array items by index, object members by insertion. */
export function leavesOf(tree: Tree<Tensor>): Tensor[] {
  if (isTensor(tree)) return [tree];
  return (Array.isArray(tree) ? tree : Object.values(tree)).flatMap((branch: Tree<Tensor>) => leavesOf(branch));
}

/** A tree of the same structure with `fn` applied to every leaf. */
export function mapLeaves<Out>(tree: Tree<Tensor>, fn: (leaf: Tensor) => Out): Tree<Out> {
  if (isTensor(tree)) return fn(tree);
  if (Array.isArray(tree)) return tree.map((branch: Tree<Tensor>) => mapLeaves(branch, fn));
  return Object.fromEntries(Object.entries(tree).map(([key, branch]) => [key, mapLeaves(branch, fn)]));
}

/**
 * Gives a tree's memory back now, for a state that the next one has replaced: the collector lets megabytes of such
 * states pile up between two rounds. Nobody may read the tree afterwards.
 */
export function free(tree: Tree<Tensor>): void {
  for (const { data } of leavesOf(tree)) {
    const buffer = data.buffer as ArrayBuffer;
    const size = spare.get(buffer.byteLength);
    if (size === undefined || size.taken === 0) buffer.transfer(0);
    else {
      size.taken--;
      size.kept.push(buffer.transfer());
    }
  }
}

/**
 * Memory that was given back, for the next state, by size: the system takes longer to make 90 MB of new pages than the
 * processor takes to fill them. No more is kept of a size than was taken.
 */
const spare = new Map<number, { readonly kept: ArrayBuffer[]; taken: number }>();
const worthKeeping = 65536;

/** A buffer of so many bytes, which hold anything. */
export function takeBuffer(byteLength: number): ArrayBuffer {
  if (byteLength < worthKeeping) return new ArrayBuffer(byteLength);
  const size = spare.get(byteLength) ?? { kept: [], taken: 0 };
  spare.set(byteLength, size);
  size.taken++;
  return size.kept.pop() ?? new ArrayBuffer(byteLength);
}

/** Gives the system what `free` keeps. */
export function dropSpareBuffers(): void {
  spare.clear();
}
