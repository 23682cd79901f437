import { parentPort, workerData } from "node:worker_threads";
import type { CompileOptions } from "../engine/index.ts";
import { type ImportOptions, loadModel } from "../models/index.ts";
import type { Examples } from "./examples.ts";
import type { LossName } from "./losses.ts";
import type { ExampleVerdict } from "./measured-search.ts";
import { type AttackPlan, searchOf } from "./plans.ts";
import { runSearches } from "./run-searches.ts";
import { victimOf } from "./victim.ts";

/** What a thread is started with. */
export interface ThreadSetting {
  readonly path: string;
  readonly reading: ImportOptions | undefined;
  readonly engine: CompileOptions;
}

/** A single call, or a share in an attack. */
export interface Question {
  readonly call?: Call;
  readonly share?: Share;
}

export interface Call {
  readonly images: Float32Array;
  /** The gradient that is wanted too. */
  readonly slope?: { readonly loss: LossName; readonly labels: Int32Array; readonly targets: Int32Array };
}

export interface Share {
  /** In shared memory. */
  readonly examples: Examples;
  readonly plan: AttackPlan;
  readonly seed: number;
  readonly indices: Uint32Array;
  /** Examples that a thread works on at once, so that one does not take what another could begin. */
  readonly atOnce: number;
  /** In shared memory: how many indices are taken, and whether to stop. */
  readonly control: Int32Array;
}

export interface Answered {
  readonly logits: Float32Array;
  /** Empty when none was asked for. */
  readonly gradient: Float32Array;
}

/** What a thread tells: an answer, or some verdicts of an attack; and after a question's last that it has ended. */
export interface Told {
  readonly answer?: Answered;
  readonly finished?: readonly ExampleVerdict[];
  readonly ended?: boolean;
  readonly error?: Error;
}

const { path, reading, engine } = workerData as ThreadSetting;
const { model, parameters } = await loadModel(path, reading);
const victim = victimOf(model, parameters, engine);

// One after the other: a thread's graphs take turns anyway, and answers keep the order of the questions.
let last = Promise.resolve();
parentPort?.on("message", (question: Question) => {
  last = last.then(async () => {
    try {
      if (question.call) tell({ answer: await answered(question.call) });
      if (question.share) await attack(question.share);
      tell({ ended: true });
    } catch (error) {
      tell({ ended: true, error: error as Error });
    }
  });
});

function tell(told: Told): void {
  parentPort?.postMessage(told);
}

async function answered({ images, slope }: Call): Promise<Answered> {
  if (!slope) return { logits: (await victim.logits(images)).slice(), gradient: new Float32Array() };
  const { logits, gradient } = await victim.gradient(slope.loss, images, slope.labels, slope.targets);
  // Views of a padded batch are copied, so that no more than the answer is sent.
  return { logits: logits.slice(), gradient: gradient.slice() };
}

async function attack({ examples, plan, seed, indices, atOnce, control }: Share): Promise<void> {
  const options = { indices: taken(indices, control), atOnce };
  for await (const finished of runSearches(victim, examples, plan, searchOf(plan, seed), options)) {
    if (finished.length > 0) tell({ finished });
    if (Atomics.load(control, 1) !== 0) return;
  }
}

/** Indices that no other thread has taken. */
function* taken(indices: Uint32Array, control: Int32Array): Generator<number> {
  for (let at = Atomics.add(control, 0, 1); at < indices.length; at = Atomics.add(control, 0, 1))
    yield indices[at] as number;
}
