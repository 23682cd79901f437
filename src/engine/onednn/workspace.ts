import { sizeOf } from "../../base/index.ts";
import type { NodeType } from "../nodes.ts";
import type { Dnnl, Layout, Precision } from "./dnnl.ts";
import type { Loop } from "./loops.ts";
import type { Place, Step } from "./steps.ts";
import { type Block, denseStrides, sameStrides, type View, view, type Width } from "./views.ts";

/** This executor has no kernel for it; another one must run the whole program. */
export class Unsupported extends Error {}

const placeOf = ({ offset, shape, strides }: View) => `${shape} at ${offset} by ${strides}`;

interface Wanted {
  /** Row-major when left out. */
  readonly order?: readonly number[];
  readonly type?: NodeType;
  readonly width?: Width;
}

/** The steps written so far, and new buffers for them. */
export class Workspace {
  readonly dnnl: Dnnl;
  /** In which convolutions and products compute. */
  readonly precision: Precision;
  readonly steps: Step[] = [];
  /** Copies of tensors, which never change once they are read: weights above all, which several calls want alike. */
  readonly #copies = new Map<Block, Map<string, View>>();
  readonly #packed = new Map<Block, { readonly from: string; readonly place: Place }[]>();

  constructor(dnnl: Dnnl, precision: Precision) {
    this.dnnl = dnnl;
    this.precision = precision;
  }

  buffer(name: string, length: number, width: Width = 4): Block {
    return { name, length, width, address: -1 };
  }

  /** A new buffer for a tensor whose axes lie in the given order. */
  place(name: string, shape: readonly number[], order?: readonly number[], width: Width = 4): View {
    return view(this.buffer(name, sizeOf(shape), width), shape, denseStrides(shape, order));
  }

  add(step: Step): void {
    this.steps.push(step);
  }

  /** The tensor densely in the given order of axes and with elements of the given width, copied if it does not lie so. */
  dense(given: View, { order = given.shape.map((_, axis) => axis), type = "float32", width = 4 }: Wanted = {}): View {
    const there = given.buffer.width === width && sameStrides(given.strides, denseStrides(given.shape, order));
    if (there) return given;
    const key = `${placeOf(given)} as ${order} in ${width}`;
    const known = this.#copies.get(given.buffer)?.get(key);
    if (known) return known;
    const copy = this.place("copy", given.shape, order, width);
    this.loop({ space: given.shape, expression: { kind: "load", view: given, type }, output: copy });
    this.#copies.set(given.buffer, (this.#copies.get(given.buffer) ?? new Map()).set(key, copy));
    return copy;
  }

  /** The tensor as a kernel wants it, where it was already reordered so. */
  packed(given: View, wanted: Layout): Place | undefined {
    const all = this.#packed.get(given.buffer)?.filter(({ from }) => from === placeOf(given));
    return all?.find(({ place }) => this.dnnl.same(place.layout, wanted))?.place;
  }

  rememberPacked(given: View, place: Place): void {
    this.#packed.set(given.buffer, [...(this.#packed.get(given.buffer) ?? []), { from: placeOf(given), place }]);
  }

  loop(loop: Loop): void {
    this.add({ kind: "loop", loop });
  }
}
