import type { WorkerLine } from "../queue/index.ts";
import type { Progress } from "./api-trial.ts";
import type { RunActivity, TrialState, Worker } from "./source.ts";

/** What workers say of the trials that they run; returns those whose progress it is. */
export function takeProgress(
  states: Map<string, TrialState>,
  workers: readonly WorkerLine[],
  before: readonly WorkerLine[] = [],
): Set<string> {
  const touched = new Set(before.flatMap(({ doing }) => doing.map(({ trialId }) => trialId)));
  for (const worker of workers.filter(({ alive }) => alive))
    for (const { trialId, stage, progress } of worker.doing) {
      touched.add(trialId);
      const known = states.get(trialId);
      states.set(trialId, {
        status: "running",
        failure: undefined,
        progress: progressOf(worker, stage, progress, known?.progress),
      });
    }
  return touched;
}

/** A worker's report as the page knows it: the last event of the trial, as `TrialEvent` has it. */
function progressOf(worker: WorkerLine, stage: string | null, report: unknown, before: Progress | undefined): Progress {
  const said = (report !== null && typeof report === "object" ? report : {}) as Readonly<Record<string, unknown>>;
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
    attempt: before?.attempt ?? 1,
    worker: nameOf(worker),
    startedAt: before?.startedAt ?? Date.now(),
    ...given({ share, epoch, epochs, loss: number("loss"), accuracy: number("accuracy") }),
    ...given({ imagesPerSecond: number("imagesPerSecond"), secondsLeft: number("secondsLeft") }),
  };
}

const given = (values: Readonly<Record<string, number | undefined>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

const nameOf = ({ host, pid }: Pick<WorkerLine, "host" | "pid">) => `${host}, process ${pid}`;

/** The run that the workers' reports make; undefined when none of them is alive. */
export function runOf(study: string, workers: readonly WorkerLine[], isPaused: boolean): RunActivity | undefined {
  const alive = workers.filter((worker) => worker.alive);
  const busy = alive.filter(({ doing }) => doing.some((each) => each.study === study));
  if (busy.length === 0 && !isPaused) return undefined;
  return {
    study,
    state: isPaused ? "paused" : "running",
    startedAt: Math.min(Date.now(), ...alive.map(({ startedAt }) => new Date(startedAt).getTime())),
    secondsLeft: undefined,
    workers: alive.flatMap((worker): Worker[] => {
      const about = {
        id: nameOf(worker),
        since: new Date(worker.startedAt).getTime(),
        seenAt: new Date(worker.seenAt).getTime(),
      };
      if (worker.doing.length === 0) return [{ ...about, trial: undefined, imagesPerSecond: undefined }];
      return worker.doing.map(({ trialId, pid, progress }) => ({
        ...about,
        id: pid === null ? about.id : `${worker.host}, process ${pid}`,
        trial: trialId,
        imagesPerSecond: (progress as { imagesPerSecond?: number } | null)?.imagesPerSecond,
      }));
    }),
  };
}
