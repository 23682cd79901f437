import type * as jax from "@jax-js/jax";
import { cast, lax, np, type Traced } from "./numpy.ts";

/**
 * max(x, 0), with derivative 0 at 0 as in PyTorch (jax-js's own has 1 there).
 * Written as x times its own sign mask: comparison has no tangent, so every derivative reuses the one mask.
 */
export function relu(x: Traced): Traced {
  return np.multiply(x, cast(np.greater(x, 0), "float32"));
}

/**
 * Max pooling over `size` x `size` windows, `stride` apart (PyTorch's max_pool2d); pixels of padding are below all others.
 * A gradient is shared evenly by the maxima of a window, where PyTorch gives it to the first: they differ only on ties.
 *
 * x: [batch, channels, height, width].
 * Returns [batch, channels, oh, ow], oh = floor((height + 2 padding - size) / stride) + 1.
 */
export function maxPool(
  x: Traced,
  size: number,
  { stride = size, padding = 0 }: { readonly stride?: number; readonly padding?: number } = {},
): Traced {
  const apart = stride === size && padding === 0 && x.shape.slice(2).every((length) => length % size === 0);
  if (apart) return maxPoolApart(x, size);
  return lax.reduceWindow(bordered(x, padding), (window) => np.max(window), [1, 1, size, size], [1, 1, stride, stride]);
}

/** Below every number that a layer leaves. */
const lowest = -3e38;

/** The image within a border of `lowest`. */
function bordered(x: Traced, padding: number): Traced {
  if (padding === 0) return x;
  const sides: [number, number] = [padding, padding];
  const wide = np.pad(x, [[0, 0], [0, 0], sides, sides]);
  const [height = 0, width = 0] = wide.shape.slice(2);
  const inside = (at: number, length: number) => at >= padding && at < length - padding;
  const border = Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, z) => (inside(y, height) && inside(z, width) ? 0 : lowest)),
  );
  return np.add(wide, np.array([[border]]));
}

/** Over windows that do not overlap, by a mask, which is cheaper to differentiate. */
function maxPoolApart(x: Traced, size: number): Traced {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const pooled = [batch, channels, height / size, width / size];
  const windows = np.reshape(x, [batch, channels, height / size, size, width / size, size]);
  const largest = lax.stopGradient(np.max(windows, [3, 5], { keepdims: true }));
  const mask = cast(np.equal(windows, largest), "float32");
  const count = np.sum(mask, [3, 5], { keepdims: true });
  // Its value is `largest`, its derivatives are those of the masked mean; the engine cancels the other two terms.
  const linear = np.divide(np.sum(np.multiply(windows, mask), [3, 5], { keepdims: true }), count);
  return np.reshape(np.add(largest, np.subtract(linear, lax.stopGradient(linear))), pooled);
}

/** Mean over non-overlapping windows; shapes as for `maxPool`. */
export function averagePool(x: Traced, size: number): Traced {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const windows = np.reshape(x, [batch, channels, height / size, size, width / size, size]);
  return np.mean(windows, [3, 5]);
}

/**
 * Two-dimensional cross-correlation (PyTorch's conv2d), zero padding on all four sides.
 *
 * x: [batch, in, height, width]; weight: [out, in / groups, kernelHeight, kernelWidth]; bias, when given: [out].
 */
export function conv2d(
  x: Traced,
  weight: Traced,
  bias?: Traced,
  { stride = 1, padding = 0, groups = 1 }: { stride?: number; padding?: number; groups?: number } = {},
): Traced {
  const sides: [number, number] = [padding, padding];
  const out = lax.convGeneralDilated(x, weight, [stride, stride], [sides, sides], { featureGroupCount: groups });
  return bias === undefined ? out : np.add(out, np.reshape(bias, [1, -1, 1, 1]));
}

/** x W' + b: x [batch, in], weight [out, in], bias [out], as in PyTorch. */
export function linear(x: Traced, weight: Traced, bias: Traced): Traced {
  return np.add(np.matmul(x, np.transpose(weight)), bias);
}

/** Per-example cross-entropy in nats: logits [batch, classes], labels int32 [batch]; returns [batch]. */
export function crossEntropy(logits: Traced, labels: Traced): Traced {
  const shifted = np.subtract(logits, lax.stopGradient(np.max(logits, 1, { keepdims: true })));
  const logNormaliser = np.log(np.sum(np.exp(shifted), 1));
  return np.subtract(logNormaliser, np.sum(np.multiply(shifted, oneHot(labels, logits.shape[1] ?? 0)), 1));
}

/** labels int32 [batch] to float32 [batch, classes]. */
export function oneHot(labels: Traced, classes: number): Traced {
  const names = np.arange(classes, undefined, undefined, { dtype: "int32" as jax.DType });
  return cast(np.equal(np.reshape(labels, [-1, 1]), np.reshape(names, [1, classes])), "float32");
}
