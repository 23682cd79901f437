import type { WorkerLine } from "../queue/index.ts";
import type { Progress } from "./api-trial.ts";
import type { RunActivity, Worker } from "./source.ts";

/** What a live worker says of a trial that it runs. */
export interface Report {
  readonly worker: WorkerLine;
  readonly stage: string | null;
  /** The trial's last event, as `TrialEvent` has it. */
  readonly event: unknown;
}

/** By trial: what live workers run of a study. A trial that two studies share is run for one of them. */
export function reportsOf(workers: readonly WorkerLine[], study: string): ReadonlyMap<string, Report> {
  const alive = workers.filter(({ alive }) => alive);
  return new Map(
    alive.flatMap((worker) =>
      worker.doing
        .filter((each) => each.study === study)
        .map(({ trialId, stage, progress }) => [trialId, { worker, stage, event: progress }] as const),
    ),
  );
}

/** A worker's report as the page knows it. */
export function progressOf(
  { worker, stage, event }: Report,
  { attempt, startedAt }: Pick<Progress, "attempt" | "startedAt">,
): Progress {
  const said = (event !== null && typeof event === "object" ? event : {}) as Readonly<Record<string, unknown>>;
  const number = (name: string) => (typeof said[name] === "number" ? said[name] : undefined);
  const [epoch, epochs, step, steps] = [number("epoch"), number("epochs"), number("step"), number("steps")];
  const [done, of] = [number("done"), number("of")];
  const share =
    epoch !== undefined && epochs && step !== undefined && steps
      ? (epoch - 1 + step / steps) / epochs
      : done !== undefined && of
        ? done / of
        : undefined;
  return {
    stage: stage ?? "starting",
    attempt,
    worker: nameOf(worker),
    startedAt,
    ...given({ share, epoch, epochs, loss: number("loss"), accuracy: number("accuracy") }),
    ...given({ imagesPerSecond: number("imagesPerSecond"), secondsLeft: number("secondsLeft") }),
  };
}

const given = (values: Readonly<Record<string, number | undefined>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

const nameOf = ({ host, pid }: Pick<WorkerLine, "host" | "pid">) => `${host}, process ${pid}`;

/**
 * The run that the workers' reports make: those that are on the study, and those that do nothing and might; undefined when
 * none of them is on it.
 */
export function runOf(study: string, workers: readonly WorkerLine[], isPaused: boolean): RunActivity | undefined {
  const alive = workers.filter((worker) => worker.alive);
  const own = alive
    .map((worker) => ({ worker, doing: worker.doing.filter((each) => each.study === study) }))
    .filter(({ worker, doing }) => doing.length > 0 || worker.doing.length === 0);
  if (own.every(({ doing }) => doing.length === 0) && !isPaused) return undefined;
  return {
    study,
    state: isPaused ? "paused" : "running",
    startedAt: Math.min(Date.now(), ...own.map(({ worker }) => new Date(worker.startedAt).getTime())),
    secondsLeft: undefined,
    workers: own.flatMap(({ worker, doing }): Worker[] => {
      const about = {
        id: nameOf(worker),
        since: new Date(worker.startedAt).getTime(),
        seenAt: new Date(worker.seenAt).getTime(),
      };
      if (doing.length === 0) return [{ ...about, trial: undefined, imagesPerSecond: undefined }];
      return doing.map(({ trialId, pid, progress }) => ({
        ...about,
        id: pid === null ? about.id : `${worker.host}, process ${pid}`,
        trial: trialId,
        imagesPerSecond: (progress as { imagesPerSecond?: number } | null)?.imagesPerSecond,
      }));
    }),
  };
}
