import type { Row, Trial } from "../studies/index.ts";
import type { SavedBound } from "../theory/index.ts";
import type { Curve, Failure, LogLine, Progress, Status } from "./api-trial.ts";

/** A study as it is kept: its trials in their order, and the last row of each that has one. */
export interface StoredStudy {
  readonly name: string;
  readonly description: string;
  readonly trials: readonly Trial[];
  readonly rows: readonly Row[];
}

/** Where a trial stands, as a line of a table tells it. */
export interface TrialState {
  readonly status: Status;
  readonly progress: Progress | undefined;
  /** Why it failed. */
  readonly failure: string | undefined;
}

/** What else is kept of a trial beside its row. */
export interface TrialRecords {
  readonly curve: Curve;
  readonly failure: Failure | undefined;
  readonly log: readonly LogLine[];
  /** How often it was begun. */
  readonly attempts: number;
}

/** A worker process, wherever it runs. */
export interface Worker {
  readonly id: string;
  readonly trial: string | undefined;
  readonly imagesPerSecond: number | undefined;
  /** Milliseconds since 1970, when it took up its trial or began to wait. */
  readonly since: number;
  readonly seenAt?: number;
}

/** A run that is under way or was. `secondsLeft` is undefined while no trial has ended that it could rest on. */
export interface RunActivity {
  readonly study: string;
  readonly state: "running" | "paused" | "stopping" | "over";
  readonly startedAt: number;
  readonly secondsLeft: number | undefined;
  readonly workers: readonly Worker[];
}

/** Something happened. A trial stands on its own in each study that has it; a row is one for all of them. */
export interface Activity {
  /** By study: the trials that look different now; none where only its run does. */
  readonly trials: ReadonlyMap<string, ReadonlySet<string>>;
  readonly rows: readonly Row[];
}

/** What can be asked of the queue by those who have the run's token. InputError where there is nothing to do. */
export interface Actions {
  cancel?(study: string, trialId: string): Promise<void>;
  retry?(study: string, trialId: string): Promise<void>;
  pause?(study: string, paused: boolean): Promise<void>;
}

/** All that the dashboard reads, whoever keeps it: the store of this process, or a PostgreSQL server. */
export interface StudySource {
  studies(): Promise<readonly { name: string; trials: number; finished: number }[]>;
  /** InputError for an unknown study. */
  study(name: string): Promise<StoredStudy>;
  /** What the theory says of the study's models, where it was computed. */
  bound?(name: string): Promise<SavedBound | undefined>;
  /** Undefined where nothing is known beyond the rows. */
  stateOf(study: string, trialId: string): TrialState | undefined;
  recordsOf(study: string, trialId: string): Promise<TrialRecords>;
  /** What is under way in a study; undefined when nothing is. */
  run(study: string): RunActivity | undefined;
  /** Calls `listener` when something happens, until the returned function is called. */
  subscribe(listener: (activity: Activity) => void): () => void;
  readonly actions: Actions;
}
