import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { InputError, UnreachableError } from "../base/index.ts";
import type { Store } from "../store/index.ts";
import { type Row, rowSchema, type Trial, type TrialEvent } from "../studies/index.ts";
import { channel } from "./channel.ts";
import { type Child, childProcess, type Ending } from "./child.ts";
import {
  type Held,
  recordCrash,
  recordEpoch,
  recordFailure,
  recordRow,
  recordStart,
  recordStop,
  studiesWithWork,
  take,
} from "./claims.ts";
import { recordEvent } from "./events.ts";
import { settleLost } from "./jobs.ts";
import { persistence } from "./persistence.ts";
import { type Presence, watchOver } from "./presence.ts";
import type { Queue } from "./queue.ts";

export interface WorkOptions {
  readonly store: Store;
  readonly queue: Queue;
  /** Trials at once, each on a worker process of its own; with 0 it only waits until `finished`. */
  readonly slots: number;
  /** Takes trials of these studies only. */
  readonly studies?: readonly string[];
  /** The URL of a module with `runTrial(trial, context)`. */
  readonly runner: string;
  /** Handed to `runTrial`; plain data. With it goes `anew`, the name of the request that wants the source trained anew. */
  readonly context: object;
  /** What the worker is called in the list of workers. */
  readonly device?: string;
  readonly version?: string;
  /** Stops cleanly: worker processes end between two steps, what they ran goes back in line. */
  readonly signal?: AbortSignal;
  /** How long a worker process may take to stop before it is killed. */
  readonly graceMs?: number;
  /** Asked whenever nothing can be taken: true ends the work. Never, unless said. */
  readonly finished?: () => Promise<boolean>;
  /** How long to wait when nothing can be taken. */
  readonly pollMs?: number;
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

export type WorkEvent =
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
  | { readonly kind: "stopped"; readonly trialId: string; readonly message: string }
  | { readonly kind: "failed"; readonly trialId: string; readonly failure: TrialFailure }
  /** Not about one trial, such as that the database is away. */
  | { readonly kind: "told"; readonly message: string };

/** What happens to one trial. */
export type TrialWorkEvent = Exclude<WorkEvent, { kind: "told" }>;

/** Why a running trial is left. */
type Leave = "interrupted" | "paused" | "cancelled" | "lost";

/**
 * Takes trials from the queue and runs them on worker processes, and tells what happens, in order. The same on one
 * machine and on many: any number of these may share a queue. Ends when `finished` says so, or after `signal` when the
 * processes have stopped; throws InputError when a trial says that its input is wrong here (it goes back in line).
 *
 * A trial whose process died is tried again; one that threw would throw again and fails at once. A database that is
 * away is waited for: what runs goes on meanwhile, and is recorded when it answers. When the loop is left, the
 * processes are ended.
 */
export async function* work(options: WorkOptions): AsyncGenerator<WorkEvent, void> {
  const { store, queue, slots, studies, signal, graceMs = 10_000, pollMs = 250 } = options;
  const events = channel<WorkEvent>();
  const stopping = new AbortController();
  const children = Array.from({ length: slots }, childProcess);
  const workerId = randomUUID();
  const persistently = persistence({
    tell: (message) => events.push({ kind: "told", message }),
    signal: stopping.signal,
  });
  const presence = watchOver(queue, workerId);

  const stop = (): void => {
    stopping.abort();
    presence.leaveAll("interrupted");
  };

  const takeNext = async (): Promise<Held | undefined> => {
    for (const study of await studiesWithWork(queue, studies)) {
      const held = await take(queue, study);
      if (held) return held;
    }
    return undefined;
  };

  const slot = async (child?: Child): Promise<void> => {
    try {
      await takeOnes(child);
    } catch (error) {
      // Asked to stop while the database is away: what is held is found lost by the others, or by the next run.
      if (!(stopping.signal.aborted && error instanceof UnreachableError)) throw error;
      events.push({ kind: "told", message: error.message });
    }
  };

  /** Without a child it takes nothing. */
  const takeOnes = async (child?: Child): Promise<void> => {
    while (!stopping.signal.aborted) {
      const held = child && (await persistently(takeNext));
      if (held) await runHeld(held, child);
      else if (await persistently(async () => (await options.finished?.()) ?? false)) return;
      else await wait(pollMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };

  const runHeld = async (held: Held, child: Child): Promise<void> => {
    const { trialId, trial, retry } = held;
    await persistently(() => recordStart(queue, held, workerId, child.pid()));
    events.push({ kind: "started", trialId, trial, attempt: retry + 1, pid: child.pid() });
    let recording: Promise<unknown> = Promise.resolve();
    let left: Leave | undefined;
    const place: Presence = presence.enter(held, (why) => {
      left ??= why;
      child.stop(graceMs);
    });
    const record = (what: () => Promise<unknown>): void => {
      recording = recording.then(() => persistently(what));
      // Thrown when the trial has ended: it needs not go on.
      recording.catch(() => child.stop(graceMs));
    };
    const onEvent = (event: TrialEvent): void => {
      events.push({ kind: "event", trialId, event });
      place.sees(event);
      if (event.kind === "epoch") record(() => recordEpoch(queue, held, event));
      if (event.kind === "note") record(() => note(held, event.message));
    };
    try {
      if (stopping.signal.aborted) left = "interrupted";
      const { runner } = options;
      const context = { ...options.context, ...(held.anew && { anew: held.anew }) };
      const ending = left ? stoppedAtOnce : await child.run({ runner, trial, context }, onEvent);
      await recording;
      await settle(held, ending, left);
    } finally {
      place.leave();
    }
  };

  const note = ({ study, trialId }: Held, message: string) =>
    recordEvent(store.database, { kind: "note", study, trialId, workerId, message });

  const settle = async (held: Held, ending: Ending, left: Leave | undefined): Promise<void> => {
    const { trialId, trial, retry } = held;
    const failed = async (message: string, detail: string): Promise<void> => {
      await persistently(() => recordFailure(queue, held, { message, detail }));
      events.push({ kind: "failed", trialId, failure: { trialId, trial, attempts: retry + 1, message, detail } });
    };
    if (ending.kind === "row") {
      const row = rowSchema.safeParse(ending.row);
      if (!row.success) return failed("the trial gave a row that is not one", row.error.message);
      if (await persistently(() => recordRow(store, queue, held, row.data)))
        events.push({ kind: "finished", trialId, row: row.data });
      else events.push({ kind: "stopped", trialId, message: "another worker has taken it, or it was cancelled" });
    } else if (left) {
      if (left === "interrupted" || left === "paused") await persistently(() => recordStop(queue, held));
      events.push({ kind: "stopped", trialId, message: words[left] });
    } else if (ending.kind === "error" && ending.input) {
      await persistently(() => recordStop(queue, held));
      throw new InputError(ending.message);
    } else if (ending.kind === "error") await failed(ending.message, ending.stack);
    else {
      const { how: message, lastWords: detail } = ending;
      if (await persistently(() => recordCrash(queue, held, { message, detail })))
        events.push({ kind: "again", trialId, attempt: retry + 2, message });
      else events.push({ kind: "failed", trialId, failure: { trialId, trial, attempts: retry + 1, message, detail } });
    }
  };

  if (signal?.aborted) return;
  signal?.addEventListener("abort", stop, { once: true });
  const { device = "cpu", version = "" } = options;
  await persistently(() => presence.join({ host: hostname(), pid: process.pid, device, version, slots }));
  const watching = presence.watch({
    lost: () => settleLost(queue),
    failed: (error) => {
      if (!(error instanceof UnreachableError)) events.fail(error);
    },
  });
  const working = slots === 0 ? [slot()] : children.map(slot);
  void Promise.all(working).then(
    () => events.close(),
    (error) => events.fail(error),
  );
  try {
    yield* events;
  } finally {
    signal?.removeEventListener("abort", stop);
    stop();
    await Promise.all(children.map((child) => child.end(2000)));
    await Promise.allSettled(working);
    await watching.end();
  }
}

const stoppedAtOnce: Ending = { kind: "died", how: "stopped", lastWords: "" };

const words: Readonly<Record<Leave, string>> = {
  interrupted: "interrupted; it goes on later",
  paused: "its study pauses; it goes on later",
  cancelled: "cancelled",
  lost: "another worker has taken it",
};
