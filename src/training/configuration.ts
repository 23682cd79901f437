import type { InnerAttack } from "../attacks/index.ts";
import { InputError, type Tensor } from "../base/index.ts";
import type { CompileOptions } from "../engine/index.ts";
import type { Parameters } from "../models/index.ts";
import type { HeadConstraint, Penalty } from "../regularizers/index.ts";

/** SGD with momentum on a step schedule; the defaults of studies are those of the paper's code. */
export interface TrainingSchedule {
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly momentum: number;
  /** L2 on all weights, unless a penalty that acts through the optimiser replaces it. */
  readonly weightDecay: number;
  /** Fractions of the epochs at which the learning rate is multiplied by `decay`. */
  readonly milestones: readonly number[];
  readonly decay: number;
}

/** Where in the run a batch stands. Epochs and steps count from 0. */
export interface BatchPlace {
  readonly epoch: number;
  readonly step: number;
  /** Which examples of the training set these are. */
  readonly indices: Uint32Array;
  /** [batch, channels, height, width]. */
  readonly shape: readonly [number, number, number, number];
}

export interface TrainingOptions extends CompileOptions {
  /** Names every random number of the run: initial parameters, order of examples, what penalties draw. */
  readonly seed: number;
  readonly penalties?: readonly Penalty[];
  /** Adversarial training: each batch is attacked, after it is augmented, with the parameters of the moment. */
  readonly attack?: InnerAttack;
  /** Changes a batch before the model sees it; [0, 1] in, [0, 1] out, randomness addressed by the place. */
  readonly augment?: (images: Float32Array, place: BatchPlace) => Float32Array;
  /** Layers of f that stay as they are, bit for bit: neither weights nor running statistics move. */
  readonly frozenLayers?: readonly string[];
  /** Go on from here instead of from fresh parameters. */
  readonly start?: TrainingState;
  readonly signal?: AbortSignal;
}

/** All that the rest of a run depends on; the head as the optimiser moves it. */
export interface TrainingState {
  /** Epochs done. */
  readonly epochs: number;
  /** Steps done of the epoch after those; 0 unless said. */
  readonly steps?: number;
  readonly parameters: Parameters<Tensor<"float32">>;
  readonly velocity: Parameters<Tensor<"float32">>;
}

/** What one step leaves. Epochs and steps count from 0. */
export interface TrainingStep {
  readonly epoch: number;
  readonly step: number;
  /** Steps in each epoch. */
  readonly steps: number;
  /**
   * Mean cross-entropy of the batch in nats, before the update, without penalties. Under adversarial training it and the
   * accuracy are those of the adversarial images, except for TRADES.
   */
  readonly loss: number;
  /** Sum of the penalties, strengths included, with TRADES's divergence. */
  readonly penalty: number;
  /** Share of the batch that was right before the update. */
  readonly accuracy: number;
  /** Examples in the batch. */
  readonly n: number;
  /** Time since the run, or its resumption, began. */
  readonly seconds: number;
  /** The run can be gone on with from here. Amid an epoch it may be read until the next step is asked for, not later. */
  readonly state: TrainingState;
}

/** The weight decay in force: the schedule's, unless one penalty replaces it. */
export function weightDecayOf({ weightDecay }: TrainingSchedule, penalties: readonly Penalty[]): number {
  const replacing = penalties.filter((penalty) => penalty.through === "optimiser");
  if (replacing.length > 1)
    throw new InputError(
      `training: expected at most one method that sets the weight decay, got ${replacing.length}: ${replacing.map(({ kind, strength }) => `${kind} ${strength}`).join(", ")}`,
    );
  return replacing[0]?.weightDecay ?? weightDecay;
}

/** The penalty that constrains the head, if there is one. */
export function headConstraintOf(penalties: readonly Penalty[]): HeadConstraint | undefined {
  const constraints = penalties.filter((penalty) => penalty.through === "head");
  if (constraints.length > 1)
    throw new InputError(
      `training: expected at most one method that constrains the head, got ${constraints.length}: ${constraints.map(({ kind, strength }) => `${kind} ${strength}`).join(", ")}`,
    );
  return constraints[0];
}

export function checkSchedule(schedule: TrainingSchedule, n: number): void {
  const { epochs, batch, learningRate, momentum, weightDecay, decay } = schedule;
  for (const [name, count] of Object.entries({ epochs, batch }))
    if (!Number.isInteger(count) || count < 1)
      throw new InputError(`training: ${name}: expected a whole number of at least 1, got ${count}`);
  for (const [name, value] of Object.entries({ learningRate, momentum, weightDecay, decay }))
    if (!(value >= 0) || !Number.isFinite(value))
      throw new InputError(`training: ${name}: expected a number of at least 0, got ${value}`);
  if (n < batch) throw new InputError(`training: images: expected at least one batch of ${batch}, got ${n} examples`);
}
