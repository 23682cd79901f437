import { wilsonInterval } from "../../base/index.ts";

/** Every check, and what it means to fail it: `failed` makes the number worthless, `suspect` makes it doubtful. */
export const healthChecks = {
  inputs: { severity: "failed", about: "clean pixels lie in [0, 1] and are finite" },
  finite: { severity: "failed", about: "no logit and no gradient is NaN or infinite" },
  ball: { severity: "failed", about: "every point asked lies in the ball (eps + 1e-6) and in [0, 1]" },
  "eps-0": { severity: "failed", about: "eps 0 equals clean accuracy, example by example" },
  repeatable: { severity: "suspect", about: "two forward passes give the same bits" },
  probabilities: { severity: "suspect", about: "outputs are logits, not probabilities" },
  "zero-gradients": { severity: "suspect", about: "share of examples with a gradient that is zero in every pixel" },
  monotone: { severity: "suspect", about: "accuracy does not rise with eps" },
  "full-range": { severity: "suspect", about: "with eps the whole range of pixels, at most chance is left" },
  "more-steps": { severity: "suspect", about: "examples that stand, but not against twice the steps" },
  square: { severity: "suspect", about: "examples that stand, but not against Square, which needs no gradient" },
  transfer: { severity: "suspect", about: "examples that stand, but not against images made for another model" },
} as const satisfies Record<string, { readonly severity: Severity; readonly about: string }>;

export type HealthCheckName = keyof typeof healthChecks;

type Severity = "suspect" | "failed";

/** One check's outcome: a share of `n` examples against what is allowed. */
export interface HealthCheck {
  readonly check: HealthCheckName;
  readonly outcome: "ok" | Severity;
  readonly value: number;
  readonly limit: number;
  /** Examples behind the value. */
  readonly n: number;
}

/** Nothing but zero is allowed. */
export function none(check: HealthCheckName, count: number, n: number): HealthCheck {
  return outcome(check, count > 0, count / n, 0, n);
}

/**
 * `count` of `n` examples, with `limit` of them allowed. Both sides of a comparison see the same examples from the same
 * starts, so there is no noise between them; what is left is that these examples stand for all. So the check fails only
 * when the count's 95 % Wilson interval lies above the limit: two of 100 for a limit of 0.5 points or 0.2 points, never one.
 */
export function atMost(check: HealthCheckName, count: number, n: number, limit: number): HealthCheck {
  return outcome(check, n > 0 && wilsonInterval(count, n).low > limit, n > 0 ? count / n : 0, limit, n);
}

function outcome(check: HealthCheckName, isWrong: boolean, value: number, limit: number, n: number): HealthCheck {
  return { check, outcome: isWrong ? healthChecks[check].severity : "ok", value, limit, n };
}

/** A check that went wrong, in words: "square: 4.0 % of 100 (at most 0.2 %)". */
export function checkText({ check, value, limit, n }: HealthCheck): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return `${check}: ${percent(value)} of ${n} (at most ${percent(limit)})`;
}
