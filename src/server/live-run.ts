import type { TrialWorkEvent } from "../queue/index.ts";
import { methodLabel, type TrialEvent } from "../studies/index.ts";
import type { Failure, LogLine, Progress, Status } from "./api-trial.ts";
import { type CurveRecorder, recordCurve } from "./curve.ts";
import type { Activity, RunActivity, TrialRecords, TrialState, Worker } from "./source.ts";

/** A run of this process, as its events tell it. */
export interface LiveRun {
  /** What the queue says. */
  event(event: TrialWorkEvent): void;
  /** A sentence about the run as a whole, and the state that it is in from now on. */
  state(state: RunActivity["state"]): void;
  readonly study: string;
  stateOf(trialId: string): TrialState | undefined;
  recordsOf(trialId: string): TrialRecords | undefined;
  /** How it goes, with the time that `left` trials in line or running take `hands` processes, by those that ended here. */
  run(left?: number, hands?: number): RunActivity;
  subscribe(listener: (activity: Activity) => void): () => void;
}

interface Tracked {
  status: Status;
  progress: Progress | undefined;
  failure: Failure | undefined;
  curve: CurveRecorder;
  attempts: number;
  worker: string | undefined;
  readonly log: LogLine[];
}

const keptLines = 200;

/** A run by `workers` processes. Times are milliseconds since 1970. */
export function liveRun(study: string, { workers }: { workers: number }, now = Date.now): LiveRun {
  const trials = new Map<string, Tracked>();
  const pool = new Map<string, { trial: string | undefined; imagesPerSecond: number | undefined; since: number }>();
  const listeners = new Set<(activity: Activity) => void>();
  const startedAt = now();
  const took: number[] = [];
  let state: RunActivity["state"] = "running";

  const trackedOf = (id: string): Tracked => {
    const known = trials.get(id);
    if (known) return known;
    const fresh: Tracked = {
      status: "waiting",
      progress: undefined,
      failure: undefined,
      curve: recordCurve(),
      attempts: 0,
      worker: undefined,
      log: [],
    };
    trials.set(id, fresh);
    return fresh;
  };

  const end = (trial: Tracked, status: Status): void => {
    const worker = trial.worker === undefined ? undefined : pool.get(trial.worker);
    if (worker) Object.assign(worker, { trial: undefined, imagesPerSecond: undefined, since: now() });
    if (trial.progress && status !== "waiting") took.push((now() - trial.progress.startedAt) / 1000);
    Object.assign(trial, { status, progress: undefined, worker: undefined });
  };

  const secondsLeft = (left: number | undefined, hands: number): number | undefined => {
    if (left === undefined || took.length === 0 || state === "over") return undefined;
    const mean = took.reduce((sum, seconds) => sum + seconds, 0) / took.length;
    const running = [...trials.values()].flatMap(({ progress }) => progress ?? []);
    const spent = running.reduce((sum, { startedAt }) => sum + Math.min(mean, (now() - startedAt) / 1000), 0);
    return Math.max(0, (left * mean - spent) / Math.max(1, Math.min(hands, left)));
  };

  return {
    study,
    event(event) {
      const trial = trackedOf(event.trialId);
      const say = (text: string) => {
        trial.log.push({ at: now(), text });
        if (trial.log.length > keptLines) trial.log.shift();
      };
      switch (event.kind) {
        case "started": {
          const worker = `process ${event.pid ?? "?"}`;
          pool.set(worker, { trial: event.trialId, imagesPerSecond: undefined, since: now() });
          const progress: Progress = { stage: "starting", attempt: event.attempt, worker, startedAt: now() };
          Object.assign(trial, { status: "running", progress, worker, failure: undefined, attempts: event.attempt });
          trial.curve = recordCurve();
          say(
            `attempt ${event.attempt} began in ${worker}: ${methodLabel(event.trial.methods)}, seed ${event.trial.seed}`,
          );
          break;
        }
        case "event":
          follow(trial, event.event, say);
          if (trial.worker !== undefined) {
            const worker = pool.get(trial.worker);
            if (worker) worker.imagesPerSecond = trial.progress?.imagesPerSecond;
          }
          break;
        case "again":
          if (trial.worker !== undefined) pool.delete(trial.worker);
          end(trial, "waiting");
          say(`${event.message}; attempt ${event.attempt} follows`);
          break;
        case "stopped":
          end(trial, "waiting");
          say(event.message);
          break;
        case "finished":
          end(trial, "done");
          say("finished");
          break;
        case "failed": {
          const { message, detail, attempts } = event.failure;
          end(trial, "failed");
          trial.failure = { message, detail, attempts };
          say(`failed: ${message}`);
          break;
        }
      }
      const rows = event.kind === "finished" ? [event.row] : [];
      for (const listener of listeners) listener({ trials: new Map([[study, new Set([event.trialId])]]), rows });
    },
    state(next) {
      state = next;
      const stopped = new Set<string>();
      if (next === "over")
        for (const [id, trial] of trials)
          if (trial.status === "running") {
            end(trial, "waiting");
            stopped.add(id);
          }
      if (next === "over") pool.clear();
      for (const listener of listeners) listener({ trials: new Map([[study, stopped]]), rows: [] });
    },
    stateOf(trialId) {
      const trial = trials.get(trialId);
      return trial && { status: trial.status, progress: trial.progress, failure: trial.failure?.message };
    },
    recordsOf(trialId) {
      const trial = trials.get(trialId);
      return trial && { ...trial, curve: trial.curve.curve };
    },
    run(left, hands = workers) {
      const list = [...pool].map(([id, worker]): Worker => ({ id, ...worker }));
      return { study, state, startedAt, secondsLeft: secondsLeft(left, hands), workers: list };
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Brings the trial's progress up to an event of its own. */
function follow(trial: Tracked, event: TrialEvent, say: (text: string) => void): void {
  const before = trial.progress;
  if (!before) return;
  const { startedAt, attempt, worker } = before;
  const about = { startedAt, attempt, worker };
  if (event.kind === "stage") {
    trial.progress = { ...about, stage: event.stage };
    say(event.stage);
  } else if (event.kind === "progress") {
    trial.progress = { ...about, stage: event.stage, share: event.of > 0 ? event.done / event.of : undefined };
  } else if (event.kind === "note") {
    say(event.message);
  } else if (event.kind === "epoch") {
    say(`epoch ${event.epoch} of ${event.epochs} is saved: loss ${event.loss.toFixed(4)}`);
  } else {
    const { epoch, epochs, step, steps, loss, accuracy, imagesPerSecond, secondsLeft } = event;
    const behind = epoch - 1 + step / steps;
    trial.curve.add(behind, loss, accuracy);
    const share = behind / epochs;
    trial.progress = { ...about, stage: "train", share, epoch, epochs, loss, accuracy, imagesPerSecond, secondsLeft };
  }
}
