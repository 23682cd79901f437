import { sizeOf } from "../../base/index.ts";
import { type ConvGeometry, dim, type Node } from "../nodes.ts";
import type { Choice, ConvolutionKind, ElementType, Geometry, Layout, Role } from "./dnnl.ts";
import type { CallOperand } from "./steps.ts";
import { denseStrides, memoryOrder, sameStrides, sliced, type View, view, type Width } from "./views.ts";
import { Unsupported, type Workspace } from "./workspace.ts";

/** Images lie with their channels innermost: every kernel of oneDNN takes them so, and loops see them as plain strides. */
const channelsLast = [0, 2, 3, 1];

interface Placed {
  readonly role: Role;
  readonly view: View;
  readonly written?: boolean;
}

interface ConvolutionOperands {
  readonly x: View;
  readonly y: View;
  /** [1, out, 1, 1] */
  readonly bias?: View;
  readonly relu: boolean;
  /** Of the result. */
  readonly width: Width;
}

/** A convolution or one of its gradients. */
export function lowerConvolution(
  space: Workspace,
  conv: Node,
  { x: a, y: b, bias, relu, width }: ConvolutionOperands,
): View {
  const { dnnl } = space;
  if (conv.type !== "float32") throw new Unsupported(`${conv.op} of ${conv.type}`);
  const kind = kinds[conv.op as keyof typeof kinds];
  const result = space.place(conv.op, conv.shape, kind === "weightGradient" ? undefined : channelsLast, width);
  const [x, weight, y] = { forward: [a, b, result], inputGradient: [result, b, a], weightGradient: [a, result, b] }[
    kind
  ] as [View, View, View];
  const { groups, ...window } = conv.attributes as unknown as ConvGeometry;
  const { geometry, image } = fitted(x, weight.shape.slice(2), y.shape.slice(2), window);
  if (image !== x && kind === "inputGradient")
    throw new Unsupported("an input gradient with rows that nothing reached");

  const kernels = grouped(kind === "weightGradient" ? weight : forwards(space, weight), groups);
  const biasVector = bias && vectorOf(space, bias);
  const chosen = (type: ElementType, strides: (view: View) => readonly number[] | "any") => {
    const layouts = (out: ElementType) => {
      const layout = (given: View, where: readonly number[] | "any") =>
        dnnl.layout(given.shape, where, given.buffer === result.buffer ? out : type);
      return {
        image: layout(image, strides(image)),
        weight: layout(kernels, "any"),
        out: layout(y, strides(y)),
        ...(biasVector && { bias: dnnl.layout(biasVector.shape, [1]) }),
      };
    };
    return dnnl.convolution(kind, layouts(made(type, result)), geometry, { relu, ahead: layouts(type) });
  };
  // Layouts that have a real kernel, the most wanted first; "ref" in a kernel's name means a plain loop.
  const ways = typesOf(space).flatMap((type) =>
    [inOrder(channelsLast), () => "any" as const].map((strides) => ({ type, strides })),
  );
  const found = firstReal(ways, ({ type, strides }) => chosen(type, strides));
  if (found === undefined)
    throw new Unsupported(`${conv.op} [${conv.inputs.map(({ shape }) => `${shape}`).join("] [")}]`);
  const { choice, type } = found;
  if (isWrong(choice, image, geometry))
    throw new Unsupported(`a convolution that its kernel ${choice.kernel} gets wrong`);
  const asImage = (given: View) =>
    given === result ? given : space.dense(given, { order: channelsLast, width: widths[type] });
  const roles = roleNames[kind];
  call(space, choice, [
    { role: roles.image, view: asImage(image), written: kind === "inputGradient" },
    { role: roles.weight, view: kernels, written: kind === "weightGradient" },
    { role: roles.out, view: asImage(y), written: kind === "forward" },
    ...(biasVector ? [{ role: "bias" as const, view: biasVector }] : []),
  ]);
  return result;
}

/** What a call may compute in, the wanted first. */
const typesOf = ({ precision }: Workspace): readonly ElementType[] =>
  precision === "bf16" ? ["bf16", "f32"] : ["f32"];
const widths = { bf16: 2, f32: 4 } as const;
/** What a call that reads `type` writes itself; another type is a reorder's work. */
const made = (type: ElementType, result: View): ElementType => (type === "f32" ? "f32" : typeOf(result));
const typeOf = ({ buffer }: View): ElementType => (buffer.width === 2 ? "bf16" : "f32");

/** The first choice that is a real kernel, else the first that there is. */
function firstReal<T>(
  ways: readonly T[],
  choose: (way: T) => Choice | undefined,
): (T & { choice: Choice }) | undefined {
  let slow: (T & { choice: Choice }) | undefined;
  for (const way of ways) {
    const choice = choose(way);
    if (choice && !choice.kernel.includes("ref")) return { ...way, choice };
    if (choice) slow ??= { ...way, choice };
  }
  return slow;
}

/**
 * oneDNN 3.7 gets windows at the padded ends of a row wrong where an image has one channel and a stride: found by 16,000
 * random convolutions against nested loops. 2.6 had all of them right.
 */
function isWrong({ kernel }: Choice, image: View, { strides }: Geometry): boolean {
  return kernel.startsWith("brg_conv_fwd") && image.shape[1] === 1 && strides[1] !== 1;
}

const kinds: Readonly<Record<"conv" | "convInputGradient" | "convWeightGradient", ConvolutionKind>> = {
  conv: "forward",
  convInputGradient: "inputGradient",
  convWeightGradient: "weightGradient",
};

const roleNames: Readonly<Record<ConvolutionKind, { image: Role; weight: Role; out: Role }>> = {
  forward: { image: "source", weight: "weights", out: "destination" },
  inputGradient: { image: "sourceGradient", weight: "weights", out: "destinationGradient" },
  weightGradient: { image: "source", weight: "weightsGradient", out: "destinationGradient" },
};

export function lowerMatmul(space: Workspace, result: View, x: View, y: View): View {
  const { dnnl } = space;
  const ways = typesOf(space).map((type) => ({ type, a: asMatrix(x, type), b: asMatrix(y, type) }));
  const out = (type: ElementType) => dnnl.layout(result.shape, filled(result), made(type, result));
  const found = firstReal(ways, ({ type, a, b }) =>
    dnnl.matmul(dnnl.layout(x.shape, a.strides, type), dnnl.layout(y.shape, b.strides, type), out(type)),
  );
  if (found === undefined) throw new Unsupported(`matmul [${x.shape}] [${y.shape}]`);
  call(space, found.choice, [
    { role: "source", view: found.a.placed(space) },
    { role: "weights", view: found.b.placed(space) },
    { role: "destination", view: result, written: true },
  ]);
  return result;
}

/** Adds a call, with reorders before and after it where a kernel wants another layout than the tensor has. */
function call(space: Workspace, choice: Choice, placed: readonly Placed[]): void {
  const { dnnl } = space;
  const after: (() => void)[] = [];
  const operands = placed.map(({ role, view: given, written = false }): CallOperand => {
    const wanted = choice.wants(role);
    const there = dnnl.layout(given.shape, filled(given), typeOf(given));
    if (dnnl.same(there, wanted)) return { role, layout: wanted, buffer: given.buffer, offset: given.offset, written };
    const own = { layout: wanted, buffer: space.buffer(`${role} as wanted`, dnnl.bytes(wanted) / 4), offset: 0 };
    const plain = { layout: there, buffer: given.buffer, offset: given.offset };
    if (written) after.push(() => reorder(space, own, plain));
    else reorder(space, plain, own);
    return { role, ...own, written };
  });
  space.add({ kind: "call", choice, operands: [...operands, ...scratchpad(space, choice)] });
  for (const step of after) step();
}

type Place = Pick<CallOperand, "layout" | "buffer" | "offset">;

function reorder(space: Workspace, from: Place, to: Place): void {
  const choice = space.dnnl.reorder(from.layout, to.layout);
  if (choice === undefined) throw new Unsupported("a reorder");
  const operands: CallOperand[] = [
    { role: "source", ...from, written: false },
    { role: "destination", ...to, written: true },
  ];
  space.add({ kind: "call", choice, operands: [...operands, ...scratchpad(space, choice)] });
}

function scratchpad(space: Workspace, choice: Choice): CallOperand[] {
  const layout: Layout = choice.wants("scratchpad");
  const bytes = space.dnnl.bytes(layout);
  if (bytes === 0) return [];
  const buffer = space.buffer("scratchpad", Math.ceil(bytes / 4));
  return [{ role: "scratchpad", layout, buffer, offset: 0, written: true }];
}

/**
 * Padding behind the image that makes its size and the result's agree. Rows that no window reaches are cut off where they
 * are as many as a stride, since a library would make windows of them.
 */
function fitted(
  image: View,
  kernel: readonly number[],
  out: readonly number[],
  { strides, dilation, padding }: Omit<ConvGeometry, "groups">,
): { geometry: Geometry; image: View } {
  const missing = [0, 1].map((i) => {
    const reach = ((out[i] ?? 1) - 1) * (strides[i] ?? 1) + ((kernel[i] ?? 1) - 1) * (dilation[i] ?? 1) + 1;
    return reach - (padding[i] ?? 0) - dim({ shape: image.shape, op: "conv" } as Node, i + 2);
  });
  const cut = missing.map((length, i) => (-length >= (strides[i] ?? 1) ? length : 0));
  const shape = image.shape.map((length, axis) => length + (cut[axis - 2] ?? 0));
  const geometry = {
    strides,
    dilation: dilation.map((step) => step - 1),
    before: padding.slice(0, 2),
    after: missing.map((length) => Math.max(0, length)),
  };
  const whole = cut.every((length) => length === 0);
  return {
    geometry,
    image: whole
      ? image
      : sliced(
          image,
          shape,
          shape.map(() => 0),
          shape.map(() => 1),
        ),
  };
}

/** [out, in / groups, kh, kw] with an axis for the groups in front, where there are several. */
function grouped(weight: View, groups: number): View {
  if (groups === 1) return weight;
  const [out = 1, ...rest] = weight.shape;
  const [step = 0, ...inner] = weight.strides;
  return view(weight.buffer, [groups, out / groups, ...rest], [(step * out) / groups, step, ...inner], weight.offset);
}

/** Layouts know no steps back and no repetition. */
function forwards(space: Workspace, given: View): View {
  const plain = given.strides.every((stride, axis) => stride > 0 || given.shape[axis] === 1);
  return plain ? given : space.dense(given);
}

function vectorOf(space: Workspace, bias: View): View {
  const { buffer, offset } = space.dense(bias);
  const length = sizeOf(bias.shape);
  return view(buffer, [length], [1], offset);
}

/** A matrix (or several) that lies row by row or column by column; where it does not, or has another type, a copy. */
function asMatrix(given: View, type: ElementType): { strides: readonly number[]; placed: (space: Workspace) => View } {
  const [rows = 0, columns = 0] = given.strides.slice(-2);
  const positive = given.strides.every((stride, axis) => stride > 0 || given.shape[axis] === 1);
  const [height = 1, width = 1] = given.shape.slice(-2);
  const byRows = (columns === 1 || width === 1) && (rows >= width || height === 1);
  const byColumns = (rows === 1 || height === 1) && (columns >= height || width === 1);
  const isMatrix = positive && (byRows || byColumns);
  if (isMatrix && typeOf(given) === type) return { strides: filled(given), placed: () => given };
  const order = isMatrix ? memoryOrder(given) : given.shape.map((_, axis) => axis);
  return { strides: inOrder(order)(given), placed: (space) => space.dense(given, { order, width: widths[type] }) };
}

/** Strides as oneDNN wants them: axes of one element, which have none here, get what a dense tensor would have. */
function filled(given: View): number[] {
  const order = memoryOrder(given);
  if (sameStrides(given.strides, denseStrides(given.shape, order))) return inOrder(order)(given);
  const strides = [...given.strides];
  for (let axis = strides.length - 1; axis >= 0; axis--)
    if (given.shape[axis] === 1) strides[axis] = (strides[axis + 1] ?? 1) * (given.shape[axis + 1] ?? 1);
  return strides;
}

const inOrder =
  (order: readonly number[]) =>
  ({ shape }: View): number[] => {
    const strides = shape.map(() => 1);
    let step = 1;
    for (const axis of order.toReversed()) {
      strides[axis] = step;
      step *= shape[axis] ?? 1;
    }
    return strides;
  };
