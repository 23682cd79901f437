import type { NodeType } from "../nodes.ts";
import type { Choice, Layout, Role } from "./dnnl.ts";
import { type Loop, loadsOf } from "./loops.ts";
import type { Block, View } from "./views.ts";

/** One thing to do, in order. Buffers have addresses once all steps are known. */
export type Step =
  | { readonly kind: "loop"; readonly loop: Loop }
  /** Lists of steps that write different places and read nothing that another list writes: for threads side by side. */
  | { readonly kind: "shares"; readonly shares: readonly (readonly Step[])[] }
  | { readonly kind: "call"; readonly choice: Choice; readonly operands: readonly CallOperand[] }
  /** Plain JavaScript on dense row-major tensors, for what neither loops nor oneDNN can do. */
  | {
      readonly kind: "host";
      readonly run: HostKernel;
      readonly inputs: readonly TypedView[];
      readonly output: TypedView;
    };

export interface TypedView {
  readonly view: View;
  readonly type: NodeType;
}

/** Where a call finds a tensor. */
export interface Place {
  readonly layout: Layout;
  readonly buffer: Block;
  readonly offset: number;
}

export interface CallOperand extends Place {
  readonly role: Role;
  readonly written: boolean;
}

export type Words = Float32Array | Int32Array;
export type HostKernel = (inputs: readonly Words[], output: Words) => void;

export function readsOf(step: Step): Block[] {
  if (step.kind === "shares") return step.shares.flat().flatMap(readsOf);
  if (step.kind === "call") return step.operands.filter(({ written }) => !written).map(({ buffer }) => buffer);
  if (step.kind === "host") return step.inputs.map(({ view }) => view.buffer);
  return loadsOf(step.loop.expression).map(({ view }) => view.buffer);
}

export function writesOf(step: Step): Block[] {
  if (step.kind === "shares") return step.shares.flat().flatMap(writesOf);
  if (step.kind === "call") return step.operands.filter(({ written }) => written).map(({ buffer }) => buffer);
  return [step.kind === "host" ? step.output.view.buffer : step.loop.output.buffer];
}
