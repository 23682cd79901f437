import type { RandomStream, Tensor } from "../base/index.ts";
import type { Traced } from "../engine/index.ts";
import type { Model, Parameters } from "../models/index.ts";

/** What a term of the loss may look at: the parameters being trained and the batch as the model sees it. */
export interface PenaltyInput {
  readonly model: Model;
  readonly parameters: Parameters<Traced>;
  /** [batch, channels, height, width], augmented, in [0, 1]. */
  readonly images: Traced;
  /** int32 [batch]. */
  readonly labels: Traced;
}

/**
 * A regulariser at one strength. It acts through the loss or through the optimiser, never both.
 * A term is strength * (mean over the batch of something of each example), so a strength means the same at every
 * batch size.
 */
export type Penalty = LossPenalty | OptimiserPenalty;

export interface LossPenalty {
  readonly through: "loss";
  readonly kind: string;
  readonly strength: number;
  /** The random arrays that one step needs, drawn on the host; graphs hold no randomness. */
  draw(model: Model, batch: number, stream: RandomStream): readonly Tensor<"float32">[];
  /** The penalty's value, strength included: a scalar that is added to the cross-entropy. */
  term(input: PenaltyInput, drawn: readonly Traced[]): Traced;
}

export interface OptimiserPenalty {
  readonly through: "optimiser";
  readonly kind: string;
  readonly strength: number;
  /** Replaces the schedule's weight decay. */
  readonly weightDecay: number;
}

/** A method's own options, as a trial says them. */
export type PenaltyOptions = Readonly<Record<string, number | string | boolean>>;
