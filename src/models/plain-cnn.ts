import { checkShape } from "../base/index.ts";
import { linear, maxPool, np, relu, type Traced } from "../engine/index.ts";
import { convolutionRelu, initialiseLayer, normalise } from "./layers.ts";
import type { LayerParameters, Model, Parameters } from "./model.ts";

/** A plain CNN: stages of 3x3 convolutions, each stage closed by 2x2 max pooling, then dense layers. */
export interface PlainCnn {
  readonly name: string;
  /** Output channels of the convolutions of each stage. */
  readonly stages: readonly (readonly number[])[];
  /** Widths of the dense layers; the last one is the feature size. */
  readonly dense: readonly number[];
  readonly classes: number;
  /** Height and width of an image; must halve evenly once a stage. 32 unless a test wants it tiny. */
  readonly side?: number;
}

type Layer =
  | { readonly kind: "convolution" | "dense"; readonly name: string; readonly weightShape: readonly number[] }
  | { readonly kind: "pool" };

/**
 * The model of a description. Every convolution and dense layer is followed by relu; there is no batch normalisation,
 * so `batchStatistics` stays empty. Features are the last dense layer's output after its relu.
 */
export function plainCnn(description: PlainCnn): Model {
  const { name, stages, dense, classes, side = 32 } = description;
  const layers = layersOf(stages, dense, side);
  const featureSize = dense.at(-1) ?? 0;
  return {
    name,
    inputShape: [3, side, side],
    featureSize,
    classes,
    withClasses: (others) => plainCnn({ ...description, classes: others }),
    init(seed) {
      const f = layers.flatMap((layer) =>
        layer.kind === "pool" ? [] : [[layer.name, initialiseLayer(seed, layer.name, layer.weightShape)] as const],
      );
      return { f: Object.fromEntries(f), g: initialiseLayer(seed, "head", [classes, featureSize]) };
    },
    features(f, images) {
      checkShape("features: images", images.shape, [-1, 3, side, side], `[batch, 3, ${side}, ${side}]`);
      return layers.reduce((x, layer) => apply(layer, f, x), normalise(images)); // [batch, featureSize]
    },
    logits(g, features) {
      checkShape("logits: features", features.shape, [-1, featureSize], `[batch, ${featureSize}]`);
      return linear(features, g.weight, g.bias); // [batch, classes]
    },
  };
}

function layersOf(stages: PlainCnn["stages"], dense: PlainCnn["dense"], side: number): readonly Layer[] {
  const layers: Layer[] = [];
  let channels = 3;
  let convolutions = 0;
  for (const widths of stages) {
    for (const width of widths) {
      const weightShape = [width, channels, 3, 3];
      layers.push({ kind: "convolution", name: `conv${++convolutions}`, weightShape });
      channels = width;
    }
    layers.push({ kind: "pool" });
  }
  let inputs = channels * (side / 2 ** stages.length) ** 2;
  for (const [i, width] of dense.entries()) {
    layers.push({ kind: "dense", name: `fc${i + 1}`, weightShape: [width, inputs] });
    inputs = width;
  }
  return layers;
}

function apply(layer: Layer, f: Parameters<Traced>["f"], x: Traced): Traced {
  if (layer.kind === "pool") return maxPool(x, 2); // [batch, channels, h / 2, w / 2]
  const parameters = layerOf(f, layer.name);
  if (layer.kind === "convolution") return convolutionRelu(parameters, x);
  const flat = np.reshape(x, [x.shape[0] ?? 0, -1]); // [batch, inputs]
  return relu(linear(flat, parameters.weight, parameters.bias));
}

function layerOf(f: Parameters<Traced>["f"], name: string): LayerParameters<Traced> {
  const found = f[name];
  if (found && "bias" in found) return found;
  throw new Error(`features: expected weight and bias of layer ${name}, got layers ${Object.keys(f).join(", ")}`);
}
