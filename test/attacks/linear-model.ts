/** Classifiers whose robustness is known by hand. Features are the pixels themselves. */
import { float32, type Tensor } from "../../src/base/index.ts";
import type { LabelledImages } from "../../src/datasets/index.ts";
import { linear, np } from "../../src/engine/index.ts";
import type { Model, Parameters } from "../../src/models/index.ts";

const side = 4;
export const pixels = 3 * side * side;

/** Logits are w x + b with the rows of w given; f has no parameters. */
export function linearModel(
  rows: readonly (readonly number[])[],
  bias: readonly number[],
): { model: Model; parameters: Parameters<Tensor<"float32">> } {
  const parameters: Parameters<Tensor<"float32">> = {
    f: {},
    g: { weight: float32([rows.length, pixels], rows.flat()), bias: float32([rows.length], bias) },
  };
  const model: Model = {
    name: "linear",
    inputShape: [3, side, side],
    featureSize: pixels,
    classes: rows.length,
    withClasses: (classes) => linearModel(rows.slice(0, classes), bias.slice(0, classes)).model,
    init: () => parameters,
    features: (_, images) => np.reshape(images, [images.shape[0] ?? 0, pixels]),
    logits: (g, features) => linear(features, g.weight, g.bias),
  };
  return { model, parameters };
}

export function imagesOf(rows: readonly (readonly number[])[], labels: readonly number[]): LabelledImages {
  const n = rows.length;
  const size = Math.sqrt((rows[0]?.length ?? 0) / 3);
  return {
    pixels: Uint8Array.from(rows.flat()),
    shape: [n, 3, size, size],
    labels: Int32Array.from(labels),
    classes: ["a", "b", "c"],
  };
}
