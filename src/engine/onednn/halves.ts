import { dim, first, type Node, second } from "../nodes.ts";
import type { Users } from "../users.ts";
import type { ConvolutionPlan } from "./convolution-groups.ts";

const calls = new Set(["conv", "convInputGradient", "convWeightGradient", "matmul"]);
const sights = new Set(["reshape", "transpose", "slice", "flip", "expand"]);

/**
 * The tensors that are kept as bf16 when convolutions and products compute in it: what these read, which is rounded
 * anyway, and the images that convolutions make. All arithmetic between loads and stores, and every sum, stays float32; so
 * do the program's inputs and outputs, gradients of weights and results of reductions.
 */
export function planHalves(order: readonly Node[], users: Users, { groups }: ConvolutionPlan): ReadonlySet<Node> {
  const read = new Set<Node>();
  for (const node of order.toReversed()) {
    const readers = users.get(node) ?? [];
    if (readers.some((reader) => reader && isRead(reader, node, read))) read.add(node);
  }
  return new Set(
    order.filter((node) => {
      const kept =
        node.type === "float32" &&
        !["input", "constant", "reduce", "gather", "scatterAdd", "sort", "convWeightGradient"].includes(node.op);
      return kept && (read.has(node) || isImage(groups.get(node)?.conv)) && !users.get(node)?.includes(undefined);
    }),
  );
}

/** What a convolution makes, unless its kernel is larger: then it is the gradient of a weight, written as a convolution. */
function isImage(conv: Node | undefined): boolean {
  if (conv?.op === "convInputGradient") return true;
  return conv?.op === "conv" && [2, 3].every((axis) => dim(conv, axis) >= dim(second(conv), axis));
}

/** A call reads it, by itself or under another shape; the biases and sums that end a convolution are not rounded. */
function isRead(reader: Node, node: Node, read: ReadonlySet<Node>): boolean {
  return calls.has(reader.op) || (sights.has(reader.op) && first(reader) === node && read.has(reader));
}
