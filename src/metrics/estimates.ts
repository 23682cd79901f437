import { type Interval, mean, meanInterval, wilsonInterval } from "../base/index.ts";
import { type Measured, pooled } from "./measured.ts";

/**
 * Where an interval comes from: `student` is Student's t over the seeds. `wilson` (one proportion) and `binomial` (a
 * difference of proportions, normal approximation) tell the noise of the test examples only; they stand where there is
 * one seed, and where few seeds happen to agree so well that t's interval would be the narrower one.
 */
export type IntervalKind = "student" | "wilson" | "binomial";

/** A mean over seeds with its 95 % interval. */
export interface Estimate {
  readonly mean: number;
  /** Undefined where one seed gives none: losses carry no variance. */
  readonly interval: Interval | undefined;
  readonly intervalKind: IntervalKind | undefined;
  /** One value a seed, in the order of the point's seeds. */
  readonly values: readonly number[];
  /** Examples behind each value, in the same order. */
  readonly n: readonly number[];
}

/**
 * Of accuracies, one a seed: Student's t, or the Wilson interval of all their examples when that is wider. Where all seeds
 * were measured on the same examples these count once: more seeds do not make their noise smaller.
 */
export function accuracyEstimate(
  measured: readonly Measured[],
  { sameExamples }: { readonly sameExamples: boolean },
): Estimate {
  const n = measured.map((each) => each.n);
  const all = pooled(measured);
  const examples = sameExamples ? all.n / measured.length : all.n;
  const sampling = wilsonInterval(all.value * examples, examples);
  return within(0, 1, wider({ values: measured.map(({ value }) => value), n }, sampling, "wilson"));
}

/** Of losses, one a seed. */
export function lossEstimate(measured: readonly Measured[]): Estimate {
  const values = measured.map(({ value }) => value);
  const interval = meanInterval(values);
  const estimate: Estimate = {
    mean: mean(values),
    interval,
    intervalKind: interval && "student",
    values,
    n: measured.map(({ n }) => n),
  };
  return within(0, Number.POSITIVE_INFINITY, estimate);
}

/** The interval without what the quantity cannot be: Student's t of few seeds knows nothing of 100 %. */
function within(least: number, most: number, estimate: Estimate): Estimate {
  const { interval } = estimate;
  if (!interval) return estimate;
  return { ...estimate, interval: { low: Math.max(least, interval.low), high: Math.min(most, interval.high) } };
}

/** Student's t over the seeds, or what the test examples alone leave open when that is the wider. */
export function wider(
  { values, n }: Pick<Estimate, "values" | "n">,
  sampling: Interval,
  samplingKind: IntervalKind,
): Estimate {
  const student = meanInterval(values);
  const widthOf = ({ low, high }: Interval) => high - low;
  return student && widthOf(student) >= widthOf(sampling)
    ? { mean: mean(values), interval: student, intervalKind: "student", values, n }
    : { mean: mean(values), interval: sampling, intervalKind: samplingKind, values, n };
}
