import { digestBytes, InputError, isTensor, type Tensor, type Tree } from "../base/index.ts";

/** Tensors under unique names, in the order of insertion. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/**
 * The leaves of a tree of plain objects under dotted names, { f: { conv1: { weight } } } -> { "f.conv1.weight" }, in the
 * tree's order. An object without members has no leaves and leaves no trace. Lists, and keys that are empty or hold a
 * dot, have no such name: they are our mistake and throw.
 */
export function flattenTree(tree: Tree<Tensor>): Record<string, Tensor> {
  if (isTensor(tree)) throw new Error("flattenTree: expected an object of tensors, got one tensor");
  return Object.fromEntries(namedLeaves(tree, ""));
}

/**
 * The tree of objects that dotted names describe, members in the order in which they come first. Throws InputError when
 * a name has an empty part, or is both a tensor and a folder of tensors.
 */
export function unflattenTree(tensors: NamedTensors): Tree<Tensor> {
  const root: Branch = new Map();
  for (const [name, leaf] of Object.entries(tensors)) {
    const path = name.split(".");
    if (path.includes("")) throw new InputError(`tensor names: expected parts between single dots, got "${name}"`);
    let branch = root;
    for (const key of path.slice(0, -1)) {
      const next = branch.get(key) ?? new Map();
      if (!(next instanceof Map)) throw clash(name);
      branch.set(key, next);
      branch = next;
    }
    const last = path.at(-1) ?? "";
    if (branch.has(last)) throw clash(name);
    branch.set(last, leaf);
  }
  return grown(root);
}

/**
 * SHA-256, in hex, of every leaf's name, type, shape and bytes, names in code-unit order: equal digests mean the same
 * tensors to the bit, in whatever order the tree was built.
 */
export function digestTree(tree: Tree<Tensor>): string {
  return digestTensors(flattenTree(tree));
}

/** `digestTree` of tensors that have their names already. */
export function digestTensors(tensors: NamedTensors): string {
  const text = new TextEncoder();
  const parts = Object.entries(tensors)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, { dtype, shape, data }]) => [text.encode(`${JSON.stringify([name, dtype, shape])}\n`), data]);
  return digestBytes(...parts);
}

type Branch = Map<string, Tensor | Branch>;

function grown(branch: Branch): Tree<Tensor> {
  return Object.fromEntries([...branch].map(([key, member]) => [key, member instanceof Map ? grown(member) : member]));
}

function clash(name: string): InputError {
  return new InputError(`tensor names: expected either a tensor or tensors below one name, got both at "${name}"`);
}

function namedLeaves(tree: Tree<Tensor>, path: string): [string, Tensor][] {
  if (isTensor(tree)) return [[path, tree]];
  if (Array.isArray(tree)) throw new Error(`flattenTree: expected an object or a tensor at "${path}", got a list`);
  return Object.entries(tree).flatMap(([key, member]) => {
    if (key === "" || key.includes("."))
      throw new Error(`flattenTree: expected keys without a dot below "${path}", got "${key}"`);
    return namedLeaves(member, path === "" ? key : `${path}.${key}`);
  });
}
