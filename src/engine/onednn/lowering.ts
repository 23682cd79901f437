import { dim, first, listOf, type Node, reachable, scalarOf, second } from "../nodes.ts";
import { usersOf } from "../users.ts";
import { commonOrder } from "./common-order.ts";
import { type ConvolutionGroup, planConvolutions } from "./convolution-groups.ts";
import type { Dnnl, Precision } from "./dnnl.ts";
import type { Expression } from "./expressions.ts";
import { planHalves } from "./halves.ts";
import { hostKernel } from "./host-kernels.ts";
import { isElementwise, planInlining } from "./inlining.ts";
import type { ReductionKind } from "./loops.ts";
import { lowerConvolution } from "./lower-convolution.ts";
import { lowerMatmul } from "./lower-matmul.ts";
import type { Step } from "./steps.ts";
import {
  denseStrides,
  expanded,
  flipped,
  memoryOrder,
  reshaped,
  sliced,
  transposed,
  type View,
  view,
} from "./views.ts";
import { Unsupported, Workspace } from "./workspace.ts";

/** A program as steps over buffers. */
export interface Lowered {
  readonly steps: readonly Step[];
  readonly inputs: readonly { readonly node: Node; readonly view: View }[];
  readonly constants: readonly { readonly node: Node; readonly view: View }[];
  /** Dense and row-major. */
  readonly outputs: readonly View[];
}

export interface LoweringOptions {
  readonly precision: Precision;
  /** For how many threads work is cut into pieces. */
  readonly threads: number;
}

export function lowerToSteps(outputs: readonly Node[], dnnl: Dnnl, options: LoweringOptions): Lowered {
  return new Lowering(outputs, dnnl, options).lowered;
}

/** Gives every node that must stand in memory a view: of a buffer of its own, or of another node's. */
class Lowering {
  readonly lowered: Lowered;
  readonly #space: Workspace;
  readonly #inputs: { node: Node; view: View }[] = [];
  readonly #constants: { node: Node; view: View }[] = [];
  readonly #views = new Map<Node, View>();
  readonly #expressions = new Map<Node, Expression>();
  readonly #groups: ReadonlyMap<Node, ConvolutionGroup>;
  readonly #inlined: ReadonlySet<Node>;
  readonly #outputs: ReadonlySet<Node>;
  readonly #halves: ReadonlySet<Node>;

  constructor(outputs: readonly Node[], dnnl: Dnnl, { precision, threads }: LoweringOptions) {
    this.#space = new Workspace(dnnl, { precision, threads });
    this.#outputs = new Set(outputs);
    const order = reachable(outputs);
    const users = usersOf(order, outputs);
    const plan = planConvolutions(order, users);
    this.#groups = plan.groups;
    this.#inlined = planInlining(order, users, plan);
    this.#halves = precision === "bf16" ? planHalves(order, users, plan) : new Set();
    for (const node of order)
      if (!plan.absorbed.has(node) && !this.#inlined.has(node)) this.#views.set(node, this.#lower(node));
    const results = outputs.map((node) => this.#space.dense(this.view(node)));
    this.lowered = { steps: this.#space.steps, inputs: this.#inputs, constants: this.#constants, outputs: results };
  }

  /** Where a node that stands in memory does so. */
  view(node: Node): View {
    const known = this.#views.get(node);
    if (known === undefined) throw new Error(`lowering: ${node.op} was read before it was written`);
    return known;
  }

  /** A new buffer for a node's result. */
  #place(node: Node, order?: readonly number[]): View {
    return this.#space.place(node.op, node.shape, order, this.#halves.has(node) ? 2 : 4);
  }

  #lower(node: Node): View {
    const group = this.#groups.get(node);
    if (group) {
      const { conv, bias, relu } = group;
      return lowerConvolution(this.#space, conv, {
        x: this.view(first(conv)),
        y: this.view(second(conv)),
        relu,
        width: this.#halves.has(node) ? 2 : 4,
        ...(bias && { bias: this.view(bias) }),
      });
    }
    if (isElementwise(node)) return this.#map(node);
    switch (node.op) {
      case "input": {
        const given = this.#space.place(`input ${node.attributes.index}`, node.shape);
        this.#inputs.push({ node, view: given });
        return given;
      }
      case "constant": {
        const given = this.#space.place(`constant ${node.id}`, node.shape);
        this.#constants.push({ node, view: given });
        return given;
      }
      case "reduce":
        return this.#reduce(node);
      case "maxPool":
        return this.#maxPool(node);
      case "reshape": {
        const from = this.view(first(node));
        return (
          reshaped(from, node.shape) ??
          view(
            this.#space.dense(from, { type: node.type, width: from.buffer.width }).buffer,
            node.shape,
            denseStrides(node.shape),
          )
        );
      }
      case "transpose":
        return transposed(this.view(first(node)), listOf(node, "perm"));
      case "slice":
        return sliced(this.view(first(node)), node.shape, listOf(node, "starts"), listOf(node, "steps"));
      case "flip":
        return flipped(this.view(first(node)), listOf(node, "axes"));
      case "expand":
        return expanded(this.view(first(node)), node.shape);
      case "pad":
        return this.#pad(node);
      case "concat":
        return this.#concat(node);
      case "matmul":
        return lowerMatmul(this.#space, this.#place(node), this.view(first(node)), this.view(second(node)));
      case "gather":
      case "scatterAdd":
      case "sort":
      case "argsort": {
        const inputs = node.inputs.map((input) => ({
          view: this.#space.dense(this.view(input), { type: input.type }),
          type: input.type,
        }));
        const output = { view: this.#space.place(node.op, node.shape), type: node.type };
        this.#space.add({ kind: "host", run: hostKernel(node), inputs, output });
        return output.view;
      }
      default:
        throw new Unsupported(node.op);
    }
  }

  /** What a loop over all of a node's elements computes: the node's expression where it is inlined, else a load. */
  #operand(node: Node): Expression {
    const value = scalarOf(node.op === "expand" ? first(node) : node);
    if (value !== undefined) return { kind: "constant", value, type: node.type };
    if (this.#inlined.has(node)) return this.#expression(node);
    const known = this.#expressions.get(node);
    if (known) return known;
    const load: Expression = { kind: "load", view: this.view(node), type: node.type };
    this.#expressions.set(node, load);
    return load;
  }

  #expression(node: Node): Expression {
    const known = this.#expressions.get(node);
    if (known) return known;
    const args = node.inputs.map((input) => this.#operand(input));
    const apply: Expression = { kind: "apply", op: node.op as never, args, type: node.type };
    this.#expressions.set(node, apply);
    return apply;
  }

  #map(node: Node): View {
    const expression = this.#expression(node);
    this.#expressions.delete(node);
    const order = this.#outputs.has(node) ? undefined : commonOrder(node.shape, expression);
    const output = this.#place(node, order);
    this.#space.loop({ space: node.shape, expression, output });
    return output;
  }

  #reduce(node: Node): View {
    const x = first(node);
    const expression = this.#operand(x);
    const output = this.#place(node, commonOrder(x.shape, expression));
    const kind = node.attributes.kind as ReductionKind;
    this.#space.loop({ space: x.shape, expression, output, reduction: { kind, axes: listOf(node, "axes") } });
    return output;
  }

  /** The largest of each window, seen through a view with two more axes. */
  #maxPool(node: Node): View {
    const x = this.view(first(node));
    const [batch, channels, height, width] = node.shape as [number, number, number, number];
    const [window, steps] = [listOf(node, "window"), listOf(node, "strides")];
    const [sb = 0, sc = 0, sh = 0, sw = 0] = x.strides;
    const space = [batch, channels, height, window[0] ?? 1, width, window[1] ?? 1];
    const windows = view(x.buffer, space, [sb, sc, sh * (steps[0] ?? 1), sh, sw * (steps[1] ?? 1), sw], x.offset);
    const output = this.#place(node, memoryOrder(x));
    const across = view(output.buffer, [batch, channels, height, 1, width, 1], spreadOut(output.strides));
    this.#space.loop({
      space,
      expression: { kind: "load", view: windows, type: node.type },
      output: across,
      reduction: { kind: "max", axes: [3, 5] },
    });
    return output;
  }

  #pad(node: Node): View {
    const x = first(node);
    const expression = this.#operand(x);
    const output = this.#place(node, commonOrder(x.shape, expression));
    this.#space.loop({ space: node.shape, expression: { kind: "constant", value: 0, type: node.type }, output });
    const inner = sliced(
      output,
      x.shape,
      listOf(node, "before"),
      x.shape.map(() => 1),
    );
    this.#space.loop({ space: x.shape, expression, output: inner });
    return output;
  }

  #concat(node: Node): View {
    const axis = Number(node.attributes.axis);
    const parts = node.inputs.map((input) => ({ shape: input.shape, expression: this.#operand(input) }));
    const [head] = parts;
    const output = this.#place(node, head && commonOrder(head.shape, head.expression));
    let from = 0;
    for (const { shape, expression } of parts) {
      const starts = shape.map((_, i) => (i === axis ? from : 0));
      this.#space.loop({
        space: shape,
        expression,
        output: sliced(
          output,
          shape,
          starts,
          shape.map(() => 1),
        ),
      });
      from += dim({ shape, op: "concat" } as Node, axis);
    }
    return output;
  }
}

const spreadOut = ([b = 0, c = 0, h = 0, w = 0]: readonly number[]): number[] => [b, c, h, 0, w, 0];
