import type { Verdicts } from "../attacks/index.ts";
import { type Measured, meanOf } from "./measured.ts";

/** An attack's verdicts as numbers. Losses are mean cross-entropies in nats. */
export interface Robustness {
  /** An example counts when it withstood every iterate of every restart, and was right when clean. */
  readonly accuracy: Measured;
  /** Only the last iterate of each restart counts, as in the paper's code. */
  readonly lastIterateAccuracy: Measured;
  readonly cleanAccuracy: Measured;
  /** At the worst point seen of each example. */
  readonly loss: Measured;
  /** Share of examples on which some step's gradient was zero everywhere: a warning that the attack was blind. */
  readonly stuck: Measured;
}

export function robustness({ clean, robustLast, robustWorst, worstLoss, stuck }: Verdicts): Robustness {
  return {
    accuracy: meanOf(robustWorst),
    lastIterateAccuracy: meanOf(robustLast),
    cleanAccuracy: meanOf(clean),
    loss: meanOf(worstLoss),
    stuck: meanOf(stuck),
  };
}
