import type { Interval } from "../../base/index.ts";
import type { Measured, PredictorName } from "../../metrics/index.ts";
import type { Row } from "../../studies/index.ts";

/** A mean with its 95 % interval and where that comes from. */
export interface Estimated extends Measured, Interval {
  readonly interval: string;
}

/** Heads on few images of each class, drawn several times. */
export interface Shots {
  readonly perClass: number;
  /** Test accuracy of each draw. */
  readonly draws: readonly number[];
  readonly accuracy: Estimated;
}

/** What was found out about one model on one target; nothing is rounded. */
export interface Findings {
  readonly model: string;
  readonly file: string;
  readonly checkpoint: string;
  readonly target: {
    readonly name: string;
    readonly digest: string;
    readonly classes: readonly string[];
    readonly train: number;
    readonly validation: number;
    readonly test: number;
    /** Of the largest class among the test images: what always naming it would reach. */
    readonly majority: number;
  };
  readonly side: number;
  readonly protocol: string;
  readonly seed: number;
  readonly accuracy: Estimated;
  readonly meanPerClass: Estimated & { readonly classes: number };
  /** In the order of the target's classes: share of right answers, and of how many test images. */
  readonly perClass: readonly { readonly class: string; readonly value: number; readonly n: number }[];
  readonly head: { readonly l2: number; readonly converged: boolean } | undefined;
  readonly fewShot: readonly Shots[];
  readonly predictors: Partial<Record<PredictorName, Measured>>;
  /** The transferred model under attack, or why it was not attacked. */
  readonly robust:
    | (Row["robust"] & { readonly norm: string; readonly eps: number; readonly steps: number })
    | { readonly reason: string };
  readonly notes: readonly string[];
}
