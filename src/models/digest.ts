import { digestBytes, isTensor, type Tensor, type Tree } from "../base/index.ts";

/** A leaf and its path, e.g. ["conv1.weight", tensor]; members in code-unit order of their names, whatever the tree's. */
export function namedLeaves(tree: Tree<Tensor>, path = ""): readonly (readonly [string, Tensor])[] {
  if (isTensor(tree)) return [[path, tree]];
  return Object.entries(tree)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, member]) => namedLeaves(member, path ? `${path}.${key}` : key));
}

/** SHA-256, in hex, of every leaf's path, type, shape and bytes: equal digests mean the same parameters to the bit. */
export function parametersDigest(tree: Tree<Tensor>): string {
  const text = new TextEncoder();
  return digestBytes(
    ...namedLeaves(tree).flatMap(([path, { dtype, shape, data }]) => [
      text.encode(`${path} ${dtype} [${shape.join(", ")}]\n`),
      data,
    ]),
  );
}
