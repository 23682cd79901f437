import {
  type AttackName,
  type EnsembleOutcome,
  examine,
  type Health,
  plansFor,
  runEnsemble,
  type Victim,
} from "../../attacks/index.ts";
import { identity } from "../../base/index.ts";
import { architectureWords } from "../../models/index.ts";
import type { Findings } from "./findings.ts";
import type { Subject } from "./subject.ts";

export interface Settings {
  readonly attack: AttackName;
  readonly norm: "l2" | "linf";
  readonly steps: number;
  readonly restarts: number;
}

/** What is left at one radius. */
export interface AtEps extends EnsembleOutcome {
  readonly eps: number;
}

export interface Measuring {
  readonly subject: Subject;
  readonly victim: Victim;
  readonly findings: Findings;
  /** Digest of the model's parameters. */
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
  const model = identity({ ...architectureWords(subject.model), parameters: checkpoint });
  const about = { model, data: subject.source };
  const plans = plansFor(settings.attack, { ...settings, eps, classes: victim.classes });
  const run = runEnsemble(plans, subject.data.labels.length, (plan, indices) =>
    findings.attack(victim, subject.data, plan, { about, indices, seed, signal }),
  );
  for (;;) {
    const next = await run.next();
    if (next.done) return { eps, ...next.value };
    const { plan, done, of } = next.value;
    yield `${plan.kind}, eps ${eps}: ${done} of ${of} examples`;
  }
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
