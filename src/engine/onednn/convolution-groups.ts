import { first, type Node, scalarOf, second } from "../nodes.ts";
import type { Users } from "../users.ts";

/** A convolution with what its kernel does on the way out. */
export interface ConvolutionGroup {
  readonly conv: Node;
  /** [1, out, 1, 1] */
  readonly bias?: Node;
  readonly relu: boolean;
}

export interface ConvolutionPlan {
  /** Keyed by the last node of each group. */
  readonly groups: ReadonlyMap<Node, ConvolutionGroup>;
  /** The nodes before it, which nobody else reads. */
  readonly absorbed: ReadonlySet<Node>;
}

export function planConvolutions(order: readonly Node[], users: Users): ConvolutionPlan {
  const groups = new Map<Node, ConvolutionGroup>();
  const absorbed = new Set<Node>();
  const claimed = new Set<Node>();
  // A kernel's rectifier makes 0 of what is not a number, a loop's keeps it: a broken model must not look sound.
  const rectifies = !order.some(isBroken);
  const soleReader = (node: Node) => (users.get(node)?.length === 1 ? users.get(node)?.[0] : undefined);
  for (const conv of order) {
    if (conv.op === "convInputGradient" || conv.op === "convWeightGradient") groups.set(conv, { conv, relu: false });
    if (conv.op !== "conv") continue;
    const added = soleReader(conv);
    const free = added?.op === "add" && !claimed.has(added);
    const bias = free ? biasIn(added, conv) : undefined;
    let last = conv;
    if (added && bias) {
      absorbed.add(conv);
      // Two convolutions may meet in one sum; the second is then the bias of the first.
      claimed.add(added);
      last = added;
    }
    const rectified = soleReader(last);
    const relu = rectifies && rectified?.op === "relu";
    if (relu && rectified) {
      absorbed.add(last);
      last = rectified;
    }
    groups.set(last, { conv, relu, ...(bias && { bias }) });
  }
  return { groups, absorbed };
}

function biasIn(add: Node, conv: Node): Node | undefined {
  const other = first(add) === conv ? second(add) : first(add);
  return other.shape.every((length, axis) => length === (axis === 1 ? conv.shape[1] : 1)) ? other : undefined;
}

/** A weight that is built in and is not finite; a scalar may be infinite, as the least of all numbers is. */
function isBroken(node: Node): boolean {
  const scalar = scalarOf(node);
  if (scalar !== undefined) return Number.isNaN(scalar);
  if (!(node.data instanceof Float32Array)) return false;
  // Ten times as quick as `every(Number.isFinite)`.
  for (let i = 0; i < node.data.length; i++) if (!Number.isFinite(node.data[i])) return true;
  return false;
}
