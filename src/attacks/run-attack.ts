import { type Examples, everyIndex } from "./examples.ts";
import type { ExampleVerdict } from "./measured-search.ts";
import { type AttackPlan, checkPlan, searchOf } from "./plans.ts";
import { runSearches, type SearchOptions, type SearchStep } from "./run-searches.ts";
import type { Victim } from "./victim.ts";

export interface AttackOptions extends SearchOptions {
  /** Names the random numbers: those of an example depend on the seed, its index and the attack, on nothing else. */
  readonly seed: number;
}

/**
 * One attack on a set of examples; a step after each call to the model, with the verdicts it brought. Verdicts come in the
 * order in which examples are finished, which is not that of the set; who wants to resume keeps them and passes the
 * indices that are left. Throws InputError for wrong settings or images that do not fit.
 */
export function runAttack(
  victim: Victim,
  examples: Examples,
  plan: AttackPlan,
  { seed, ...options }: AttackOptions,
): AsyncGenerator<SearchStep, void> {
  checkPlan(plan, victim.classes);
  return runSearches(victim, examples, plan, searchOf(plan, seed), options);
}

/** All verdicts of an attack at once, in the order of the indices; adversarial images are left out unless wanted. */
export async function attackAll(
  victim: Victim,
  examples: Examples,
  plan: AttackPlan,
  { keepImages = false, ...options }: AttackOptions & { readonly keepImages?: boolean },
): Promise<ExampleVerdict[]> {
  const found = new Map<number, ExampleVerdict>();
  for await (const { finished } of runAttack(victim, examples, plan, options))
    for (const verdict of finished)
      found.set(verdict.index, keepImages ? verdict : { ...verdict, adversarial: undefined });
  const indices = options.indices ?? everyIndex(examples);
  return Array.from(indices, (index) => found.get(index)).filter((verdict) => verdict !== undefined);
}
