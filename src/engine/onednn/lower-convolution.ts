import { sizeOf } from "../../base/index.ts";
import { type ConvGeometry, dim, type Node } from "../nodes.ts";
import { call, channelsLast, firstReal, made, widths } from "./calls.ts";
import { isWrong, type Way, waysOf } from "./convolution-ways.ts";
import type { ConvolutionKind, ElementType, Geometry, Role } from "./dnnl.ts";
import type { Expression } from "./expressions.ts";
import { cut, sliced, type View, view, type Width } from "./views.ts";
import { Unsupported, type Workspace } from "./workspace.ts";

interface ConvolutionOperands {
  readonly x: View;
  readonly y: View;
  /** [1, out, 1, 1] */
  readonly bias?: View;
  readonly relu: boolean;
  /** Of the result. */
  readonly width: Width;
}

/** A convolution or one of its gradients; each thread takes a piece of the batch. */
export function lowerConvolution(
  space: Workspace,
  conv: Node,
  { x: a, y: b, bias, relu, width }: ConvolutionOperands,
): View {
  const { dnnl } = space;
  if (conv.type !== "float32") throw new Unsupported(`${conv.op} of ${conv.type}`);
  const kind = kinds[conv.op as keyof typeof kinds];
  const place = () => space.place(conv.op, conv.shape, kind === "weightGradient" ? undefined : channelsLast, width);
  const result = place();
  const [x, weight, y] = { forward: [a, b, result], inputGradient: [result, b, a], weightGradient: [a, result, b] }[
    kind
  ] as [View, View, View];
  const { groups, ...window } = conv.attributes as unknown as ConvGeometry;
  const fittedTo = (piece: View) => fitted(piece, weight.shape.slice(2), y.shape.slice(2), window);
  const { geometry, image } = fittedTo(x);
  if (image !== x && kind === "inputGradient")
    throw new Unsupported("an input gradient with rows that nothing reached");

  const kernels = kind === "weightGradient" ? weight : forwards(space, weight);
  const biasVector = bias && vectorOf(space, bias);
  const chosen = ({ type, strides, algorithm, pieces }: Way) => {
    const layouts = (out: ElementType) => {
      const layout = (given: View, where: readonly number[] | "any") =>
        dnnl.layout(given.shape, where, given.buffer === result.buffer ? out : type);
      const images = (given: View) => layout(cut(given, 0, pieces)[0], strides(given));
      return {
        image: images(image),
        weight: layout(grouped(kernels, groups), "any"),
        out: images(y),
        ...(biasVector && { bias: dnnl.layout(biasVector.shape, [1]) }),
      };
    };
    return dnnl.convolution(kind, layouts(made(type, result)), geometry, { relu, algorithm, ahead: layouts(type) });
  };
  const found = firstReal(waysOf(space, { weight, y, geometry }), chosen);
  if (found === undefined)
    throw new Unsupported(`${conv.op} [${conv.inputs.map(({ shape }) => `${shape}`).join("] [")}]`);
  const { choice, type, pieces } = found;
  if (isWrong(choice, image, geometry))
    throw new Unsupported(`a convolution that its kernel ${choice.kernel} gets wrong`);
  const asImage = (given: View) =>
    given.buffer === result.buffer ? given : space.dense(given, { order: channelsLast, width: widths[type] });
  const roles = roleNames[kind];
  const written = (role: Role) => role === roles[results[kind]];
  const [images, outs] = [cut(image, 0, pieces), cut(y, 0, pieces)];
  // The gradient of a weight is a sum over the batch: every piece has its own, and they are added in the end.
  const sums = kind === "weightGradient" ? images.map((_, i) => (i === 0 ? result : place())) : [];
  space.inRounds(pieces, (i) =>
    call(space, choice, [
      { role: roles.image, view: asImage(images[i] ?? image), written: written(roles.image) },
      {
        role: roles.weight,
        view: grouped(sums[i] ?? kernels, groups),
        written: written(roles.weight),
        shared: true,
      },
      { role: roles.out, view: asImage(outs[i] ?? y), written: written(roles.out) },
      ...(biasVector ? [{ role: "bias" as const, view: biasVector, shared: true }] : []),
    ]),
  );
  if (sums.length > 1) addUp(space, sums, result);
  return result;
}

/** Which operand each kind makes. */
const results = { forward: "out", inputGradient: "image", weightGradient: "weight" } as const;

function addUp(space: Workspace, parts: readonly View[], output: View): void {
  const loads = parts.map((part): Expression => ({ kind: "load", view: part, type: "float32" }));
  const expression = loads.reduce((sum, part) => ({ kind: "apply", op: "add", args: [sum, part], type: "float32" }));
  space.loop({ space: output.shape, expression, output });
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
