import { materialise, reshape, transpose, type Value } from "./broadcasts.ts";
import { type ConvGeometry, dim, first, type Node } from "./nodes.ts";
import type { Program } from "./program.ts";

type Pair = readonly [number, number];
interface ConvParams {
  readonly vmapDims: number;
  readonly strides: Pair;
  readonly padding: readonly [Pair, Pair];
  readonly lhsDilation: Pair;
  readonly rhsDilation: Pair;
}

/**
 * jax-js has one `conv`, for the layer and for both of its derivatives. What is meant shows in its geometry:
 * dilation of the left side is the gradient of a stride's input, a kernel larger than the output is a weight gradient.
 *
 * x: [...groups, batch, in, h, w]; weight: [...groups, out, in, kh, kw]. One group axis at most.
 */
export function convolution(
  program: Program,
  x: Value,
  weight: Value,
  params: Readonly<Record<string, unknown>>,
): Value {
  const conv = params as unknown as ConvParams;
  if (conv.strides.length !== 2) throw new Error(`the engine convolves over 2 axes, got ${conv.strides.length}`);
  if (conv.vmapDims > 1) throw new Error(`the engine has one group axis in a convolution, got ${conv.vmapDims}`);
  if (conv.vmapDims === 1) return grouped(program, x, weight, conv);
  const node = plain(program, materialise(program, x), materialise(program, weight), conv, 1);
  return { node, shape: node.shape };
}

function plain(program: Program, x: Node, weight: Node, conv: ConvParams, groups: number): Node {
  const shape = outputShape(x, weight, conv);
  const outside =
    program.linear(shape, x, (a) => plain(program, a, weight, conv, groups)) ??
    program.linear(shape, weight, (b) => plain(program, x, b, conv, groups));
  if (outside) return outside;
  const { lhsDilation } = conv;
  if (lhsDilation.some((dilation) => dilation > 1)) {
    const transposed = groups === 1 ? asInputGradient(program, x, weight, conv) : undefined;
    return (
      transposed ??
      plain(program, zeroInsert(program, x, lhsDilation), weight, { ...conv, lhsDilation: [1, 1] }, groups)
    );
  }
  const cropped = crop(program, x, conv.padding);
  // Nothing of the image is left: every window sees padding alone.
  if (cropped === undefined) return program.expand(program.scalar(0, x.type, 4), shape);
  const geometry: ConvGeometry = {
    strides: conv.strides,
    dilation: conv.rhsDilation,
    padding: [0, 1].flatMap((side) => conv.padding.map((pair) => Math.max(0, pair[side] ?? 0))) as never,
    groups,
  };
  const gradient = groups === 1 ? asWeightGradient(program, x, weight, conv) : undefined;
  return gradient ?? program.conv(cropped, weight, geometry);
}

function outputShape(x: Node, weight: Node, conv: ConvParams): number[] {
  const size = [0, 1].map((i) => {
    const kernel = (dim(weight, i + 2) - 1) * (conv.rhsDilation[i] ?? 1) + 1;
    const dilated = (dim(x, i + 2) - 1) * (conv.lhsDilation[i] ?? 1) + 1;
    const padded = dilated + (conv.padding[i]?.[0] ?? 0) + (conv.padding[i]?.[1] ?? 0);
    return Math.floor((padded - kernel) / (conv.strides[i] ?? 1)) + 1;
  });
  return [dim(x, 0), dim(weight, 0), ...size];
}

/** Conv over a zero-inserted input with the kernel flipped and its channels swapped is the transpose of a conv. */
function asInputGradient(program: Program, x: Node, weight: Node, conv: ConvParams): Node | undefined {
  if (conv.strides.some((stride) => stride !== 1)) return undefined;
  const kernel = [2, 3].map((axis, i) => (dim(weight, axis) - 1) * (conv.rhsDilation[i] ?? 1)) as [number, number];
  const before = [0, 1].map((i) => (kernel[i] ?? 0) - (conv.padding[i]?.[0] ?? 0));
  const after = [0, 1].map((i) => (kernel[i] ?? 0) - (conv.padding[i]?.[1] ?? 0));
  if (before.some((length) => length < 0)) return undefined;
  const size = outputShape(x, weight, conv).slice(2) as [number, number];
  // `after` below zero means rows of the input that no window reached; an executor takes fewer of them than a stride.
  const most = conv.lhsDilation.map((stride) => stride - 1);
  const beyond = after.map((length, i) => Math.max(0, -length - (most[i] ?? 0)));
  const reached = size.map((length, i) => length - (beyond[i] ?? 0)) as [number, number];
  if (reached.some((length) => length < 1)) return undefined;
  const forward = program.transpose(program.flip(weight, [2, 3]), [1, 0, 2, 3]);
  const gradient = program.convInputGradient(
    x,
    forward,
    {
      strides: conv.lhsDilation,
      dilation: conv.rhsDilation,
      padding: [...before, ...after.map((length, i) => length + (beyond[i] ?? 0))] as never,
      groups: 1,
    },
    reached,
  );
  return program.pad(gradient, [0, 0, 0, 0], [0, 0, ...beyond]);
}

/**
 * The weight gradient arrives with batch and channels swapped on both sides, and a kernel at least as large as what it
 * leaves. A swap that does not undo one that is there means an ordinary convolution.
 */
function asWeightGradient(program: Program, x: Node, weight: Node, conv: ConvParams): Node | undefined {
  const out = outputShape(x, weight, conv).slice(2) as [number, number];
  const swapped = x.op === "transpose" && String(x.attributes.perm) === "1,0,2,3";
  const kernelIsImage = out.every((length, i) => dim(weight, i + 2) >= length) && dim(weight, 2) * dim(weight, 3) > 1;
  // Windows that see padding alone, and rows cut off in front, are left to the ordinary convolution.
  const reach = out.map(
    (length, i) => (length - 1) * (conv.strides[i] ?? 1) + (dim(weight, i + 2) - 1) * (conv.rhsDilation[i] ?? 1) + 1,
  );
  const seen = conv.padding.every(([before], i) => before >= 0 && before < (reach[i] ?? 0));
  if (!swapped || !kernelIsImage || !seen) return undefined;
  const gradient = program.convWeightGradient(
    first(x),
    program.transpose(weight, [1, 0, 2, 3]),
    {
      strides: conv.rhsDilation,
      dilation: conv.strides,
      // A negative end means rows of the input that no window reached.
      padding: [0, 1].flatMap((side) => conv.padding.map((pair) => pair[side] ?? 0)) as never,
      groups: 1,
    },
    out,
  );
  return program.transpose(gradient, [1, 0, 2, 3]);
}

/** [g, n, c, h, w] with [g, o, c, kh, kw] is one convolution of [n, g c, h, w] in g groups. */
function grouped(program: Program, x: Value, weight: Value, conv: ConvParams): Value {
  const [g, n, c, h, w] = x.shape as [number, number, number, number, number];
  const [, o, , kh, kw] = weight.shape as [number, number, number, number, number];
  const images = reshape(program, transpose(program, x, [1, 0, 2, 3, 4]), [n, g * c, h, w]);
  const kernels = reshape(program, weight, [g * o, c, kh, kw]);
  const out = plain(program, materialise(program, images), materialise(program, kernels), conv, g);
  const [, , oh, ow] = out.shape as [number, number, number, number];
  const perGroup = reshape(program, { node: out, shape: out.shape }, [n, g, o, oh, ow]);
  return transpose(program, perGroup, [1, 0, 2, 3, 4]);
}

/** Negative padding cuts; undefined when nothing is left. */
function crop(program: Program, x: Node, padding: readonly [Pair, Pair]): Node | undefined {
  const cut = (axis: number, side: 0 | 1) => (axis < 2 ? 0 : Math.max(0, -(padding[axis - 2]?.[side] ?? 0)));
  const starts = x.shape.map((_, axis) => cut(axis, 0));
  const ends = x.shape.map((length, axis) => length - cut(axis, 1));
  return ends.every((end, axis) => end > (starts[axis] ?? 0)) ? program.slice(x, starts, ends) : undefined;
}

/** dilation - 1 zeros between neighbours. */
function zeroInsert(program: Program, x: Node, dilation: Pair): Node {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const [dh, dw] = dilation;
  const spread = program.pad(program.reshape(x, [n, c, h, 1, w, 1]), [0, 0, 0, 0, 0, 0], [0, 0, 0, dh - 1, 0, dw - 1]);
  const whole = program.reshape(spread, [n, c, h * dh, w * dw]);
  return program.slice(whole, [0, 0, 0, 0], [n, c, (h - 1) * dh + 1, (w - 1) * dw + 1]);
}
