import type { Tensor } from "../base/index.ts";
import type { Traced } from "../engine/index.ts";
import type { Normaliser } from "./normaliser.ts";
import type { ResnetDescription } from "./resnet-layout.ts";

/** A layer with weight and bias, both learnt. */
export type LayerParameters<Leaf> = { readonly weight: Leaf; readonly bias: Leaf };

/** A convolution without bias. */
export type ConvolutionParameters<Leaf> = { readonly weight: Leaf };

/** Batch normalisation: weight and bias are learnt; mean and variance follow the batches seen while training. */
export type NormParameters<Leaf> = LayerParameters<Leaf> & { readonly mean: Leaf; readonly variance: Leaf };

/** Two separate subtrees, so that "freeze f, fit a new g" needs no surgery. */
export type Parameters<Leaf> = {
  /** The feature extractor, layer by layer in the order of computation. */
  readonly f: Readonly<Record<string, LayerParameters<Leaf> | ConvolutionParameters<Leaf> | NormParameters<Leaf>>>;
  /** The linear head: weight [classes, featureSize], bias [classes]. */
  readonly g: LayerParameters<Leaf>;
};

/**
 * A layer's name to the batch's mean and (biased) variance for each channel, [channels], over `count` values each: what a
 * normalising layer leaves behind while training. A layer that stands there as undefined beforehand is frozen: it keeps to
 * its running statistics and leaves nothing.
 */
export type BatchStatistics = Record<
  string,
  { readonly mean: Traced; readonly variance: Traced; readonly count: number } | undefined
>;

/** What decides the answers of a model that is a file's graph, its weights aside. */
export interface GraphDescription {
  /** SHA-256 of the file. */
  readonly file: string;
  /** The value of it that is the features. */
  readonly value: string;
  readonly side: number;
  /** Absent where it stands in the graph. */
  readonly normaliser: Normaliser | undefined;
}

/**
 * An image classifier g . f as two pure functions of its parameters.
 * Images are float32 in [0, 1], [batch, ...inputShape]; the normaliser is part of `features`.
 */
export interface Model {
  readonly name: string;
  /** A residual network as plain data, for checkpoints to build it from again; absent where the name says it all. */
  readonly resnet?: ResnetDescription;
  /** Absent but for the graph of an ONNX file. */
  readonly graph?: GraphDescription;
  /** [channels, height, width] of one image. */
  readonly inputShape: readonly [number, number, number];
  readonly featureSize: number;
  readonly classes: number;
  /** The same feature extractor with a head for another number of classes. */
  withClasses(classes: number): Model;
  /** Fresh parameters, fully determined by the seed. */
  init(seed: number): Parameters<Tensor<"float32">>;
  /**
   * images [batch, channels, height, width] -> features [batch, featureSize].
   * When `batchStatistics` is given, layers that normalise over the batch do so and write what they measured under
   * their name; without it they use their running statistics. Layers of other kinds ignore it.
   */
  features(f: Parameters<Traced>["f"], images: Traced, batchStatistics?: BatchStatistics): Traced;
  /** features [batch, featureSize] -> logits [batch, classes]. */
  logits(g: Parameters<Traced>["g"], features: Traced): Traced;
}
