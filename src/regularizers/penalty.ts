import { InputError, type RandomStream, type Tensor } from "../base/index.ts";
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
 * A regulariser at one strength. It acts through the loss, the optimiser or the head, one of them only.
 * A term is strength * (mean over the batch of something of each example), so a strength means the same at every
 * batch size.
 */
export type Penalty = LossPenalty | OptimiserPenalty | HeadConstraint;

/** What the update knows beside what penalties may look at. */
export interface TermInput extends PenaltyInput {
  /** Of the images, [batch, classes], as the cross-entropy takes them: a term that uses them shares their derivatives. */
  readonly logits: Traced;
}

/** A term that is added to the mean cross-entropy. */
export interface LossTerm {
  /** Its value, strength included: a scalar. */
  term(input: TermInput, given: readonly Traced[]): Traced;
}

export interface LossPenalty {
  readonly through: "loss";
  readonly kind: string;
  readonly strength: number;
  /** Its value, strength included: a scalar that is added to the mean cross-entropy. */
  term(input: PenaltyInput, drawn: readonly Traced[]): Traced;
  /** The random arrays that one step needs, drawn on the host; graphs hold no randomness. */
  draw(model: Model, batch: number, stream: RandomStream): readonly Tensor<"float32">[];
}

export interface OptimiserPenalty {
  readonly through: "optimiser";
  readonly kind: string;
  readonly strength: number;
  /** Replaces the schedule's weight decay. */
  readonly weightDecay: number;
}

export interface HeadConstraint {
  readonly through: "head";
  readonly kind: string;
  readonly strength: number;
  /** The head that the model computes with, from the one that the optimiser moves. */
  constrain(g: Parameters<Traced>["g"]): Parameters<Traced>["g"];
}

/** A method's own options, as a trial says them. */
export type PenaltyOptions = Readonly<Record<string, number | string | boolean>>;

/** Throws InputError unless a term can be weighted with this. */
export function checkWeight(kind: string, strength: number): void {
  if (!(strength >= 0) || !Number.isFinite(strength))
    throw new InputError(`${kind}: strength: expected a number of at least 0, got ${strength}`);
}
