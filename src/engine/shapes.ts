import { type ConvGeometry, dim, type Node } from "./nodes.ts";

/** The shapes of what ops make. */

/** Reduced axes stay, with length 1. */
export const reduced = (x: Node, axes: readonly number[]): number[] =>
  x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));

export const sliced = (starts: readonly number[], ends: readonly number[], steps: readonly number[]): number[] =>
  starts.map((start, i) => Math.ceil(((ends[i] ?? 0) - start) / (steps[i] ?? 1)));

export function concatenated(parts: readonly Node[], axis: number): number[] {
  const total = parts.reduce((sum, part) => sum + dim(part, axis), 0);
  return (parts[0]?.shape ?? []).map((length, i) => (i === axis ? total : length));
}

/** x [batch, in, h, w], weight [out, in / groups, kh, kw] -> [batch, out, oh, ow]. */
export function convolved(x: Node, weight: Node, { dilation, padding, strides }: ConvGeometry): number[] {
  const size = [2, 3].map((axis, i) => {
    const kernel = (dim(weight, axis) - 1) * (dilation[i] ?? 1) + 1;
    const padded = dim(x, axis) + (padding[i] ?? 0) + (padding[i + 2] ?? 0);
    return Math.floor((padded - kernel) / (strides[i] ?? 1)) + 1;
  });
  return [dim(x, 0), dim(weight, 0), ...size];
}

/** x [batch, channels, h, w] -> [batch, channels, oh, ow]. */
export function pooled(x: Node, window: readonly number[], strides: readonly number[]): number[] {
  const size = [0, 1].map((i) => Math.floor((dim(x, i + 2) - (window[i] ?? 1)) / (strides[i] ?? 1)) + 1);
  return [dim(x, 0), dim(x, 1), ...size];
}
