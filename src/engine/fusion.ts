import { first, type Node, scalarOf, second } from "./program.ts";

/** A convolution with what its kernel can do on the way out. */
export interface Fusion {
  readonly conv: Node;
  /** [1, out, 1, 1] */
  readonly bias?: Node;
  readonly relu: boolean;
}

/**
 * Finds conv, conv + bias and conv + bias + relu where nobody else reads what lies between. `fusions` is keyed by the
 * last node of each; the nodes before it are `absorbed`.
 */
export function fuseConvolutions(
  order: readonly Node[],
  outputs: readonly Node[],
): { fusions: ReadonlyMap<Node, Fusion>; absorbed: ReadonlySet<Node> } {
  const users = new Map<Node, (Node | undefined)[]>();
  const note = (node: Node, user: Node | undefined) => users.set(node, [...(users.get(node) ?? []), user]);
  for (const node of order) for (const input of node.inputs) note(input, node);
  for (const output of outputs) note(output, undefined);
  const soleUser = (node: Node) => (users.get(node)?.length === 1 ? users.get(node)?.[0] : undefined);

  const fusions = new Map<Node, Fusion>();
  const absorbed = new Set<Node>();
  for (const conv of order) {
    if (conv.op !== "conv") continue;
    let last = conv;
    let bias: Node | undefined;
    const added = soleUser(last);
    if (added?.op === "add") {
      bias = biasIn(added, conv);
      if (bias) {
        absorbed.add(last);
        last = added;
      }
    }
    const rectified = soleUser(last);
    const relu = rectified?.op === "relu";
    if (relu && rectified) {
      absorbed.add(last);
      last = rectified;
    }
    fusions.set(last, { conv, relu, ...(bias && { bias }) });
  }
  return { fusions, absorbed };
}

function biasIn(add: Node, conv: Node): Node | undefined {
  const other = first(add) === conv ? second(add) : first(add);
  return String(other.shape) === `1,${conv.shape[1]},1,1` && scalarOf(other) === undefined ? other : undefined;
}
