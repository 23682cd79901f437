import { createHash } from "node:crypto";
import type { Attributes, Constant, Node, NodeType, Op } from "./nodes.ts";

/** Every node of a program, each made once: equal ops on equal inputs are one node (hash consing). */
export class NodeTable {
  readonly #known = new Map<string, Node>();
  #count = 0;

  intern(
    op: Op,
    inputs: readonly Node[],
    attributes: Attributes,
    shape: readonly number[],
    type: NodeType,
    data?: Node["data"],
  ): Node {
    const key = `${op}(${inputs.map((input) => input.id)})${JSON.stringify(attributes)}:${shape}:${type}`;
    const known = this.#known.get(key);
    if (known) return known;
    const node: Node = { id: this.#count++, op, inputs, attributes, shape, type, ...(data && { data }) };
    this.#known.set(key, node);
    return node;
  }
}

/** Equal for equal values, 0 and -0 apart. Most constants are one number, which needs no hashing. */
export function digestOf(data: Constant): string {
  const [value] = data.length === 1 ? data : [];
  if (value !== undefined) return Object.is(value, -0) ? "-0" : String(value);
  return createHash("sha1")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");
}
