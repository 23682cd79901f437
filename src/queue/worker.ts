import { setImmediate as nextTurn } from "node:timers/promises";
import { InputError } from "../base/index.ts";
import type { TrialEvent } from "../studies/index.ts";
import type { FromWorker, ToWorker, TrialRunner } from "./messages.ts";

/**
 * The entry of a worker process: runs the trials that the coordinator sends, one at a time, and tells what happens.
 * It ends when it is asked to stop, between two steps, and when the coordinator is gone.
 */
const turnEveryMs = 100;

/** Events that are always told; of the others, the last one of each moment is enough. */
const lasting: ReadonlySet<TrialEvent["kind"]> = new Set(["stage", "epoch", "note"]);
let stopping = false;

// Ctrl-C reaches every process of the terminal; the coordinator alone decides what it means.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
process.on("disconnect", () => process.exit(3));
process.on("message", (message: ToWorker) => {
  if (message.kind === "run") void run(message);
  // A trial that has just ended needs no stopping; its row is on the way.
  else if (running) stopping = true;
});

let running = false;

async function run(message: ToWorker & { kind: "run" }): Promise<void> {
  running = true;
  try {
    const runner: TrialRunner<unknown> = await import(message.runner);
    const finished = await drive(runner.runTrial(message.trial, message.context));
    running = false;
    if (finished) await send({ kind: "row", row: finished.row });
  } catch (error) {
    running = false;
    if (!stopping) await send(failure(error));
  }
  if (stopping) process.exit(5);
}

/** Pulls the trial to its end; undefined when it was asked to stop on the way. */
async function drive(trial: AsyncGenerator<TrialEvent, unknown>): Promise<{ readonly row: unknown } | undefined> {
  let lastTurn = 0;
  for (;;) {
    const { done, value } = await trial.next();
    if (done) return { row: value };
    const now = performance.now();
    const due = now - lastTurn >= turnEveryMs;
    if (due || lasting.has(value.kind)) await send({ kind: "event", event: value });
    if (due) {
      // A trial that never waits would otherwise not let a message in.
      await nextTurn();
      lastTurn = now;
    }
    if (stopping) {
      await trial.return(undefined);
      return undefined;
    }
  }
}

function failure(error: unknown): FromWorker {
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
  return { kind: "error", input: error instanceof InputError, message, stack };
}

function send(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    // A coordinator that is gone is not an error here: "disconnect" ends this process.
    process.send?.(message, undefined, undefined, () => resolve());
  });
}
