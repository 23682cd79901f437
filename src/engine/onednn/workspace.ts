import { sizeOf } from "../../base/index.ts";
import type { NodeType } from "../nodes.ts";
import type { Dnnl, Precision } from "./dnnl.ts";
import type { Loop } from "./loops.ts";
import type { Step } from "./steps.ts";
import { type Block, denseStrides, sameStrides, type View, view, type Width } from "./views.ts";

/** This executor has no kernel for it; another one must run the whole program. */
export class Unsupported extends Error {}

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
    const copy = this.place("copy", given.shape, order, width);
    this.loop({ space: given.shape, expression: { kind: "load", view: given, type }, output: copy });
    return copy;
  }

  loop(loop: Loop): void {
    this.add({ kind: "loop", loop });
  }
}
