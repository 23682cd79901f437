import {
  type AttackName,
  type AttackPlan,
  attackAll,
  type Example,
  type Examples,
  examine,
  type Finding,
  type Health,
  plansFor,
  runEnsemble,
  type Search,
  victimOf,
} from "../attacks/index.ts";
import type { Tensor } from "../base/index.ts";
import type { CompileOptions } from "../engine/index.ts";
import type { Measured } from "../metrics/index.ts";
import type { Model, Parameters } from "../models/index.ts";
import { toTheEnd } from "./to-the-end.ts";

export interface AttackModelOptions extends Omit<CompileOptions, "frozen"> {
  /** `pgd` unless said; `standard` is AutoAttack's ensemble. Or an attack of one's own. */
  readonly attack?: AttackName | ((example: Example) => Search);
  /** `l2` unless said. */
  readonly norm?: "l2" | "linf";
  /** The ball's radius, pixels in [0, 1]. */
  readonly eps: number;
  /** Of the gradient attacks, 20 unless said; `standard` has its own. */
  readonly steps?: number;
  readonly restarts?: number;
  /** On how many of the examples the health checks are made: 100 unless said, 0 for none. */
  readonly health?: number;
  readonly seed?: number;
  readonly signal?: AbortSignal;
  /** Told of the attack or check under way. */
  readonly onStep?: (step: string) => void;
}

export interface AttackOutcome {
  /** The shares of examples that are right, and that are right within the ball too. */
  readonly clean: Measured;
  readonly robust: Measured;
  /** Whether the robust number can be trusted; undefined when it was not examined. */
  readonly health: Health | undefined;
  /** An entry an example. */
  readonly verdicts: readonly Finding[];
}

/**
 * Attacks a classifier and examines the outcome: robust accuracy with its health verdict (docs/robustness.md has the attacks,
 * their sources and the checks). images: bytes or floats in [0, 1], [n, channels, height, width]. Throws InputError for
 * settings out of range and images that do not fit, and the signal's reason.
 */
export async function attack(
  { model, parameters }: { readonly model: Model; readonly parameters: Parameters<Tensor<"float32">> },
  examples: Examples,
  options: AttackModelOptions,
): Promise<AttackOutcome> {
  const { attack: name = "pgd", norm = "l2", eps, steps = 20, restarts = 1, health = 100, seed = 0 } = options;
  const { signal, onStep = () => {}, device, threads } = options;
  const victim = victimOf(model, parameters, { device, threads });
  try {
    const plans: readonly AttackPlan[] =
      typeof name === "function"
        ? [{ kind: "own", norm, eps, search: name }]
        : plansFor(name, { norm, eps, steps, restarts, classes: model.classes });
    const attacks = runEnsemble(plans, examples.labels.length, async function* (plan, indices) {
      const found = await attackAll(victim, examples, plan, { seed, indices, signal });
      yield { done: found.length, of: indices.length };
      return new Map(found.map((verdict) => [verdict.index, verdict]));
    });
    const { n, clean, robust, verdicts } = await toTheEnd(attacks, ({ plan }) => onStep(plan.kind));
    const found = (index: number) => verdicts.get(index) ?? { clean: false, robust: false };
    const [plan] = plans;
    const checks =
      plan && health > 0 ? examine(victim, examples, plan, found, { seed, examples: health, signal }) : undefined;
    return {
      clean: { value: clean / n, n },
      robust: { value: robust / n, n },
      health: checks && (await toTheEnd(checks, onStep)),
      verdicts: Array.from({ length: n }, (_, index) => found(index)),
    };
  } finally {
    await victim.dispose();
  }
}
