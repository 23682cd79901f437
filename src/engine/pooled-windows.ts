import { first, type Node, sameShape } from "./nodes.ts";

/** The windows of an image over which a pooling goes. */
export interface ImageWindows {
  readonly image: Node;
  readonly window: readonly [number, number];
  readonly strides: readonly [number, number];
}

/**
 * What a maximum of `x` over `axes` pools, if it is a pooling: over the windows `known` of an image,
 * [b, c, oh, ow, 1, 1, wh, ww], or over the windows [b, c, h, size, w, size] that a reshape cuts.
 */
export function pooledWindows(
  x: Node,
  axes: readonly number[],
  known: ImageWindows | undefined,
): ImageWindows | undefined {
  if (known && axes.every((axis) => axis >= 4) && x.shape.slice(4).every((n, i) => n === 1 || axes.includes(i + 4)))
    return known;
  if (x.op !== "reshape" || x.shape.length !== 6 || !sameShape(axes, [3, 5]) || x.type !== "float32") return undefined;
  const image = first(x);
  const [b, c, h, sh, w, sw] = x.shape as [number, number, number, number, number, number];
  if (!sameShape(image.shape, [b, c, h * sh, w * sw])) return undefined;
  return { image, window: [sh, sw], strides: [sh, sw] };
}
