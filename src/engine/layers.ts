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
 * Max pooling over non-overlapping `size` x `size` windows. A gradient is shared evenly by the maxima of a window,
 * where PyTorch gives it to the first: they differ only on ties.
 *
 * x: [batch, channels, height, width], both divisible by size; returns [batch, channels, height / size, width / size].
 */
export function maxPool(x: Traced, size: number): Traced {
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
