import { type AttackName, type AttackPlan, examine, type Health, plansFor, type Victim } from "../../attacks/index.ts";
import type { Finding, Findings } from "./findings.ts";
import type { Subject } from "./subject.ts";

export interface Settings {
  readonly attack: AttackName;
  readonly norm: "l2" | "linf";
  readonly steps: number;
  readonly restarts: number;
}

/** How many examples are right within a ball, after each attack of an ensemble. Counts of `n`. */
export interface AtEps {
  readonly eps: number;
  readonly n: number;
  readonly clean: number;
  readonly robust: number;
  readonly after: readonly { readonly attack: AttackPlan["kind"]; readonly robust: number }[];
  /** The first examples that fell, and to which attack. */
  readonly fallen: readonly { readonly index: number; readonly plan: AttackPlan }[];
  readonly verdicts: ReadonlyMap<number, Finding>;
}

export interface Measuring {
  readonly subject: Subject;
  readonly victim: Victim;
  readonly findings: Findings;
  /** The model's digest. */
  readonly checkpoint: string;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** The attacks of a name one after the other, each on the examples that still stand. Yields what is under way. */
export async function* measureAt(
  { subject, victim, findings, checkpoint, seed, signal }: Measuring,
  settings: Settings,
  eps: number,
): AsyncGenerator<string, AtEps> {
  const n = subject.data.labels.length;
  const verdicts = new Map<number, Finding>();
  const fallen: { index: number; plan: AttackPlan }[] = [];
  const after: { attack: AttackPlan["kind"]; robust: number }[] = [];
  let standing = Array.from({ length: n }, (_, index) => index);
  for (const plan of plansFor(settings.attack, { ...settings, eps, classes: victim.classes })) {
    const about = { model: checkpoint, data: subject.source };
    const run = findings.attack(victim, subject.data, plan, { about, indices: standing, seed, signal });
    let next = await run.next();
    for (; !next.done; next = await run.next())
      yield `${plan.kind}, eps ${eps}: ${next.value.done} of ${next.value.of} examples`;
    for (const index of standing) {
      const found = next.value.get(index) ?? { clean: false, robust: false };
      verdicts.set(index, found);
      if (found.clean && !found.robust) fallen.push({ index, plan });
    }
    standing = standing.filter((index) => verdicts.get(index)?.robust);
    after.push({ attack: plan.kind, robust: standing.length });
  }
  const clean = [...verdicts.values()].filter((verdict) => verdict.clean).length;
  return { eps, n, clean, robust: standing.length, after, fallen: fallen.slice(0, 8), verdicts };
}

/** The health checks of a measurement, on `examples` of its examples. */
export async function* healthAt(
  { subject, victim, seed, signal }: Measuring,
  settings: Settings,
  { eps, verdicts }: AtEps,
  examples: number,
  rival: Victim | undefined,
): AsyncGenerator<string, Health> {
  const [plan] = plansFor(settings.attack, { ...settings, eps, classes: victim.classes });
  if (!plan) throw new Error(`attack: ${settings.attack} stands for no attack`);
  const found = (index: number) => verdicts.get(index) ?? { clean: false, robust: false };
  const run = examine(victim, subject.data, plan, found, { seed, examples, rival, signal });
  for (;;) {
    const next = await run.next();
    if (next.done) return next.value;
    yield `health: ${next.value}`;
  }
}
