import type { LossName } from "./losses.ts";

/** What an attack is told about an example. */
export interface Example {
  /** Its place in the set, which names its random numbers. */
  readonly index: number;
  /** The clean pixels, row-major [channels, height, width]. */
  readonly image: Float32Array;
  readonly shape: readonly [channels: number, height: number, width: number];
  readonly label: number;
  /** What the model says about the clean image, [classes]. The label is its first largest. */
  readonly logits: Float32Array;
}

/** A point at which an attack wants the model's answer: a forward pass, or also the gradient of a loss. */
export interface Query {
  readonly image: Float32Array;
  readonly loss?: LossName;
  /** The class that a targeted loss aims at. */
  readonly target?: number;
}

export interface Answer {
  /** [classes]. */
  readonly logits: Float32Array;
  /** Of the query's loss by the image's pixels, in the image's layout; empty when no loss was named. */
  readonly gradient: Float32Array;
}

/**
 * An attack on one example, as its paper writes it: a generator that yields the points it wants answered and receives
 * the answers. It judges nothing: whoever runs it (see `runSearches`) measures every point, sees which one breaks the
 * example and stops it there. So batches, resumption and bookkeeping are in one place, and no attack can claim more than
 * was measured.
 */
export type Search = Generator<Query, void, Answer>;
