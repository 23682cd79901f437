import type { ExampleVerdict } from "./measured-search.ts";
import type { AttackPlan } from "./plans.ts";

/** What an ensemble keeps of a verdict. */
export type Finding = Pick<ExampleVerdict, "clean" | "robust">;

/** What is left after all attacks; counts of the examples. */
export interface EnsembleOutcome<Plan extends AttackPlan = AttackPlan> {
  readonly n: number;
  /** Right on the clean image. */
  readonly clean: number;
  /** Right within the ball too. */
  readonly robust: number;
  /** How many stood after each attack. */
  readonly after: readonly { readonly attack: AttackPlan["kind"]; readonly robust: number }[];
  /** The first examples that fell, and to which attack. */
  readonly fallen: readonly { readonly index: number; readonly plan: Plan }[];
  readonly verdicts: ReadonlyMap<number, Finding>;
}

/** An attack on some of the examples; yields how many are done. */
export type AttackOn<Plan extends AttackPlan> = (
  plan: Plan,
  indices: readonly number[],
) => AsyncGenerator<{ readonly done: number; readonly of: number }, ReadonlyMap<number, Finding>>;

/** Attacks one after the other on `n` examples, each on those that still stand (as AutoAttack; Croce and Hein 2020). */
export async function* runEnsemble<Plan extends AttackPlan>(
  plans: readonly Plan[],
  n: number,
  attackOn: AttackOn<Plan>,
): AsyncGenerator<{ readonly plan: Plan; readonly done: number; readonly of: number }, EnsembleOutcome<Plan>> {
  const verdicts = new Map<number, Finding>();
  const fallen: { index: number; plan: Plan }[] = [];
  const after: { attack: AttackPlan["kind"]; robust: number }[] = [];
  let standing = Array.from({ length: n }, (_, index) => index);
  for (const plan of plans) {
    const run = attackOn(plan, standing);
    let next = await run.next();
    for (; !next.done; next = await run.next()) yield { plan, ...next.value };
    for (const index of standing) {
      const found = next.value.get(index);
      if (!found) throw new Error(`attack: ${plan.kind} gave no verdict on example ${index}`);
      verdicts.set(index, found);
      if (found.clean && !found.robust) fallen.push({ index, plan });
    }
    standing = standing.filter((index) => verdicts.get(index)?.robust);
    after.push({ attack: plan.kind, robust: standing.length });
  }
  const clean = [...verdicts.values()].filter((verdict) => verdict.clean).length;
  return { n, clean, robust: standing.length, after, fallen: fallen.slice(0, 8), verdicts };
}
