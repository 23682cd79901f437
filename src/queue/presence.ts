import type { TrialEvent } from "../studies/index.ts";
import type { Held } from "./claims.ts";
import { recordEvent } from "./events.ts";
import { type Queue, queueSchema } from "./queue.ts";

/** A trial while it runs here. */
export interface Presence {
  /** What it does is shown to others from the next beat on. */
  sees(event: TrialEvent): void;
  leave(): void;
}

type Reason = "interrupted" | "paused" | "cancelled" | "lost";

interface Place {
  readonly held: Held;
  readonly leave: (why: Reason) => void;
  stage: string | undefined;
  progress: TrialEvent | undefined;
}

/** How often a worker says that it is there, and looks whether its trials are still its own. */
const beatMs = 2000;

/** Tells the others that a worker and its trials are there, and tells the trials when they are to be left. */
export function watchOver(queue: Queue, workerId: string) {
  const places = new Set<Place>();
  const { database } = queue;

  const beat = async (): Promise<void> => {
    await database.query("update workers set seen_at = now() where id = $1", [workerId]);
    const now = [...places];
    if (now.length === 0) return;
    await database.query(
      `update attempts set seen_at = now(), stage = given.stage, progress = given.progress::jsonb
       from unnest($1::uuid[], $2::int[], $3::text[], $4::text[]) as given (job_id, retry, stage, progress)
       where attempts.job_id = given.job_id and attempts.retry = given.retry and ended_at is null`,
      [
        now.map(({ held }) => held.jobId),
        now.map(({ held }) => held.retry),
        now.map(({ stage }) => stage ?? null),
        now.map(({ progress }) => (progress ? JSON.stringify(progress) : null)),
      ],
    );
    if (queue.heartbeatSeconds !== null)
      for (const { held } of now) await queue.boss.touch(held.study, { id: held.jobId, retryCount: held.retry });
    const found = await database.query<{ jobId: string; held: boolean; cancelled: boolean; paused: boolean }>(
      `select given.id as "jobId", coalesce(outcome = 'cancelled', false) as cancelled,
         coalesce(state in ('active', 'retry') and retry_count = given.retry, false) as held,
         coalesce(paused, false) as paused
       from unnest($1::uuid[], $2::int[]) as given (id, retry) join jobs on jobs.id = given.id
       left join ${queueSchema}.job as line on line.name = jobs.study and line.id = given.id
       left join study_states on study_states.study = jobs.study`,
      [now.map(({ held }) => held.jobId), now.map(({ held }) => held.retry)],
    );
    for (const place of now) {
      const state = found.find(({ jobId }) => jobId === place.held.jobId);
      if (!places.has(place) || !state) continue;
      if (state.cancelled) place.leave("cancelled");
      else if (!state.held) place.leave("lost");
      else if (state.paused) place.leave("paused");
    }
  };

  return {
    async join(worker: { host: string; pid: number; device: string; version: string; slots: number }): Promise<void> {
      const { host, pid, device, version, slots } = worker;
      await database.transaction(async (sql) => {
        await sql.query(
          `insert into workers (id, host, pid, device, version, slots) values ($1, $2, $3, $4, $5, $6)
           on conflict (id) do nothing`,
          [workerId, host, pid, device, version, slots],
        );
        await recordEvent(sql, { kind: "joined", workerId, message: `worker ${host} ${pid} joined` });
      });
    },
    enter(held: Held, leave: (why: Reason) => void): Presence {
      const place: Place = { held, leave, stage: undefined, progress: undefined };
      places.add(place);
      return {
        sees(event) {
          if (event.kind === "note" || event.kind === "epoch") return;
          place.stage = event.kind === "step" ? "train" : event.stage;
          place.progress = event.kind === "stage" ? undefined : event;
        },
        leave: () => void places.delete(place),
      };
    },
    leaveAll(why: Reason): void {
      for (const place of places) place.leave(why);
    },
    /** Beats until it is ended; then it says goodbye. */
    watch({ lost, failed }: { lost(): Promise<void>; failed(error: unknown): void }) {
      let beating: Promise<void> = Promise.resolve();
      let underWay = false;
      const timer = setInterval(() => {
        // A beat that takes long, as when the database is away, is not followed by all that it held up.
        if (underWay) return;
        underWay = true;
        beating = beat()
          .then(queue.heartbeatSeconds === null ? undefined : lost)
          .catch(failed)
          .finally(() => {
            underWay = false;
          });
      }, beatMs);
      return {
        async end(): Promise<void> {
          clearInterval(timer);
          await beating;
          try {
            await database.query("update workers set left_at = now(), seen_at = now() where id = $1", [workerId]);
            await recordEvent(database, { kind: "left", workerId, message: "a worker left" });
          } catch (error) {
            failed(error);
          }
        },
      };
    },
  };
}
