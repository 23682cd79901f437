import type { Json } from "../base/index.ts";
import type { Sql } from "../store/index.ts";

/** One epoch of a trial's source training, as it was saved: means over the epoch's examples. */
export interface EpochLine {
  readonly trialId: string;
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Mean cross-entropy in nats of the training batches, before each update. */
  readonly loss: number;
  /** Share of the training examples that were right. */
  readonly accuracy: number;
  readonly n: number;
  readonly imagesPerSecond: number;
  /** Seconds of training up to this epoch's end, earlier attempts included. */
  readonly seconds: number;
  readonly recordedAt: Date;
}

/** The learning curves of trials, by trial and epoch. */
export function listEpochs(sql: Sql, trialIds: readonly string[]): Promise<EpochLine[]> {
  return sql.query(
    `select trial_id as "trialId", epoch, epochs, loss, accuracy, n, images_per_second as "imagesPerSecond", seconds,
       recorded_at as "recordedAt"
     from epochs where trial_id = any($1::text[]) order by trial_id, epoch`,
    [trialIds],
  );
}

/** One time that a worker took a trial, and what became of it. */
export interface AttemptLine {
  readonly jobId: string;
  readonly study: string;
  /** From 1 within its job. */
  readonly attempt: number;
  readonly workerId: string;
  readonly host: string;
  readonly pid: number | null;
  readonly startedAt: Date;
  readonly seenAt: Date;
  readonly endedAt: Date | null;
  /** Null while it runs. `crashed`: its process died; `lost`: its worker was not heard of; `stopped`: it was asked to. */
  readonly ending: "recorded" | "failed" | "crashed" | "lost" | "stopped" | null;
  readonly message: string | null;
  /** The stack, or the dead process's last words. */
  readonly detail: string | null;
}

/** Everything that workers made of a trial, the oldest first. */
export function listAttempts(sql: Sql, trialId: string): Promise<AttemptLine[]> {
  return sql.query(
    `select job_id as "jobId", study, retry + 1 as attempt, worker_id as "workerId", host, attempts.pid,
       attempts.started_at as "startedAt", attempts.seen_at as "seenAt", attempts.ended_at as "endedAt", ending,
       attempts.message, attempts.detail
     from attempts join jobs on jobs.id = job_id join workers on workers.id = worker_id
     where attempts.trial_id = $1 order by attempts.started_at, retry`,
    [trialId],
  );
}

/** A trial that has no row from after its failure, and why: the last job of each trial of a study, where it failed. */
export interface FailureLine {
  readonly trialId: string;
  readonly attempts: number;
  readonly message: string;
  readonly detail: string;
  readonly endedAt: Date;
}

export function listFailures(sql: Sql, study: string): Promise<FailureLine[]> {
  return sql.query(
    `select trial_id as "trialId", attempts, message, detail, ended_at as "endedAt" from (
       select distinct on (trial_id) * from jobs where study = $1 order by trial_id, place desc
     ) as last_jobs
     where outcome = 'failed'
       and not exists (select from rows where rows.trial_id = last_jobs.trial_id and rows.created_at >= ended_at)
     order by place`,
    [study],
  );
}

/** A process that takes jobs. */
export interface WorkerLine {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly device: string;
  readonly version: string;
  /** Trials that it runs at once. */
  readonly slots: number;
  readonly startedAt: Date;
  /** When it was last heard of, by the database's clock. */
  readonly seenAt: Date;
  readonly leftAt: Date | null;
  /** It has not left and was heard of within the last half minute. */
  readonly alive: boolean;
  readonly doing: readonly {
    trialId: string;
    study: string;
    stage: string | null;
    progress: Json;
    pid: number | null;
  }[];
}

/** Workers that are there, then those that left, the newest first. */
export function listWorkers(sql: Sql, limit = 100): Promise<WorkerLine[]> {
  return sql.query(
    `select id, host, pid, device, version, slots, started_at as "startedAt", seen_at as "seenAt", left_at as "leftAt",
       left_at is null and seen_at > now() - interval '30 s' as alive,
       coalesce((
         select jsonb_agg(jsonb_build_object('trialId', attempts.trial_id, 'study', study, 'stage', stage,
           'progress', progress, 'pid', attempts.pid) order by attempts.started_at)
         from attempts join jobs on jobs.id = job_id where worker_id = workers.id and attempts.ended_at is null
       ), '[]') as doing
     from workers order by alive desc, started_at desc limit $1`,
    [limit],
  );
}
