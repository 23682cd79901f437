import { setTimeout as wait } from "node:timers/promises";
import { InputError } from "../base/index.ts";
import {
  cancelTrials,
  continueStudy,
  eventsAfter,
  lastEvents,
  listStudies,
  listTrials,
  listWorkers,
  pauseStudy,
  type Queue,
  retryTrial,
  type WorkerLine,
} from "../queue/index.ts";
import type { Store } from "../store/index.ts";
import { readSavedBound } from "../theory/saved-bound.ts";
import type { LiveRun } from "./live-run.ts";
import type { Activity, StudySource, TrialState } from "./source.ts";
import { trackStanding } from "./standing.ts";
import { recordsOf } from "./trial-records.ts";
import { runOf } from "./worker-reports.ts";

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
  const standing = trackStanding();
  const paused = new Set<string>();
  let workers: readonly WorkerLine[] = [];
  let cursor: string | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const note = (study: string, isPaused: boolean): void => {
    if (isPaused) paused.add(study);
    else paused.delete(study);
  };
  /** One at a time, so that what was asked earlier never replaces what was told later. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work);
    turn = next.catch(() => {});
    return next;
  };
  /** Events are read from here on, which is before anything else is. */
  const begin = async (): Promise<string> => {
    cursor ??= (await lastEvents(database, 1)).at(-1)?.cursor ?? "0:0";
    return cursor;
  };

  const poll = async (listener: (activity: Activity) => void): Promise<void> => {
    const [present, events] = [await listWorkers(database), await eventsAfter(database, await begin())];
    const recorded = events.flatMap(({ kind, trialId }) => (kind === "recorded" && trialId !== null ? [trialId] : []));
    const rows = recorded.length > 0 ? await store.rowsOf(recorded) : [];
    const asked = new Set(events.flatMap(({ kind, study }) => (kind === "queued" && study !== null ? [study] : [])));
    // What is put in line is told of by its number alone.
    const lists = [...asked].filter((study) => standing.left(study) !== undefined);
    const lines = new Map<string, Awaited<ReturnType<typeof listTrials>>>();
    for (const study of lists) lines.set(study, await listTrials(database, study));

    workers = present;
    for (const { kind, study } of events) {
      if (study !== null && (kind === "paused" || kind === "continued")) note(study, kind === "paused");
    }
    const trials = new Map([...standing.take(events, present)].map(([study, ids]) => [study, new Set(ids)]));
    for (const [study, list] of lines) for (const id of standing.list(study, list)) trials.get(study)?.add(id);
    listener({ trials, rows });
    cursor = events.at(-1)?.cursor ?? cursor;
  };

  /** What this process knows better than the tables: what it runs, and what it ended with until they tell of it. */
  const hereOf = (study: string, trialId: string): TrialState | undefined => {
    const here = live?.study === study ? live.stateOf(trialId) : undefined;
    if (here?.status === "running") return here;
    return here?.status === "waiting" || standing.hasEnded(study, trialId) ? undefined : here;
  };

  return {
    async studies() {
      const lines = await listStudies(database);
      for (const line of lines) note(line.name, line.paused);
      workers = await listWorkers(database);
      return lines.map(({ name, trials, done }) => ({ name, trials, finished: done }));
    },
    study: (name) =>
      inTurn(async () => {
        await begin();
        const rows = await store.rowsOf(name);
        const [line] = await listStudies(database, name);
        const lines = await listTrials(database, name);
        workers = await listWorkers(database);
        note(name, line?.paused ?? false);
        standing.list(name, lines);
        standing.take([], workers);
        return { name, description: descriptionOf(line?.definition), trials: lines.map(({ trial }) => trial), rows };
      }),
    bound: async (name) => resultsOf && readSavedBound(resultsOf(name)),
    stateOf: (study, trialId) => hereOf(study, trialId) ?? standing.of(study, trialId),
    async recordsOf(study, trialId) {
      const here = live?.study === study ? live.recordsOf(trialId) : undefined;
      if (here && hereOf(study, trialId)) return here;
      const kept = await recordsOf(store, study, trialId);
      // Of what this process ran, it has each step and not the epochs alone.
      const isOurs = here && live?.stateOf(trialId)?.status === standing.of(study, trialId)?.status;
      return isOurs ? { ...kept, curve: here.curve, log: here.log } : kept;
    },
    run(study) {
      const recorded = runOf(study, workers, paused.has(study));
      const hands = store.embedded ? undefined : recorded?.workers.length;
      const here = live?.study === study ? live.run(standing.left(study), hands) : undefined;
      if (!here || here.state === "over") return recorded ?? here;
      if (recorded?.state === "paused") return { ...here, state: "paused" };
      return store.embedded || !recorded ? here : { ...here, workers: recorded.workers };
    },
    subscribe(listener) {
      const stop = new AbortController();
      const unsubscribe = live?.subscribe((activity) => {
        for (const [study, ids] of activity.trials)
          for (const id of ids) if (live.stateOf(id)?.status === "running") standing.begins(study, id);
        listener(activity);
      });
      const follow = async (): Promise<void> => {
        let told = "";
        while (!stop.signal.aborted) {
          try {
            await inTurn(async () => {
              if (!stop.signal.aborted) await poll(listener);
            });
            told = "";
          } catch (error) {
            // A database that is away is asked again; what it says of that stands there once.
            if (!stop.signal.aborted && told !== String(error)) process.stderr.write(`dashboard: ${error}\n`);
            told = String(error);
          }
          await wait(everyMs, undefined, { signal: stop.signal }).catch(() => {});
        }
      };
      void follow();
      return () => {
        stop.abort();
        unsubscribe?.();
      };
    },
    actions: queue
      ? {
          async cancel(study, trialId) {
            const cancelled = await cancelTrials(queue, study, [trialId]);
            if (cancelled === 0)
              throw new InputError(`cancel: expected a trial of ${study} that is in line or runs, got "${trialId}"`);
          },
          retry: (study, trialId) => retryTrial(queue, study, trialId),
          pause: async (study, stop) => {
            if (stop) await pauseStudy(database, study);
            else await continueStudy(queue, study);
          },
        }
      : {},
  };
}

function descriptionOf(definition: unknown): string {
  const about = definition && typeof definition === "object" && "description" in definition && definition.description;
  return typeof about === "string" ? about : "";
}
