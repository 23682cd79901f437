import type { Store } from "../store/index.ts";
import type { Row, Trial, TrialEvent } from "../studies/index.ts";
import { recordEvent } from "./events.ts";
import { type Claim, endJob, giveBack, holds, type JobData } from "./jobs.ts";
import { asBossDatabase, type Queue, retryLimit } from "./queue.ts";

/** A trial that this worker has taken. */
export interface Held extends Claim {
  readonly trialId: string;
  readonly trial: Trial;
  readonly fresh: boolean;
  readonly anew: string | undefined;
}

/** Studies that have something in line and do not pause, the most urgent first. */
export async function studiesWithWork(queue: Queue, only: readonly string[] | undefined): Promise<string[]> {
  const found = await queue.database.query<{ study: string }>(
    `select study from (select distinct study from jobs where outcome is null and ($1::text[] is null or study = any($1))) as live
     left join study_states using (study) where not coalesce(paused, false) order by coalesce(priority, 0) desc, study`,
    [only ?? null],
  );
  return found.map(({ study }) => study);
}

/** Takes the next trial of a study; undefined when none may be taken now. */
export async function take(queue: Queue, study: string): Promise<Held | undefined> {
  // No job of ours waits for a time of day: one that was put in line before a clock was set back may be taken too.
  const [job] = await queue.boss.fetch<JobData>(study, { ignoreStartAfter: true });
  if (!job) return undefined;
  const { trialId, fresh, anew } = job.data;
  const claim = { study, jobId: job.id, retry: job.retryCount };
  const [found] = await queue.database.query<{ trial: Trial; known: boolean }>(
    `select config as trial, exists (select from rows where trial_id = $1) as known from trials where id = $1`,
    [trialId],
  );
  if (!found) throw new Error(`queue: expected the trial ${trialId} of a job to be in the store, found none`);
  if (!found.known || fresh) return { ...claim, trialId, trial: found.trial, fresh, anew };
  // Another study has run the same trial since.
  await queue.database.transaction(async (sql) => {
    if (await holds(sql, claim)) await endJob(queue, sql, claim, "recorded");
  });
  return take(queue, study);
}

/** Writes down that a worker begins on a trial. */
export async function recordStart(queue: Queue, held: Held, workerId: string, pid: number | undefined): Promise<void> {
  const { study, trialId, jobId, retry } = held;
  await queue.database.transaction(async (sql) => {
    // A worker that was taken for dead and has said nothing of its end.
    await sql.query(
      "update attempts set ended_at = now(), ending = 'lost' where job_id = $1 and retry < $2 and ended_at is null",
      [jobId, retry],
    );
    await sql.query(
      `insert into attempts (job_id, retry, trial_id, worker_id, pid) values ($1, $2, $3, $4, $5)
       on conflict (job_id, retry) do update set pid = excluded.pid`,
      [jobId, retry, trialId, workerId, pid ?? null],
    );
    const message = retry === 0 ? `${trialId}: begun` : `${trialId}: begun, attempt ${retry + 1}`;
    await recordEvent(sql, { kind: "started", study, trialId, workerId, message, data: { attempt: retry + 1, pid } });
  });
}

/**
 * Writes an epoch into the trial's curve; one that is there already, from before an interruption, is no event. A worker
 * whose trial another one has taken since writes none.
 */
export async function recordEpoch(
  queue: Queue,
  held: Held,
  epoch: Extract<TrialEvent, { kind: "epoch" }>,
): Promise<void> {
  const { study, trialId } = held;
  const { kind: _, ...data } = epoch;
  await queue.database.transaction(async (sql) => {
    if (!(await holds(sql, held))) return;
    const changed = await sql.query(
      `insert into epochs as known (trial_id, epoch, epochs, loss, accuracy, n, images_per_second, seconds)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (trial_id, epoch) do update set epochs = excluded.epochs, loss = excluded.loss,
         accuracy = excluded.accuracy, n = excluded.n, images_per_second = excluded.images_per_second,
         seconds = excluded.seconds, recorded_at = now()
       where (known.loss, known.seconds) is distinct from (excluded.loss, excluded.seconds) returning epoch`,
      [trialId, data.epoch, data.epochs, data.loss, data.accuracy, data.n, data.imagesPerSecond, data.seconds],
    );
    const message = `${trialId}: epoch ${data.epoch} of ${data.epochs}: loss ${data.loss.toFixed(4)}, accuracy ${(100 * data.accuracy).toFixed(1)} %`;
    if (changed.length > 0) await recordEvent(sql, { kind: "epoch", study, trialId, message, data });
  });
}

/**
 * Records a finished trial's row, once: a worker whose trial another one has taken since records nothing, and of two
 * studies that ran the same trial the first one's row counts. Returns whether a row of this job, or for it, is there.
 */
export async function recordRow(store: Store, queue: Queue, held: Held, row: Row): Promise<boolean> {
  const { study, jobId, trialId, fresh } = held;
  const attempt = await store.appendRow(row, study, {
    jobId,
    async verdict(sql) {
      await sql.query("select from trials where id = $1 for update", [trialId]);
      const [known] = await sql.query<{ mine: boolean | null; other: boolean | null }>(
        "select bool_or(job_id = $2) as mine, bool_or(job_id is distinct from $2) as other from rows where trial_id = $1",
        [trialId, jobId],
      );
      // The answer to an earlier try was lost on the way.
      if (known?.mine) return "known";
      if (!(await holds(sql, held))) return "refused";
      await endJob(queue, sql, held, "recorded");
      await endAttempt(sql, held, "recorded");
      await recordEvent(sql, { kind: "recorded", study, trialId, message: `${trialId}: recorded` });
      return known?.other && !fresh ? "known" : "new";
    },
  });
  return attempt !== undefined;
}

export interface Cause {
  readonly message: string;
  readonly detail: string;
}

/** Ends a trial that threw, and would throw again. */
export async function recordFailure(queue: Queue, held: Held, cause: Cause): Promise<void> {
  await queue.database.transaction(async (sql) => {
    if (!(await holds(sql, held))) return;
    await endJob(queue, sql, held, "failed", cause);
    await endAttempt(sql, held, "failed", cause);
    const { study, trialId } = held;
    await recordEvent(sql, { kind: "failed", study, trialId, message: `${trialId}: failed: ${cause.message}` });
  });
}

/** Puts a trial whose worker process died back in line, or fails it when that was its last try: then false. */
export async function recordCrash(queue: Queue, held: Held, cause: Cause): Promise<boolean> {
  const { study, trialId, jobId, retry } = held;
  const again = retry < retryLimit;
  await queue.database.transaction(async (sql) => {
    if (!(await holds(sql, held))) return;
    if (again) {
      const attempt = { id: jobId, retryCount: retry };
      await queue.boss.fail(study, attempt, { message: cause.message }, { db: asBossDatabase(sql) });
    } else await endJob(queue, sql, held, "failed", cause);
    await endAttempt(sql, held, "crashed", cause);
    const message = `${trialId}: ${cause.message}`;
    await recordEvent(sql, { kind: again ? "again" : "failed", study, trialId, message, data: { attempt: retry + 1 } });
  });
  return again;
}

/** Puts a trial back in line that this worker was asked to leave. */
export async function recordStop(queue: Queue, held: Held): Promise<void> {
  await giveBack(queue, held);
  const { study, trialId } = held;
  await queue.database.transaction(async (sql) => {
    await endAttempt(sql, held, "stopped");
    await recordEvent(sql, { kind: "stopped", study, trialId, message: `${trialId}: stopped; it goes on later` });
  });
}

async function endAttempt(
  sql: Parameters<typeof recordEvent>[0],
  { jobId, retry }: Claim,
  ending: "recorded" | "failed" | "crashed" | "stopped",
  cause?: Cause,
): Promise<void> {
  await sql.query(
    `update attempts set ended_at = now(), ending = $3, message = $4, detail = $5
     where job_id = $1 and retry = $2 and ended_at is null`,
    [jobId, retry, ending, cause?.message ?? null, cause?.detail ?? null],
  );
}
