import type { EventLine, TrialState as QueueState, TrialLine, WorkerLine } from "../queue/index.ts";
import type { Status } from "./api-trial.ts";
import type { TrialState } from "./source.ts";
import { progressOf, type Report, reportsOf } from "./worker-reports.ts";

/** Where the trials of each study stand, as the tables tell it: listed once, then kept up by events and reports. */
export interface Standing {
  /** Of a study that was listed; undefined for what it has not. */
  of(study: string, trialId: string): TrialState | undefined;
  /** Takes up a whole list; returns the trials that stand elsewhere than before. */
  list(study: string, lines: readonly TrialLine[]): ReadonlySet<string>;
  /** Takes up events, then what workers say of themselves; returns by listed study which trials these are about. */
  take(events: readonly EventLine[], workers: readonly WorkerLine[]): ReadonlyMap<string, ReadonlySet<string>>;
  /** The tables have told of the trial's end, and not of a later beginning here. */
  hasEnded(study: string, trialId: string): boolean;
  /** A trial begins in this process, of which the tables tell later. */
  begins(study: string, trialId: string): void;
  /** How many trials wait in line or run; undefined for a study that was not listed. */
  left(study: string): number | undefined;
}

interface Recorded {
  readonly state: QueueState;
  readonly attempt: number;
  readonly startedAt: number;
  /** Why it failed. */
  readonly failure: string | undefined;
}

interface Study {
  readonly recorded: Map<string, Recorded>;
  readonly ended: Set<string>;
  /** What live workers say of its trials, now and when they were asked before. */
  reports: ReadonlyMap<string, Report>;
  before: ReadonlyMap<string, Report>;
}

const ends: ReadonlySet<QueueState> = new Set(["done", "failed", "cancelled"]);

const nextStates: Partial<Record<EventLine["kind"], QueueState>> = {
  started: "running",
  again: "queued",
  stopped: "queued",
  recorded: "done",
  failed: "failed",
  cancelled: "cancelled",
};

export function trackStanding(): Standing {
  const studies = new Map<string, Study>();

  const put = ({ recorded, ended }: Study, trialId: string, next: Recorded): void => {
    recorded.set(trialId, next);
    if (ends.has(next.state)) ended.add(trialId);
  };

  const takeEvent = ({ kind, study, trialId, message, at, data }: EventLine): void => {
    const state = nextStates[kind];
    if (trialId === null || state === undefined) return;
    const failure = state === "failed" ? causeOf(message, trialId) : undefined;
    const attempt = typeof data.attempt === "number" ? data.attempt : 1;
    for (const [name, each] of studies) {
      const known = each.recorded.get(trialId);
      if (!known) continue;
      const own = name === study;
      // A row counts for every study that has the trial, unless it is in line there or runs.
      if (own || (kind === "recorded" && ends.has(known.state)))
        put(each, trialId, { state, failure, attempt, startedAt: new Date(at).getTime() });
    }
  };

  return {
    of(study, trialId) {
      const own = studies.get(study);
      const recorded = own?.recorded.get(trialId);
      if (!own || !recorded) return undefined;
      const { state, failure } = recorded;
      if (ends.has(state)) return { status: state as Status, progress: undefined, failure };
      // A worker that has just ended with a trial may be seen before the event of it.
      const report = own.reports.get(trialId) ?? (state === "running" ? own.before.get(trialId) : undefined);
      // Nobody alive is on it: it goes on when its worker is found dead.
      if (!report) return { status: "waiting", progress: undefined, failure: undefined };
      return { status: "running", progress: progressOf(report, recorded), failure: undefined };
    },
    list(study, lines) {
      const old = studies.get(study);
      const next: Study = old ?? { recorded: new Map(), ended: new Set(), reports: new Map(), before: new Map() };
      studies.set(study, next);
      const changed = lines.filter(({ trialId, state }) => old?.recorded.get(trialId)?.state !== state);
      for (const { trialId, state, attempts, startedAt, message } of lines)
        put(next, trialId, {
          state,
          attempt: Math.max(1, attempts),
          startedAt: startedAt === null ? Date.now() : new Date(startedAt).getTime(),
          failure: state === "failed" ? (message ?? "it failed") : undefined,
        });
      return new Set(changed.map(({ trialId }) => trialId));
    },
    take(events, workers) {
      for (const event of events) takeEvent(event);
      return new Map(
        [...studies].map(([name, study]) => {
          const told = events.flatMap(({ trialId }) =>
            trialId !== null && study.recorded.has(trialId) ? trialId : [],
          );
          const reported = [...study.before.keys(), ...study.reports.keys()];
          study.before = study.reports;
          study.reports = reportsOf(workers, name);
          return [name, new Set([...told, ...reported, ...study.reports.keys()])];
        }),
      );
    },
    hasEnded: (study, trialId) => studies.get(study)?.ended.has(trialId) ?? false,
    begins: (study, trialId) => void studies.get(study)?.ended.delete(trialId),
    left(study) {
      const own = studies.get(study);
      return own && [...own.recorded.values()].filter(({ state }) => state === "queued" || state === "running").length;
    },
  };
}

/** "0123abcd: failed: loss: NaN" -> "loss: NaN". */
const causeOf = (message: string, trialId: string): string =>
  message.startsWith(`${trialId}: `) ? message.slice(trialId.length + 2).replace(/^failed: /, "") : message;
