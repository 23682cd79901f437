import { sizeOf } from "../../base/index.ts";
import { type ConvGeometry, dim, type Node } from "../nodes.ts";
import { call, firstReal, inOrder, made, typesOf, widths } from "./calls.ts";
import type { Choice, ConvolutionKind, ElementType, Geometry, Role } from "./dnnl.ts";
import { sliced, type View, view, type Width } from "./views.ts";
import { Unsupported, type Workspace } from "./workspace.ts";

/** Images lie with their channels innermost: every kernel of oneDNN takes them so, and loops see them as plain strides. */
const channelsLast = [0, 2, 3, 1];

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
