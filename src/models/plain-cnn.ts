import { checkShape } from "../base/index.ts";
import { conv2d, linear, maxPool, np, relu, type Traced } from "../engine/index.ts";
import { initialiseLayer } from "./layers.ts";
import type { LayerParameters, Model, Parameters } from "./model.ts";
import { normalise } from "./normaliser.ts";

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

interface Layer {
  readonly kind: "convolution" | "pooled convolution" | "dense";
  readonly name: string;
  readonly weightShape: readonly number[];
}

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
      const f = layers.map(({ name, weightShape }) => [name, initialiseLayer(seed, name, weightShape)] as const);
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
    for (const [i, width] of widths.entries()) {
      const kind = i === widths.length - 1 ? "pooled convolution" : "convolution";
      layers.push({ kind, name: `conv${++convolutions}`, weightShape: [width, channels, 3, 3] });
      channels = width;
    }
  }
  let inputs = channels * (side / 2 ** stages.length) ** 2;
  for (const [i, width] of dense.entries()) {
    layers.push({ kind: "dense", name: `fc${i + 1}`, weightShape: [width, inputs] });
    inputs = width;
  }
  return layers;
}

function apply({ kind, name }: Layer, f: Parameters<Traced>["f"], x: Traced): Traced {
  const { weight, bias } = layerOf(f, name);
  if (kind === "dense") return relu(linear(np.reshape(x, [x.shape[0] ?? 0, -1]), weight, bias)); // [batch, width]
  const convolved = conv2d(x, weight, bias, { padding: 1 }); // [batch, width, h, w]
  // The same as pooling what relu leaves, and the gradient's mask is a quarter as large.
  return relu(kind === "convolution" ? convolved : maxPool(convolved, 2));
}

function layerOf(f: Parameters<Traced>["f"], name: string): LayerParameters<Traced> {
  const found = f[name];
  if (found && "bias" in found) return found;
  throw new Error(`features: expected weight and bias of layer ${name}, got layers ${Object.keys(f).join(", ")}`);
}
