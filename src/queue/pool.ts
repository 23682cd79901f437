import { InputError } from "../base/index.ts";
import { type Row, rowSchema, sourceStageId, type Trial, type TrialEvent, trialId } from "../studies/index.ts";
import { channel } from "./channel.ts";
import type { FromWorker } from "./messages.ts";
import { startWorker, type WorkerProcess } from "./worker-process.ts";

export interface PoolOptions {
  /** How many worker processes; no more are started than there are trials. */
  readonly workers: number;
  /** The URL of a module with `runTrial(trial, context)`. */
  readonly runner: string;
  /** Handed to `runTrial` as it is; plain data. */
  readonly context: unknown;
  /** How often a trial is tried again after its worker died. */
  readonly retries?: number;
  /** Stops cleanly: workers end between two steps, finished rows are kept. */
  readonly signal?: AbortSignal;
  /** How long a worker may take to stop before it is killed. */
  readonly graceMs?: number;
}

/** Why a trial has no row. */
export interface TrialFailure {
  readonly trialId: string;
  readonly trial: Trial;
  readonly attempts: number;
  readonly message: string;
  /** The stack, or the dead worker's last words on stderr. */
  readonly detail: string;
}

export type PoolEvent =
  | {
      readonly kind: "started";
      readonly trialId: string;
      readonly trial: Trial;
      readonly attempt: number;
      readonly pid: number | undefined;
    }
  | { readonly kind: "event"; readonly trialId: string; readonly event: TrialEvent }
  | { readonly kind: "finished"; readonly trialId: string; readonly row: Row }
  | { readonly kind: "again"; readonly trialId: string; readonly attempt: number; readonly message: string }
  | { readonly kind: "failed"; readonly trialId: string; readonly failure: TrialFailure };

interface Job {
  readonly id: string;
  readonly trial: Trial;
  /** Two trials that share a source model do not run at once: the second takes the first one's from disk. */
  readonly sourceStage: string;
  readonly attempt: number;
}

interface Slot {
  readonly worker: WorkerProcess;
  job: Job | undefined;
}

/**
 * Runs trials on worker processes and tells what happens, in order. Ends when every trial is finished or failed, or
 * after `signal` when the workers have stopped; throws InputError when a trial says that its input is wrong.
 *
 * A trial whose worker died is tried again on a fresh one; a trial that threw would throw again and fails at once.
 * When the loop is left, the workers are ended.
 */
export async function* runPool(
  trials: readonly Trial[],
  { workers, runner, context, retries = 2, signal, graceMs = 10_000 }: PoolOptions,
): AsyncGenerator<PoolEvent, void> {
  const events = channel<PoolEvent>();
  const slots = new Set<Slot>();
  const waiting = trials.map(
    (trial): Job => ({ id: trialId(trial), trial, sourceStage: sourceStageId(trial), attempt: 1 }),
  );
  let stopping = false;

  const nextJob = (): Job | undefined => {
    const busy = new Set([...slots].map(({ job }) => job?.sourceStage));
    const index = waiting.findIndex(({ sourceStage }) => !busy.has(sourceStage));
    return index < 0 ? undefined : waiting.splice(index, 1)[0];
  };

  const assign = (): void => {
    if (stopping) return;
    for (const slot of slots) {
      if (slot.job !== undefined) continue;
      slot.job = nextJob();
      if (slot.job === undefined) continue;
      const { id, trial, attempt } = slot.job;
      events.push({ kind: "started", trialId: id, trial, attempt, pid: slot.worker.pid });
      slot.worker.send({ kind: "run", trial, runner, context });
    }
    if (waiting.length === 0 && [...slots].every(({ job }) => job === undefined)) events.close();
  };

  const fail = (job: Job, message: string, detail: string): void => {
    const { id, trial, attempt } = job;
    events.push({ kind: "failed", trialId: id, failure: { trialId: id, trial, attempts: attempt, message, detail } });
  };

  const listen = (job: Job, message: FromWorker): boolean => {
    if (message.kind === "event") {
      events.push({ kind: "event", trialId: job.id, event: message.event });
      return false;
    }
    if (message.kind === "error" && message.input) events.fail(new InputError(message.message));
    else if (message.kind === "error") fail(job, message.message, message.stack);
    else {
      const row = rowSchema.safeParse(message.row);
      if (row.success) events.push({ kind: "finished", trialId: job.id, row: row.data });
      else fail(job, "the trial gave a row that is not one", row.error.message);
    }
    return true;
  };

  const open = (): void => {
    const worker = startWorker({
      onMessage(message) {
        if (slot.job === undefined || !listen(slot.job, message)) return;
        slot.job = undefined;
        assign();
      },
      onExit(how, lastWords) {
        slots.delete(slot);
        if (stopping) {
          if (slots.size === 0) events.close();
          return;
        }
        const { job } = slot;
        if (job !== undefined && job.attempt <= retries) {
          events.push({ kind: "again", trialId: job.id, attempt: job.attempt + 1, message: how });
          waiting.unshift({ ...job, attempt: job.attempt + 1 });
        } else if (job !== undefined) fail(job, how, lastWords);
        if (waiting.length > 0) open();
        assign();
      },
    });
    const slot: Slot = { worker, job: undefined };
    slots.add(slot);
  };

  const stop = (): void => {
    stopping = true;
    for (const { worker } of slots) {
      worker.send({ kind: "stop" });
      // Not the channel's end: a worker that is asked may finish its step and free what it holds.
      setTimeout(() => void worker.end(0), graceMs).unref();
    }
    if (slots.size === 0) events.close();
  };

  if (signal?.aborted) return;
  signal?.addEventListener("abort", stop, { once: true });
  try {
    for (let i = 0; i < Math.min(workers, trials.length); i++) open();
    assign();
    yield* events;
  } finally {
    signal?.removeEventListener("abort", stop);
    stopping = true;
    await Promise.all([...slots].map(({ worker }) => worker.end(2000)));
  }
}
