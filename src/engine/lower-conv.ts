import type { ConvolutionFusion } from "./fusion.ts";
import type { GraphWriter } from "./graph-writer.ts";
import type { Lowering } from "./lowering.ts";
import { type ConvGeometry, dim, first, listOf, type Node, second } from "./nodes.ts";
import type { Attribute } from "./onnx-model.ts";

export const geometryOf = (node: Node): ConvGeometry => node.attributes as unknown as ConvGeometry;

export function convAttributes(node: Node): Record<string, Attribute> {
  const { strides, padding, dilation, groups } = geometryOf(node);
  return { strides, pads: padding, dilations: dilation, group: groups };
}

export function lowerConv(lowering: Lowering, { conv, bias, relu }: ConvolutionFusion): string {
  const { graph } = lowering;
  const inputs = conv.inputs.map((input) => lowering.plain(input));
  if (bias) inputs.push(graph.reshape(lowering.plain(bias), [-1]));
  const out = graph.emit("Conv", inputs, convAttributes(conv));
  return relu ? graph.emit("Relu", [out]) : out;
}

/** ConvTranspose, whose output padding stands for rows that no window of the forward convolution reached. */
export function lowerInputGradient(graph: GraphWriter, node: Node, y: string, weight: string): string {
  const { strides, padding, dilation } = geometryOf(node);
  const ends = [padding[2], padding[3]];
  return graph.emit("ConvTranspose", [y, weight], {
    strides,
    dilations: dilation,
    pads: [padding[0], padding[1], ...ends.map((end) => Math.max(0, end))],
    output_padding: ends.map((end) => Math.max(0, -end)),
  });
}

/**
 * The sum over the batch becomes a convolution's sum over channels, with the incoming gradient as the kernel; the
 * executor then unfolds columns block by block in cache, which slices and products would write to memory nine times.
 */
export function lowerWeightGradient(graph: GraphWriter, node: Node, x: string, y: string): string {
  const { strides, dilation, padding } = geometryOf(node);
  const [kh] = listOf(node, "kernel");
  const [height, oh] = [dim(first(node), 2), dim(second(node), 2)];
  const unit = [...strides, ...dilation].every((step) => step === 1) && padding[3] >= 0;
  const aligned = unit && height === oh && kh === 2 * padding[0] + 1 && kh > 1;
  const few = dim(first(node), 1) < 16 || dim(second(node), 1) >= 512;
  return aligned && !few ? shiftedKernels(graph, node, x, y) : depthConvolution(graph, node, x, y);
}

/**
 * x [batch, in, h, w] as the volume [1, batch, in, h, w], y as kernels [out, batch, 1, oh, ow]: a three-dimensional
 * convolution whose depth is x's channels. Holds for every stride and dilation.
 */
function depthConvolution(graph: GraphWriter, node: Node, x: string, y: string): string {
  const { strides, dilation, padding } = geometryOf(node);
  const [batch, channels, height, width] = first(node).shape as [number, number, number, number];
  const [, out, oh, ow] = second(node).shape as [number, number, number, number];
  const [kh, kw] = listOf(node, "kernel") as readonly [number, number];
  const reach = (axis: 0 | 1, kernel: number, steps: number, length: number) =>
    (kernel - 1) * dilation[axis] + (steps - 1) * strides[axis] + 1 - length - padding[axis];
  const padded = padding.some((length) => length > 0);
  if (kh * kw === 1 && strides[0] * strides[1] > 1 && !padded) return pointwiseGradient(graph, node, x, y);
  const [below, right] = [reach(0, kh, oh, height), reach(1, kw, ow, width)];
  let volume = x;
  if (below < 0) volume = graph.sliceAxis(volume, 2, 0, height + below);
  if (right < 0) volume = graph.sliceAxis(volume, 3, 0, width + right);
  const used = [height + Math.min(0, below), width + Math.min(0, right)];
  const kernels = graph.reshape(graph.transpose(y, [1, 0, 2, 3]), [out, batch, 1, oh, ow]);
  const correlated = graph.emit("Conv", [graph.reshape(volume, [1, batch, channels, ...used]), kernels], {
    kernel_shape: [1, oh, ow],
    strides: [1, ...dilation],
    dilations: [1, ...strides],
    pads: [0, padding[0], padding[1], 0, Math.max(0, below), Math.max(0, right)],
  });
  return graph.reshape(correlated, node.shape);
}

/** An unpadded 1x1 kernel with strides reads only every so many pixels; the rest need not be there. */
function pointwiseGradient(graph: GraphWriter, node: Node, x: string, y: string): string {
  const { strides } = geometryOf(node);
  const [batch, channels] = first(node).shape as [number, number];
  const [, out, oh, ow] = second(node).shape as [number, number, number, number];
  const ends = [(oh - 1) * strides[0] + 1, (ow - 1) * strides[1] + 1];
  const lists = [[0, 0], ends, [2, 3], strides].map((list) => graph.integers(list));
  const pixels = graph.emit("Slice", [x, ...lists]);
  const kernels = graph.reshape(graph.transpose(y, [1, 0, 2, 3]), [out, batch, oh * ow, 1]);
  const folded = graph.reshape(pixels, [1, batch, channels * oh * ow, 1]);
  const correlated = graph.emit("Conv", [folded, kernels], { kernel_shape: [oh * ow, 1], strides: [oh * ow, 1] });
  return graph.reshape(correlated, node.shape);
}

/**
 * For stride 1 and equal sizes: x folded to one image [1, batch, in * h, w] under a vertical stride of h, and y shifted
 * by each kernel row as kernels [kernelRows * out, batch, h, w] with zeros where a shift leaves the image. Both sides of
 * the product are then kernelRows times wider than in the depth convolution, which a small matrix needs.
 */
function shiftedKernels(graph: GraphWriter, node: Node, x: string, y: string): string {
  const { padding } = geometryOf(node);
  const [batch, channels, height, width] = first(node).shape as [number, number, number, number];
  const out = dim(second(node), 1);
  const [kh, kw] = listOf(node, "kernel") as readonly [number, number];
  const swapped = graph.transpose(y, [1, 0, 2, 3]);
  const padded = graph.pad(swapped, [0, 0, padding[0], 0], [0, 0, padding[0], 0]);
  // Kernel row k meets x k - padding rows lower, so y moves up by as much: row r of the kernel is y's row r + padding - k.
  const shifts = Array.from({ length: kh }, (_, k) => {
    const start = 2 * padding[0] - k;
    return start === padding[0] ? swapped : graph.sliceAxis(padded, 2, start, start + height);
  });
  const kernels = graph.emit("Concat", shifts, { axis: 0 });
  const correlated = graph.emit("Conv", [graph.reshape(x, [1, batch, channels * height, width]), kernels], {
    kernel_shape: [height, dim(second(node), 3)],
    strides: [height, 1],
    pads: [0, padding[1], 0, padding[3]],
  });
  const split = graph.reshape(correlated, [kh, out, channels, kw]);
  return graph.transpose(split, [1, 2, 0, 3]);
}
