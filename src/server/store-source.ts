import {
  cancelTrials,
  continueStudy,
  type EventLine,
  followEvents,
  lastEvents,
  listAttempts,
  listEpochs,
  listFailures,
  listStudies,
  listTrials,
  listWorkers,
  pauseStudy,
  type Queue,
  type TrialState as QueueState,
  retryTrial,
  type WorkerLine,
} from "../queue/index.ts";
import type { Store } from "../store/index.ts";
import { readSavedBound } from "../theory/saved-bound.ts";
import type { Status } from "./api-trial.ts";
import type { LiveRun } from "./live-run.ts";
import type { Activity, StudySource, TrialRecords, TrialState } from "./source.ts";
import { runOf, takeProgress } from "./worker-reports.ts";

export interface StoreSourceOptions {
  /** For actions; without one there are none. */
  readonly queue?: Queue;
  /** The run of this process, which knows more, and sooner, than what is recorded. */
  readonly live?: LiveRun;
  /** Where a study's results are, in which the theory's bound is looked for. */
  readonly resultsOf?: (study: string) => string;
  /** How often the database is asked what happened. */
  readonly everyMs?: number;
}

/**
 * What a store and its queue hold, embedded or on a server, whoever works on it. The tables are asked for what changed,
 * by their stream of events and the workers' own reports, and only from the moment that someone looks.
 */
export function storeSource(
  store: Store,
  { queue, live, resultsOf, everyMs = 1000 }: StoreSourceOptions = {},
): StudySource {
  const { database } = store;
  const states = new Map<string, TrialState>();
  const paused = new Set<string>();
  let workers: readonly WorkerLine[] = [];

  return {
    async studies() {
      const lines = await listStudies(database);
      return lines.map(({ name, trials, done }) => ({ name, trials, finished: done }));
    },
    async study(name) {
      const rows = await store.rowsOf(name);
      const [line] = await listStudies(database, name);
      if (line?.paused) paused.add(name);
      const trials = await listTrials(database, name);
      for (const { trialId, state, message } of trials)
        states.set(trialId, { status: statusOf(state), progress: undefined, failure: failureOf(state, message) });
      workers = await listWorkers(database);
      takeProgress(states, workers);
      return { name, description: descriptionOf(line?.definition), trials: trials.map(({ trial }) => trial), rows };
    },
    bound: async (name) => resultsOf && readSavedBound(resultsOf(name)),
    stateOf(trialId) {
      const here = live?.stateOf(trialId);
      // What this process does not run may be run, or was cancelled, elsewhere.
      return here && here.status !== "waiting" ? here : (states.get(trialId) ?? here);
    },
    recordsOf: async (trialId) => live?.recordsOf(trialId) ?? recordsOf(store, trialId),
    run(study) {
      const here = live?.run.study === study ? live.run : undefined;
      const recorded = runOf(study, workers, paused.has(study));
      if (!here || here.state === "over") return recorded ?? here;
      if (recorded?.state === "paused") return { ...here, state: "paused" };
      return store.embedded || !recorded ? here : { ...here, workers: recorded.workers };
    },
    subscribe(listener) {
      const stop = new AbortController();
      const unsubscribe = live?.subscribe(listener);
      const follow = async (): Promise<void> => {
        const [last] = await lastEvents(database, 1);
        for await (const events of followEvents(database, { after: last?.cursor, everyMs, signal: stop.signal })) {
          for (const event of events) take(states, paused, event);
          listener(await activityOf(store, events));
        }
      };
      const watch = async (): Promise<void> => {
        const before = workers;
        workers = await listWorkers(database);
        listener({ trials: takeProgress(states, workers, before), rows: [] });
      };
      const again = (work: () => Promise<void>): void => {
        work().catch((error: unknown) => {
          if (!stop.signal.aborted) process.stderr.write(`dashboard: ${String(error)}\n`);
        });
      };
      again(follow);
      const timer = setInterval(() => again(watch), everyMs);
      return () => {
        stop.abort();
        clearInterval(timer);
        unsubscribe?.();
      };
    },
    actions: queue
      ? {
          cancel: async (study, trialId) => void (await cancelTrials(queue, study, [trialId])),
          retry: (study, trialId) => retryTrial(queue, study, trialId),
          pause: async (study, stop) => {
            if (stop) await pauseStudy(database, study);
            else await continueStudy(queue, study);
          },
        }
      : {},
  };
}

const statusOf = (state: QueueState): Status => (state === "queued" ? "waiting" : state);

const failureOf = (state: QueueState, message: string | null): string | undefined =>
  state === "failed" ? (message ?? "it failed") : undefined;

/** What an event says of where its trial stands. */
function take(
  states: Map<string, TrialState>,
  paused: Set<string>,
  { kind, study, trialId, message }: EventLine,
): void {
  if (study !== null && kind === "paused") paused.add(study);
  if (study !== null && kind === "continued") paused.delete(study);
  const next: Partial<Record<EventLine["kind"], Status>> = {
    queued: "waiting",
    started: "running",
    again: "waiting",
    stopped: "waiting",
    recorded: "done",
    failed: "failed",
    cancelled: "cancelled",
  };
  const status = next[kind];
  if (trialId === null || status === undefined) return;
  states.set(trialId, { status, progress: undefined, failure: status === "failed" ? message : undefined });
}

async function activityOf(store: Store, events: readonly EventLine[]): Promise<Activity> {
  const recorded = events.flatMap(({ kind, trialId }) => (kind === "recorded" && trialId !== null ? [trialId] : []));
  return {
    trials: new Set(events.flatMap(({ trialId }) => trialId ?? [])),
    rows: recorded.length > 0 ? await store.rowsOf(recorded) : [],
  };
}

/** What the tables keep of a trial: its epochs, its attempts, and what was said of it. */
async function recordsOf({ database }: Store, trialId: string): Promise<TrialRecords> {
  const epochs = await listEpochs(database, [trialId]);
  const attempts = await listAttempts(database, trialId);
  const events = await lastEvents(database, 200, trialId);
  const study = attempts.at(-1)?.study;
  const failure = study && (await listFailures(database, study)).find((each) => each.trialId === trialId);
  return {
    curve: {
      epochs: epochs.map(({ epoch }) => epoch),
      loss: epochs.map(({ loss }) => loss),
      accuracy: epochs.map(({ accuracy }) => accuracy),
    },
    failure: failure ? { message: failure.message, detail: failure.detail, attempts: failure.attempts } : undefined,
    log: events.map(({ at, message }) => ({ at: new Date(at).getTime(), text: message })),
    attempts: attempts.length,
  };
}

function descriptionOf(definition: unknown): string {
  const about = definition && typeof definition === "object" && "description" in definition && definition.description;
  return typeof about === "string" ? about : "";
}
