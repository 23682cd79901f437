import { GraphWriter } from "./graph-writer.ts";
import { toBlocked, toPlain } from "./layouts.ts";
import type { Node } from "./nodes.ts";

export interface LoweringOptions {
  /** Channels in a block of the executor's own image layout; 0 where it has none. */
  readonly block: number;
}

/**
 * Writes a program as an ONNX graph (opset 21). Every value has a name in the plain layout, in the executor's blocked
 * image layout, or in both once somebody asked for the other one.
 */
export class Lowering {
  readonly graph = new GraphWriter();
  readonly block: number;
  readonly #plain = new Map<Node, string>();
  readonly #blocked = new Map<Node, string>();
  /** Values that were computed in the blocked layout. */
  readonly #native = new Set<Node>();

  constructor({ block }: LoweringOptions) {
    this.block = block;
  }

  setPlain(node: Node, name: string): void {
    this.#plain.set(node, name);
  }

  setBlocked(node: Node, name: string): void {
    this.#blocked.set(node, name);
    this.#native.add(node);
  }

  isBlocked(node: Node): boolean {
    return this.#native.has(node);
  }

  plain(node: Node): string {
    return this.#named(this.#plain, this.#blocked, node, toPlain);
  }

  blocked(node: Node): string {
    return this.#named(this.#blocked, this.#plain, node, toBlocked);
  }

  #named(wanted: Map<Node, string>, other: Map<Node, string>, node: Node, convert: typeof toPlain): string {
    const known = wanted.get(node);
    if (known !== undefined) return known;
    const there = other.get(node);
    if (there === undefined) throw new Error(`lowering: ${node.op} was read before it was written`);
    const name = convert(this.graph, this.block, node, there);
    wanted.set(node, name);
    return name;
  }
}
