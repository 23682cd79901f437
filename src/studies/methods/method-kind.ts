/** Where in training a method acts. */
export type MethodAdds = "nothing" | "penalty" | "weight decay" | "augmentation" | "constraint" | "inner attack";

/** What is known of a kind of method before anything is trained. Everything that shows a method reads it here. */
export interface MethodKind {
  readonly label: string;
  readonly adds: MethodAdds;
  /** What the strength counts, e.g. "kernel width in pixels". */
  readonly unit: string;
  readonly range: StrengthRange;
  /** Which of two strengths is the stronger setting. */
  readonly stronger: "larger" | "smaller";
  /** The strengths that a study sweeps when it names none, weaker to stronger. */
  readonly sweep: readonly number[];
  /** The kind's own options by name. */
  readonly options: Readonly<Record<string, MethodOption>>;
  readonly formula: string;
  /** What else one should know of it: how it differs from its source, and traps. */
  readonly remarks: string;
  readonly citation: string;
  /** Whether Xu et al. (2022) count it as regularisation; undefined for what they do not discuss. */
  readonly regulariser: boolean | undefined;
  /** Kinds of one group are ways to do the same thing: a combination holds at most one of them. */
  readonly group?: string;
  readonly look: MethodLook;
}

export interface StrengthRange {
  readonly min: number;
  readonly max: number;
  /** Strengths are whole numbers, or odd ones. */
  readonly only?: "whole" | "odd";
  /** The strength must be above `min`. */
  readonly above?: true;
}

export interface MethodOption {
  readonly type: "number" | "boolean" | "string";
  /** A text where it depends on other options. */
  readonly default: number | string | boolean;
  readonly what: string;
}

/** How a kind of method looks in every figure. */
export interface MethodLook {
  /** Its name in a legend. */
  readonly legend: string;
  /** Its name beside a dot. */
  readonly short: string;
  readonly colour: string;
  /** A Vega symbol, or an SVG path within -1 ... 1. */
  readonly shape: string;
}

export const xu2022 = "Xu et al., ICML 2022, arXiv 2202.01832";

/** "an odd whole number from 1 to 63": the range in words, for errors and tables. */
export function describeRange({ min, max, only, above }: StrengthRange): string {
  const what = only === "odd" ? "an odd whole number" : only === "whole" ? "a whole number" : "a number";
  return above ? `${what} above ${min} and up to ${max}` : `${what} from ${min} to ${max}`;
}

export function isInRange(strength: number, { min, max, only, above }: StrengthRange): boolean {
  if (!(strength >= min && strength <= max) || (above && strength === min)) return false;
  if (only !== undefined && !Number.isInteger(strength)) return false;
  return only !== "odd" || strength % 2 === 1;
}
