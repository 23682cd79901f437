import { stratifiedOrder } from "../../datasets/index.ts";
import type { Examples } from "../examples.ts";
import type { ExampleVerdict } from "../measured-search.ts";
import { type AttackPlan, leavesBall } from "../plans.ts";
import { attackAll } from "../run-attack.ts";
import { imageSize, type Victim } from "../victim.ts";
import { atMost, checkText, type HealthCheck, type HealthCheckName, none } from "./check.ts";
import { examineVictim } from "./examine-victim.ts";
import { throughRival } from "./through-rival.ts";

export interface HealthOptions {
  readonly seed: number;
  /** How many examples serve, drawn class by class by the seed. */
  readonly examples: number;
  /** The Square attack's forward passes for each example that stands. */
  readonly queries?: number;
  /** Another model for the same task, such as one of another seed: attacks made for it are tried on the victim. */
  readonly rival?: Victim;
  readonly signal?: AbortSignal;
}

/** What the attack to be examined found on an example. */
export type Examined = Pick<ExampleVerdict, "clean" | "robust">;

export interface Health {
  readonly verdict: "ok" | "suspect" | "failed";
  /** What went wrong, in words, the worst first; empty when nothing did. */
  readonly flags: readonly string[];
  readonly checks: readonly HealthCheck[];
  readonly examples: number;
}

/**
 * Examines an attack's result on a subsample: can the number be trusted? `found` tells what the attack said of an example;
 * it is asked only for examples of the subsample. Yields the check that begins.
 *
 * The checks are those of `healthChecks`. Comparisons are made on the same examples, so they are counts of examples that
 * change sides, not differences of two noisy accuracies. All are made with PGD, `plan` itself when it is one, else 20 steps
 * of eps / 4. Cost, for each example of the subsample that is right: about five times the steps with gradients, less
 * where examples break early, and `queries` forward passes for each that stands.
 */
export async function* examine(
  victim: Victim,
  data: Examples,
  plan: AttackPlan,
  found: (index: number) => Examined,
  { seed, examples, queries = 300, rival, signal }: HealthOptions,
): AsyncGenerator<HealthCheckName, Health> {
  const n = Math.min(examples, data.labels.length);
  const indices = stratifiedOrder(data.labels, seed).slice(0, n).sort();
  const probe = probeOf(plan);
  const seen: Seen[] = [];
  const attack = async (by: AttackPlan, { on = indices, against = victim } = {}) => {
    const verdicts = await attackAll(against, data, by, { seed, indices: on, signal });
    seen.push({ by, verdicts, isOwn: against === victim });
    return verdicts;
  };

  yield "inputs";
  const checks = await examineVictim(victim, data, indices);

  yield "eps-0";
  const still = await attack({ ...probe, eps: 0, steps: Math.min(3, probe.steps) });
  const moved = still.filter(({ clean, robust, index }) => robust !== clean || clean !== found(index).clean);
  checks.push(none("eps-0", moved.length, n));

  yield "monotone";
  const left = [still.filter(isRobust).length];
  for (const times of plan.eps > 0 ? [0.5, 1, 2] : []) {
    const verdicts = await attack({ ...probe, eps: plan.eps * times, stepSize: probe.stepSize * times });
    left.push(verdicts.filter(isRobust).length);
  }
  const rise = Math.max(0, ...left.slice(1).map((robust, i) => robust - (left[i] ?? 0)));
  checks.push(none("monotone", rise, n));

  yield "full-range";
  const whole = plan.norm === "linf" ? 1 : Math.sqrt(imageSize(victim));
  const survivors = await attack({ ...probe, eps: whole, stepSize: whole / 4 });
  checks.push(atMost("full-range", survivors.filter(isRobust).length, n, 1 / victim.classes));

  const standing = indices.filter((index) => found(index).robust);
  yield "more-steps";
  const longer = await attack({ ...probe, steps: 2 * probe.steps }, { on: standing });
  checks.push(atMost("more-steps", longer.filter(hasFallen).length, n, 0.005));

  yield "square";
  const { norm, eps } = plan;
  const unseeing = await attack({ kind: "square", norm, eps, queries, restarts: 1 }, { on: standing });
  checks.push(atMost("square", unseeing.filter(hasFallen).length, n, 0.002));

  if (rival) {
    yield "transfer";
    const transferred = await attack(probe, { on: standing, against: throughRival(victim, rival) });
    checks.push(atMost("transfer", transferred.filter(hasFallen).length, n, 0.002));
  }
  checks.push(...bookkeeping(seen, n));
  return healthOf(checks, n);
}

interface Seen {
  readonly by: AttackPlan;
  /** With the victim's own gradients, and not a rival's. */
  readonly isOwn: boolean;
  readonly verdicts: readonly ExampleVerdict[];
}

const isRobust = ({ robust }: Examined) => robust;
const hasFallen = ({ clean, robust }: Examined) => clean && !robust;

/** One run of PGD: the attack's own first restart, or the usual one. */
function probeOf(plan: AttackPlan): AttackPlan & { readonly kind: "pgd" } {
  if (plan.kind === "pgd") return { ...plan, restarts: 1 };
  const { norm, eps } = plan;
  return { kind: "pgd", norm, eps, steps: 20, stepSize: eps > 0 ? eps / 4 : 1, restarts: 1 };
}

/** What every attack that was run tells beside its verdicts: examples with a zero gradient, NaN, or a point outside. */
function bookkeeping(seen: readonly Seen[], n: number): HealthCheck[] {
  const own = seen.filter(({ isOwn }) => isOwn);
  const count = (wrong: (verdict: ExampleVerdict) => boolean, attacks = own) =>
    new Set(attacks.flatMap(({ verdicts }) => verdicts.filter(wrong).map(({ index }) => index))).size;
  return [
    atMost(
      "zero-gradients",
      count(({ zeroGradients }) => zeroGradients > 0),
      n,
      0.01,
    ),
    none(
      "finite",
      count(({ nonFinite }) => nonFinite > 0),
      n,
    ),
    none(
      "ball",
      count(
        ({ outside }) => outside > 0,
        seen.filter(({ by }) => !leavesBall(by)),
      ),
      n,
    ),
  ];
}

/** The checks as one verdict, the worst first; of two outcomes of one check the worse counts. */
function healthOf(checks: readonly HealthCheck[], examples: number): Health {
  const severities = ["failed", "suspect", "ok"] as const;
  const sorted = checks.toSorted((a, b) => severities.indexOf(a.outcome) - severities.indexOf(b.outcome));
  const worst = sorted.filter(({ check }, i) => sorted.findIndex((other) => other.check === check) === i);
  const wrong = worst.filter(({ outcome }) => outcome !== "ok");
  return { verdict: wrong[0]?.outcome ?? "ok", flags: wrong.map(checkText), checks: worst, examples };
}
