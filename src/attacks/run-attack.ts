import { type Examples, everyIndex } from "./examples.ts";
import type { ExampleVerdict } from "./measured-search.ts";
import { type AttackPlan, checkPlan, searchOf } from "./plans.ts";
import { runSearches } from "./run-searches.ts";
import type { Victim } from "./victim.ts";
import { VictimOnThreads } from "./victim-on-threads.ts";

export interface AttackOptions {
  /** Names the random numbers: those of an example depend on the seed, its index and the attack, on nothing else. */
  readonly seed: number;
  /** Which examples, in which order; all of them unless given. */
  readonly indices?: ArrayLike<number>;
  readonly signal?: AbortSignal;
}

/** What came next, and how far the whole is. */
export interface AttackStep {
  readonly finished: readonly ExampleVerdict[];
  /** Examples. */
  readonly done: number;
  readonly of: number;
}

/**
 * One attack on a set of examples; a step after each call to the model, with the verdicts it brought. Verdicts come in the
 * order in which examples are finished, which is not that of the set; who wants to resume keeps them and passes the
 * indices that are left. Throws InputError for wrong settings or images that do not fit, and the signal's reason when it is
 * aborted; what is under way is waited for.
 */
export async function* runAttack(
  victim: Victim,
  examples: Examples,
  plan: AttackPlan,
  { seed, indices = everyIndex(examples), signal }: AttackOptions,
): AsyncGenerator<AttackStep, void> {
  checkPlan(plan, victim.classes);
  const steps =
    victim instanceof VictimOnThreads && plan.kind !== "own"
      ? victim.attack(examples, plan, { seed, indices, signal })
      : runSearches(victim, examples, plan, searchOf(plan, seed), { indices: Array.from(indices) });
  let done = 0;
  for await (const finished of steps) {
    done += finished.length;
    yield { finished, done, of: indices.length };
    signal?.throwIfAborted();
  }
  if (done !== indices.length) throw new Error(`attack: expected ${indices.length} verdicts, got ${done}`);
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
