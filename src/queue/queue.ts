import type { Clock, Db, PgBoss } from "pg-boss";
import { UnreachableError } from "../base/index.ts";
import type { Database, Sql } from "../store/index.ts";

/** Where pg-boss keeps its tables; a name of our own, so that another user of pg-boss in the database is not met. */
export const queueSchema = "carryover_queue";

/** Times that a trial is tried again after its worker died or was lost. */
export const retryLimit = 3;

/** A worker that was not heard of for so long is taken for dead, by the database's clock. pg-boss wants at least 10 s. */
const heartbeatSeconds = 20;

/** Time that does not jump with the machine's clock: pg-boss waits for a moment by it before it looks for lost workers. */
const steadyClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  setTimeout: (act, ms) => setTimeout(act, ms),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  setInterval: (act, ms) => setInterval(act, ms),
  clearInterval: (timer) => clearInterval(timer as NodeJS.Timeout),
};

/** Where trials wait to be run: a pg-boss queue for each study, in the store's own database. */
export interface Queue {
  readonly boss: PgBoss;
  readonly database: Database;
  /**
   * How long a silent worker keeps its trials; null where workers are this process's own children, whose death is seen
   * at once and to whom a clock that jumps does nothing.
   */
  readonly heartbeatSeconds: number | null;
  close(): Promise<void>;
}

export interface QueueOptions {
  /** Whether workers on other machines may take part, so that they are watched. */
  readonly shared: boolean;
  /** Watches others' heartbeats; off for those who only say a word. */
  readonly watch?: boolean;
  readonly heartbeatSeconds?: number;
}

/** Opens the queue in a database, made when it is not there. */
export async function openQueue(database: Database, options: QueueOptions): Promise<Queue> {
  const { PgBoss } = await import("pg-boss");
  const watch = options.shared && (options.watch ?? false);
  const boss = new PgBoss({
    db: asBossDatabase(database),
    schema: queueSchema,
    clock: steadyClock,
    supervise: watch,
    superviseIntervalSeconds: 5,
    monitorIntervalSeconds: 5,
    schedule: false,
    registerInstance: false,
    reindex: false,
    monitorVacuum: false,
    openTelemetry: { enabled: false },
  });
  // A database that is away is told by whoever asks next; anything else must not pass in silence.
  boss.on("error", (error) => {
    if (!(error instanceof UnreachableError)) process.emitWarning(error);
  });
  await boss.start();
  return {
    boss,
    database,
    heartbeatSeconds: options.shared ? (options.heartbeatSeconds ?? heartbeatSeconds) : null,
    close: () => boss.stop({ graceful: false, close: false }),
  };
}

/** A connection of ours as pg-boss wants it; within a transaction of ours, pg-boss's statements are part of it. */
export function asBossDatabase(sql: Sql): Db {
  return {
    executeSql: async (text, values) => ({
      rows: values?.length ? await sql.query(text, values) : await sql.script(text),
    }),
  };
}
