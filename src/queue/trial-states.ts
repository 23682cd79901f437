import type { Json } from "../base/index.ts";
import { newestStudies, type Sql } from "../store/index.ts";
import type { Trial } from "../studies/trial.ts";
import { queueSchema } from "./queue.ts";

/**
 * Where a trial of a study stands. `waiting`: no one has asked for it, or its study pauses; `queued`: in line; `done`: it
 * has a row; `failed`, `cancelled`: its last job ended so, and it has no row from later.
 */
export type TrialState = "waiting" | "queued" | "running" | "done" | "failed" | "cancelled";

export interface TrialLine {
  readonly trialId: string;
  readonly study: string;
  /** Place in the study, from 1. */
  readonly position: number;
  readonly trial: Trial;
  readonly state: TrialState;
  /** Times that its last job was taken by a worker. */
  readonly attempts: number;
  /** Of its job: higher goes first. */
  readonly priority: number | null;
  /** Why it failed, or why it is tried again. */
  readonly message: string | null;
  /** The worker that runs it, what it does there, and since when. */
  readonly workerId: string | null;
  readonly stage: string | null;
  readonly progress: Json;
  readonly startedAt: Date | null;
  /** Of its last row; accuracies are fractions. */
  readonly finishedAt: string | null;
  readonly sourceAccuracy: number | null;
  readonly robustAccuracy: number | null;
  readonly targetAccuracy: number | null;
}

export interface StudyLine {
  readonly name: string;
  readonly definition: Json;
  /** When this definition was first run. */
  readonly definedAt: Date;
  readonly trials: number;
  readonly waiting: number;
  readonly queued: number;
  readonly running: number;
  readonly done: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly paused: boolean;
  readonly priority: number;
}

/** Every study's trials with where they stand; $1 is a study's name, or null for all. */
const trialStates = (jobTable: string) => `
  with ${newestStudies},
  last_jobs as (
    select distinct on (study, trial_id) id, study, trial_id, outcome, ended_at, attempts, message
    from jobs where $1::text is null or study = $1 order by study, trial_id, place desc
  ),
  last_rows as (
    select distinct on (trial_id) trial_id, created_at, finished_at, source_accuracy, robust_accuracy, target_accuracy
    from rows order by trial_id, attempt desc
  ),
  states as (
    select newest.name as study, study_trials.trial_id, position, trials.config, job.id as live_id, job.priority,
      case
        when last_jobs.outcome is null and job.state = 'active' then 'running'
        when last_jobs.outcome is null and job.state in ('created', 'retry') then 'queued'
        when last_rows.trial_id is not null
          and (last_jobs.outcome is distinct from 'failed' or last_rows.created_at >= last_jobs.ended_at) then 'done'
        when last_jobs.outcome = 'failed' or job.state = 'failed' then 'failed'
        when last_jobs.outcome = 'cancelled' then 'cancelled'
        else 'waiting'
      end as state,
      coalesce(last_jobs.attempts, case when job.started_on is null then 0 else job.retry_count + 1 end, 0) as attempts,
      job.retry_count, coalesce(last_jobs.message, job.output #>> '{message}', job.output #>> '{value,message}') as message,
      finished_at, source_accuracy, robust_accuracy, target_accuracy
    from newest
    join study_trials on study_trials.study_id = newest.id
    join trials on trials.id = study_trials.trial_id
    left join last_jobs on last_jobs.study = newest.name and last_jobs.trial_id = study_trials.trial_id
    left join ${jobTable} as job on job.name = newest.name and job.id = last_jobs.id and last_jobs.outcome is null
    left join last_rows on last_rows.trial_id = study_trials.trial_id
    where $1::text is null or newest.name = $1
  )`;

/** pg-boss's table, or an empty one of its form where nothing was queued yet. */
export async function jobTable(sql: Sql): Promise<string> {
  const [found] = await sql.query<{ name: string | null }>(`select to_regclass('${queueSchema}.job')::text as name`);
  if (found?.name) return `${queueSchema}.job`;
  return `(select null::text as name, null::uuid as id, null::text as state, null::int as priority, null::int as retry_count,
    null::timestamptz as started_on, null::jsonb as output where false)`;
}

/** All studies with how far they are, sorted by name; of one study when it is named. */
export async function listStudies(sql: Sql, study?: string): Promise<StudyLine[]> {
  return sql.query<StudyLine>(
    `${trialStates(await jobTable(sql))},
     counts as (
       select study, count(*)::int as trials,
         ${["waiting", "queued", "running", "done", "failed", "cancelled"].map((state) => `(count(*) filter (where state = '${state}'))::int as ${state}`).join(", ")}
       from states group by study
     )
     select name, definition, created_at as "definedAt", coalesce(trials, 0) as trials, coalesce(waiting, 0) as waiting,
       coalesce(queued, 0) as queued, coalesce(running, 0) as running, coalesce(done, 0) as done,
       coalesce(failed, 0) as failed, coalesce(cancelled, 0) as cancelled,
       coalesce(paused, false) as paused, coalesce(priority, 0) as priority
     from newest left join counts on counts.study = newest.name left join study_states on study_states.study = newest.name
     where $1::text is null or name = $1 order by name`,
    [study ?? null],
  );
}

export interface TrialFilter {
  readonly states?: readonly TrialState[];
  readonly limit?: number;
  readonly offset?: number;
}

/** A study's trials in the study's order with where they stand (10,000 in well under a second). */
export async function listTrials(
  sql: Sql,
  study: string,
  { states, limit = 100_000, offset = 0 }: TrialFilter = {},
): Promise<TrialLine[]> {
  return sql.query<TrialLine>(
    `${trialStates(await jobTable(sql))}
     select states.trial_id as "trialId", states.study, position::int, config as trial, state, states.attempts, priority,
       states.message, worker_id as "workerId", stage, progress, attempts.started_at as "startedAt",
       finished_at as "finishedAt", source_accuracy as "sourceAccuracy", robust_accuracy as "robustAccuracy",
       target_accuracy as "targetAccuracy"
     from states
     left join attempts on state = 'running' and attempts.job_id = live_id and attempts.retry = retry_count
     where $2::text[] is null or state = any($2)
     order by position limit $3 offset $4`,
    [study, states ?? null, limit, offset],
  );
}
