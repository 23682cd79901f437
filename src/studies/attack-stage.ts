import { type AttackPlan, examine, pgd, type Verdicts, victimOf } from "../attacks/index.ts";
import type { Tensor } from "../base/index.ts";
import { gather, type LabelledImages, testSubset } from "../datasets/index.ts";
import type { CompileOptions } from "../engine/index.ts";
import { robustness } from "../metrics/index.ts";
import type { Model, Parameters } from "../models/index.ts";
import { relayed, timed } from "./relay.ts";
import type { Row, TrialEvent } from "./row.ts";
import type { AttackConfig, Trial } from "./trial.ts";

/** A model under attack on one domain: the source's, or the transferred one on the target. */
export interface Attacked {
  readonly model: Model;
  readonly parameters: Parameters<Tensor<"float32">>;
  readonly test: LabelledImages;
}

/** The part of a row that the attack on the source decides. */
export async function* attackStage(
  { attack, seed }: Pick<Trial, "attack" | "seed">,
  { model, parameters, test }: Attacked,
  engine: CompileOptions,
): AsyncGenerator<TrialEvent, Pick<Row, "robust"> & { readonly seconds: Pick<Row["seconds"], "attack" | "health"> }> {
  const data = subsetOf(test, attack.examples, seed);
  const { value: verdicts, seconds } = yield* timed(
    attackOn({ model, parameters, test: data }, attack, seed, engine, (done, of) => ({
      kind: "progress",
      stage: "attack",
      done,
      of,
    })),
  );
  const { accuracy, lastIterateAccuracy, loss } = robustness(verdicts);
  const robust = { accuracy, lastIterateAccuracy, loss };
  if (!attack.health) return { robust, seconds: { attack: seconds } };
  yield { kind: "stage", stage: "health" };
  const health = yield* timed(
    examined({ model, parameters, test: data }, attack, attack.health, verdicts, seed, engine),
  );
  const { flags, checks, ...rest } = health.value;
  return {
    robust: { ...robust, health: { ...rest, flags: [...flags], checks: [...checks] } },
    seconds: { attack: seconds, health: health.seconds },
  };
}

/** The transferred model under the same attack, on the target's test images; undefined when the trial asks for none. */
export async function* targetAttackStage(
  { attack, seed }: Pick<Trial, "attack" | "seed">,
  { model, parameters, test }: Attacked,
  engine: CompileOptions,
  toEvent: (done: number, of: number) => TrialEvent,
): AsyncGenerator<TrialEvent, Row["target"]["robust"]> {
  if (!attack.target) return undefined;
  const data = subsetOf(test, Math.min(attack.target, test.shape[0]), seed);
  const verdicts = yield* attackOn({ model, parameters, test: data }, attack, seed, engine, toEvent);
  const { accuracy, loss } = robustness(verdicts);
  return { accuracy, loss };
}

/** As many test images as the trial says, drawn by seed; null takes all. */
function subsetOf(test: LabelledImages, examples: number | null, seed: number): LabelledImages {
  return examples === null ? test : gather(test, testSubset(test.labels, { test: examples, seed }));
}

function attackOn(
  { model, parameters, test }: Attacked,
  { norm, eps, steps, stepSize, restarts }: AttackConfig,
  seed: number,
  engine: CompileOptions,
  toEvent: (done: number, of: number) => TrialEvent,
): AsyncGenerator<TrialEvent, Verdicts> {
  const config = { norm, eps, steps, stepSize, restarts };
  return relayed(pgd(model, parameters, test, config, { ...engine, seed }), ({ done, of }) => toEvent(done, of));
}

/** How many times `examine` yields when there is no rival. */
const checksWithoutRival = 6;

/** The health checks, on a subsample of the attacked images and from the same random starts. */
async function* examined(
  { model, parameters, test }: Attacked,
  { norm, eps, steps, stepSize, restarts }: AttackConfig,
  examples: number,
  { clean, robustWorst }: Verdicts,
  seed: number,
  engine: CompileOptions,
) {
  const victim = victimOf(model, parameters, engine);
  const plan: AttackPlan = { kind: "pgd", norm, eps, steps, stepSize, restarts };
  const found = (index: number) => ({ clean: clean[index] === 1, robust: robustWorst[index] === 1 });
  try {
    let begun = 0;
    return yield* relayed(
      examine(victim, test, plan, found, { seed, examples }),
      (): TrialEvent => ({ kind: "progress", stage: "health", done: ++begun, of: checksWithoutRival }),
    );
  } finally {
    await victim.dispose();
  }
}
