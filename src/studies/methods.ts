import { choose, InputError } from "../base/index.ts";
import type { Method } from "./trial.ts";

/** Where in training a method acts. */
type MethodAdds = "nothing" | "penalty" | "weight decay" | "augmentation" | "constraint" | "inner attack";

/** What is known of a kind of method before anything is trained. */
interface MethodKind {
  readonly label: string;
  readonly adds: MethodAdds;
  /** What the strength counts, e.g. "kernel width in pixels". */
  readonly unit: string;
  readonly range: StrengthRange;
  /** The strengths that a study sweeps when it names none, weaker to stronger. */
  readonly sweep: readonly number[];
  readonly formula: string;
  readonly citation: string;
  /** Whether Xu et al. (2022) count it as regularisation; undefined for what they do not discuss. */
  readonly regulariser: boolean | undefined;
}

interface StrengthRange {
  readonly min: number;
  readonly max: number;
  /** Strengths are whole numbers, or odd ones. */
  readonly only?: "whole" | "odd";
}

const paper = "Xu et al., ICML 2022, arXiv 2202.01832";

/**
 * Every way of training that a study may sweep, by kind. A new method is a file among regularizers, augmentations or
 * attacks and one entry here.
 */
export const methodKinds = {
  vanilla: {
    label: "vanilla",
    adds: "nothing",
    unit: "none",
    range: { min: 0, max: 0 },
    sweep: [],
    formula: "L = cross-entropy, with the schedule's weight decay",
    citation: paper,
    regulariser: false,
  },
  jr: {
    label: "Jacobian regularisation",
    adds: "penalty",
    unit: "lambda, the penalty's weight",
    range: { min: 0, max: 1e6 },
    sweep: [0.001, 0.01, 0.1, 1],
    formula: "L + lambda * mean over the batch of ||J_f(x)||_F^2, estimated with random unit projections",
    citation: `Hoffman, Roberts and Yaida, arXiv 1908.02729; ${paper}`,
    regulariser: true,
  },
  wd: {
    label: "weight decay",
    adds: "weight decay",
    unit: "lambda, in place of the schedule's weight decay",
    range: { min: 0, max: 10 },
    sweep: [0.001, 0.002, 0.005, 0.01],
    formula: "gradient + lambda * w for all weights",
    citation: `Krogh and Hertz, NeurIPS 1991; ${paper}`,
    regulariser: true,
  },
  blur: {
    label: "Gaussian blur",
    adds: "augmentation",
    unit: "kernel width in pixels, odd",
    range: { min: 1, max: 63, only: "odd" },
    sweep: [3, 5, 7, 9],
    formula: "x -> k x k Gaussian kernel * x, while training on the source",
    citation: paper,
    regulariser: true,
  },
  rescale: {
    label: "rescale",
    adds: "augmentation",
    unit: "factor by which the image is made smaller and then larger again",
    range: { min: 1, max: 16 },
    sweep: [1.5, 2, 3, 4],
    formula: "x -> up_m(down_m(x)), while training on the source",
    citation: paper,
    regulariser: true,
  },
} as const satisfies Record<string, MethodKind>;

/** The kind's entry; an unknown kind is an InputError that lists the known ones. */
export function methodKind(where: string, kind: string): MethodKind {
  return choose<MethodKind>(where, kind, methodKinds);
}

/**
 * Checks a method's kind, strength and option names before any work starts.
 * `where` begins the sentence, e.g. `study "mine"`.
 */
export function checkMethod(where: string, method: Method): void {
  const { label, range, unit } = methodKind(`${where}: methods`, method.kind);
  const { strength } = method;
  if (!isInRange(strength, range))
    throw new InputError(
      `${where}: strengths.${method.kind}: expected ${describeRange(range)} (${label}: ${unit}), got ${strength}`,
    );
}

/** "an odd whole number from 1 to 63": the range in words, for errors and tables. */
export function describeRange({ min, max, only }: StrengthRange): string {
  const what = only === "odd" ? "an odd whole number" : only === "whole" ? "a whole number" : "a number";
  return `${what} from ${min} to ${max}`;
}

function isInRange(strength: number, { min, max, only }: StrengthRange): boolean {
  if (!(strength >= min && strength <= max)) return false;
  if (only !== undefined && !Number.isInteger(strength)) return false;
  return only !== "odd" || strength % 2 === 1;
}
