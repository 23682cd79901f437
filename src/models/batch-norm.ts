import { float32, type Tensor } from "../base/index.ts";
import { lax, np, type Traced } from "../engine/index.ts";
import type { BatchStatistics, NormParameters, Parameters } from "./model.ts";

const epsilon = 1e-5;
/** The share of the newest batch in the running statistics, PyTorch's default. */
const momentum = 0.1;

/** Weight 1, bias 0, mean 0, variance 1, [channels] each. */
export function initialiseBatchNorm(channels: number): NormParameters<Tensor<"float32">> {
  const filled = (value: number) => float32([channels], new Float32Array(channels).fill(value));
  return { weight: filled(1), bias: filled(0), mean: filled(0), variance: filled(1) };
}

/**
 * Batch normalisation (Ioffe and Szegedy 2015) over x [batch, channels, h, w], as PyTorch's BatchNorm2d:
 * (x - mean) / sqrt(variance + 1e-5) * weight + bias for each channel.
 *
 * With `record` the batch's own mean and biased variance serve, and are written there under `name`; without it, or where
 * the layer is frozen, the running ones do. The variance is E x^2 - (E x)^2, kept from falling below zero: one pass over memory fewer than the
 * two-pass form, and as exact while a channel's mean is of the order of its deviation.
 */
export function batchNorm(
  x: Traced,
  parameters: NormParameters<Traced>,
  name: string,
  record?: BatchStatistics,
): Traced {
  const channels = x.shape[1] ?? 0;
  const across = (vector: Traced) => np.reshape(vector, [1, channels, 1, 1]);
  let { mean, variance } = parameters;
  if (record && !(name in record)) {
    mean = np.mean(x, [0, 2, 3]); // [channels]
    variance = np.maximum(np.subtract(np.mean(np.square(x), [0, 2, 3]), np.square(mean)), 0);
    record[name] = { mean, variance, count: x.size / channels };
  }
  const scale = np.multiply(parameters.weight, np.reciprocal(np.sqrt(np.add(variance, epsilon))));
  const shift = np.subtract(parameters.bias, np.multiply(mean, scale));
  return np.add(np.multiply(x, across(scale)), across(shift));
}

/**
 * Parameters whose running statistics have moved a tenth of the way to the batch's, with the unbiased variance
 * (divisor n - 1), as in PyTorch. Layers without statistics stay as they are.
 */
export function withRunningStatistics(parameters: Parameters<Traced>, batch: BatchStatistics): Parameters<Traced> {
  const moved = (running: Traced, seen: Traced) =>
    np.add(np.multiply(running, 1 - momentum), np.multiply(seen, momentum));
  return replaceStatistics(parameters, batch, (layer, { mean, variance, count }) => ({
    mean: moved(layer.mean, mean),
    variance: moved(layer.variance, np.multiply(variance, count / Math.max(1, count - 1))),
  }));
}

/**
 * Parameters that carry the batch's statistics, held fixed, as their running ones. A model evaluated with them sees each
 * example on its own and yet normalised as in this batch: what a penalty on single examples' derivatives needs.
 */
export function withBatchStatistics(parameters: Parameters<Traced>, batch: BatchStatistics): Parameters<Traced> {
  return replaceStatistics(parameters, batch, (_layer, { mean, variance }) => ({
    mean: lax.stopGradient(mean),
    variance: lax.stopGradient(variance),
  }));
}

function replaceStatistics(
  parameters: Parameters<Traced>,
  batch: BatchStatistics,
  statistics: (
    layer: NormParameters<Traced>,
    seen: NonNullable<BatchStatistics[string]>,
  ) => { readonly mean: Traced; readonly variance: Traced },
): Parameters<Traced> {
  const layers = Object.entries(parameters.f).map(([name, layer]) => {
    const seen = batch[name];
    return [name, seen && "mean" in layer ? { ...layer, ...statistics(layer, seen) } : layer] as const;
  });
  return { ...parameters, f: Object.fromEntries(layers) };
}
