import { randomUUID } from "node:crypto";
import { knownStudy, type Sql } from "../store/index.ts";
import { sourceStageId, type Trial } from "../studies/trial.ts";
import { recordEvent } from "./events.ts";
import { asBossDatabase, type Queue, queueSchema, retryLimit } from "./queue.ts";

/** What a job carries; the trial itself is read from the store. */
export interface JobData {
  readonly trialId: string;
  /** Runs the trial though it has a row. */
  readonly fresh: boolean;
  /** Its source model is trained anew too, once for all jobs with this name. */
  readonly anew?: string;
}

/** One claim on a job: pg-boss counts how often a job was taken, and so tells a worker from its successor. */
export interface Claim {
  readonly study: string;
  readonly jobId: string;
  readonly retry: number;
}

/** pg-boss would give up jobs of long studies; only their workers may. */
const tenYears = 10 * 365 * 24 * 3600;

export interface AskOptions {
  /** Only these trials of the study. */
  readonly only?: readonly string[];
  /** Also trials that have a row. */
  readonly fresh?: boolean;
  /** Source models too, of whatever machine takes the trials. */
  readonly anew?: boolean;
}

/**
 * Puts a study's trials in line that have neither a row nor a live job, in the study's order; returns how many. Asked
 * for twice, or by two processes at once, each trial is in line once. InputError for an unknown study.
 */
export async function askFor(
  queue: Queue,
  study: string,
  { only, fresh = false, anew = false }: AskOptions = {},
): Promise<number> {
  const { boss, database } = queue;
  const { id } = await knownStudy(database, study);
  // Two trials of one source stage do not run at once: the second one takes the first one's model from the disk.
  await boss.createQueue(study, { policy: "singleton" });
  const asked = await database.transaction(async (sql) => {
    await sql.query("select pg_advisory_xact_lock(hashtext($1))", [`carryover ${study}`]);
    const wanted = await sql.query<{ trial: Trial; trialId: string; position: number }>(
      `select trials.config as trial, trials.id as "trialId", position::int
       from study_trials join trials on trials.id = trial_id
       where study_id = $1 and ($2::text[] is null or trial_id = any($2))
         and ($3 or not exists (select from rows where rows.trial_id = trials.id))
         and not exists (select from jobs where jobs.study = $4 and jobs.trial_id = trials.id and outcome is null)
       order by position`,
      [id, only ?? null, fresh, study],
    );
    await insertJobs(queue, sql, study, { fresh, ...(anew && { anew: randomUUID() }) }, wanted);
    if (wanted.length > 0)
      await recordEvent(sql, { kind: "queued", study, message: `${study}: ${wanted.length} trials in line` });
    return wanted.length;
  });
  // The embedded database does not look at its tables by itself, and its planner would take large ones for small.
  if (asked > 500) await database.query(`analyze studies, study_trials, trials, jobs, rows, ${queueSchema}.job`);
  return asked;
}

/** How many of a study's jobs have not ended. */
export async function liveJobs(sql: Sql, study: string): Promise<number> {
  const [found] = await sql.query<{ count: number }>(
    "select count(*) as count from jobs where study = $1 and outcome is null",
    [study],
  );
  return found?.count ?? 0;
}

interface Wanted {
  readonly trial: Trial;
  readonly trialId: string;
  readonly position: number;
}

async function insertJobs(
  queue: Queue,
  sql: Sql,
  study: string,
  asked: Omit<JobData, "trialId">,
  wanted: readonly Wanted[],
) {
  const atOnce = 1000;
  for (let i = 0; i < wanted.length; i += atOnce) {
    const jobs = wanted.slice(i, i + atOnce).map(({ trial, trialId, position }) => ({
      id: randomUUID(),
      data: { trialId, ...asked } satisfies JobData,
      singletonKey: sourceStageId(trial),
      priority: -position,
      retryLimit,
      retryDelay: 0,
      expireInSeconds: tenYears,
      retentionSeconds: tenYears,
      ...(queue.heartbeatSeconds === null ? {} : { heartbeatSeconds: queue.heartbeatSeconds }),
    }));
    await sql.query(
      `insert into jobs (id, study, trial_id, fresh, anew)
       select id, $1, trial_id, $2, $3 from unnest($4::uuid[], $5::text[]) as given (id, trial_id)`,
      [study, asked.fresh, asked.anew ?? null, jobs.map(({ id }) => id), jobs.map(({ data }) => data.trialId)],
    );
    await queue.boss.insert(study, jobs, { db: asBossDatabase(sql) });
  }
}

/**
 * Whether a claim still holds: no one else took the job since. Locks the job until the transaction ends, so that no one
 * does meanwhile. A claim whose worker was taken for dead holds until a successor has come.
 */
export async function holds(sql: Sql, { study, jobId, retry }: Claim): Promise<boolean> {
  const [job] = await sql.query<{ held: boolean }>(
    `select state in ('active', 'retry') and retry_count = $3 as held
     from ${queueSchema}.job where name = $1 and id = $2 for update`,
    [study, jobId, retry],
  );
  return job?.held ?? false;
}

export type Outcome = "recorded" | "failed" | "cancelled" | "stopped";

/** Ends a job whose claim was found to hold in this transaction. */
export async function endJob(
  queue: Queue,
  sql: Sql,
  { study, jobId }: Claim,
  outcome: Outcome,
  why: { readonly message?: string; readonly detail?: string } = {},
): Promise<void> {
  await queue.boss.deleteJob(study, jobId, { db: asBossDatabase(sql) });
  await sql.query(
    "update jobs set outcome = $2, ended_at = now(), attempts = (select count(*) from attempts where job_id = $1), message = $3, detail = $4 where id = $1",
    [jobId, outcome, why.message ?? null, why.detail ?? null],
  );
}

/** Puts a trial back in line whose worker stops, without counting a try; false when the claim no longer holds. */
export async function giveBack(queue: Queue, claim: Claim): Promise<boolean> {
  return queue.database.transaction(async (sql) => {
    if (!(await holds(sql, claim))) return false;
    const [job] = await sql.query<Wanted & { fresh: boolean; anew: string | null }>(
      `select trials.config as trial, trials.id as "trialId", fresh, anew, -priority as position
       from jobs join trials on trials.id = trial_id join ${queueSchema}.job as line on line.name = study and line.id = jobs.id
       where jobs.id = $1`,
      [claim.jobId],
    );
    await endJob(queue, sql, claim, "stopped");
    if (job)
      await insertJobs(queue, sql, claim.study, { fresh: job.fresh, ...(job.anew && { anew: job.anew }) }, [job]);
    return true;
  });
}

/** Puts back in line what a coordinator was running when it was killed: for the one who holds its folder now. */
export async function giveBackOrphans(queue: Queue): Promise<number> {
  const orphans = await queue.database.query<Claim>(
    `select study, jobs.id as "jobId", retry_count as retry
     from jobs join ${queueSchema}.job as line on line.name = study and line.id = jobs.id
     where outcome is null and state = 'active'`,
  );
  for (const claim of orphans) {
    await giveBack(queue, claim);
    await queue.database.query(
      "update attempts set ended_at = seen_at, ending = 'lost' where job_id = $1 and ended_at is null",
      [claim.jobId],
    );
  }
  await queue.database.query("update workers set left_at = seen_at where left_at is null");
  return orphans.length;
}

/** Tells as failed the trials whose last worker was lost, which no worker was there to tell of. */
export async function settleLost(queue: Queue): Promise<void> {
  await queue.database.transaction(async (sql) => {
    const lost = await sql.query<Claim & { trialId: string }>(
      `select study, jobs.id as "jobId", retry_count as retry, trial_id as "trialId"
       from jobs join ${queueSchema}.job as line on line.name = study and line.id = jobs.id
       where outcome is null and state = 'failed' for update of line skip locked`,
    );
    for (const { trialId, ...claim } of lost) {
      const message = `its worker was not heard of any more, ${claim.retry + 1} times`;
      await endJob(queue, sql, claim, "failed", { message, detail: "" });
      await sql.query(
        "update attempts set ended_at = now(), ending = 'lost', message = $2 where job_id = $1 and ended_at is null",
        [claim.jobId, message],
      );
      await recordEvent(sql, { kind: "failed", study: claim.study, trialId, message });
    }
  });
}
