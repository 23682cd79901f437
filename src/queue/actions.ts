import { InputError } from "../base/index.ts";
import { knownStudy, type Sql } from "../store/index.ts";
import { recordEvent } from "./events.ts";
import { askFor, type Claim, endJob, giveBackOrphans } from "./jobs.ts";
import { type Queue, queueSchema } from "./queue.ts";

/** Stops a study: nothing of it is begun, and what runs goes back in line within seconds, up to its last checkpoint. */
export async function pauseStudy(sql: Sql, study: string): Promise<void> {
  await knownStudy(sql, study);
  await sql.query(
    "insert into study_states (study, paused) values ($1, true) on conflict (study) do update set paused = true",
    [study],
  );
  await recordEvent(sql, { kind: "paused", study, message: `${study}: paused` });
}

/** Lets a paused study go on, and asks for what it lacks; returns how many trials were put in line. */
export async function continueStudy(queue: Queue, study: string): Promise<number> {
  await knownStudy(queue.database, study);
  await unpause(queue.database, study);
  await recordEvent(queue.database, { kind: "continued", study, message: `${study}: goes on` });
  return askFor(queue, study);
}

export async function unpause(sql: Sql, study: string): Promise<void> {
  await sql.query("update study_states set paused = false where study = $1 and paused", [study]);
}

/** How urgent a study is: workers take trials of a higher one first. */
export async function setPriority(sql: Sql, study: string, priority: number): Promise<void> {
  await sql.query(
    "insert into study_states (study, priority) values ($1, $2) on conflict (study) do update set priority = $2",
    [study, priority],
  );
}

/** Puts one waiting trial before all others of its study; false when it is not in line. */
export async function hurryTrial(queue: Queue, study: string, trialId: string): Promise<boolean> {
  const [job] = await queue.database.query<{ id: string }>(
    "select id from jobs where study = $1 and trial_id = $2 and outcome is null",
    [study, trialId],
  );
  if (!job) return false;
  const first = 1_000_000;
  const { updated } = await queue.boss.update(study, undefined, { id: job.id, priority: first });
  return updated > 0;
}

/**
 * Takes a study's trials out of line, or only some, and stops those that run within seconds; returns how many. What is
 * finished stays, and so do checkpoints: a later run goes on from them. InputError for an unknown study.
 */
export async function cancelTrials(queue: Queue, study: string, only?: readonly string[]): Promise<number> {
  await knownStudy(queue.database, study);
  return queue.database.transaction(async (sql) => {
    const live = await sql.query<Claim & { trialId: string }>(
      `select study, jobs.id as "jobId", retry_count as retry, trial_id as "trialId"
       from jobs join ${queueSchema}.job as line on line.name = study and line.id = jobs.id
       where study = $1 and outcome is null and ($2::text[] is null or trial_id = any($2)) for update of line`,
      [study, only ?? null],
    );
    for (const { trialId, ...claim } of live) {
      await endJob(queue, sql, claim, "cancelled");
      await recordEvent(sql, { kind: "cancelled", study, trialId, message: `${trialId}: cancelled` });
    }
    return live.length;
  });
}

/**
 * Puts a study's line in order before a run of it: on an embedded database, where no one else works, what a dead run held
 * goes back; and what the study no longer consists of leaves.
 */
export async function tidyLine(queue: Queue, study: string): Promise<void> {
  if (queue.heartbeatSeconds === null) await giveBackOrphans(queue);
  await cancelStrangers(queue, study);
}

/** Takes out of line what a study no longer consists of. */
async function cancelStrangers(queue: Queue, study: string): Promise<number> {
  const strangers = await queue.database.query<{ trialId: string }>(
    `select trial_id as "trialId" from jobs where study = $1 and outcome is null and trial_id not in (
       select trial_id from study_trials where study_id = (select max(id) from studies where name = $1)
     )`,
    [study],
  );
  return cancelTrials(
    queue,
    study,
    strangers.map(({ trialId }) => trialId),
  );
}

/** Runs a trial again, whatever became of it; InputError when the study has no such trial, or it is in line already. */
export async function retryTrial(queue: Queue, study: string, trialId: string): Promise<void> {
  const asked = await askFor(queue, study, { only: [trialId], fresh: true });
  if (asked === 0)
    throw new InputError(`retry: expected a trial of ${study} that is not in line, got "${trialId}", which is not one`);
}
