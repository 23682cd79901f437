import type { Sql } from "../store/index.ts";

/** What can happen in the queue. `note` is a sentence for a reader, such as that a damaged checkpoint was passed over. */
export type EventKind =
  | "queued"
  | "started"
  | "epoch"
  | "note"
  | "again"
  | "recorded"
  | "failed"
  | "cancelled"
  | "stopped"
  | "paused"
  | "continued"
  | "joined"
  | "left";

export interface NewEvent {
  readonly kind: EventKind;
  /** One sentence, for a log. */
  readonly message: string;
  readonly study?: string;
  readonly trialId?: string;
  readonly workerId?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface EventLine {
  /** Where the stream goes on after this event; `eventsAfter` takes it. */
  readonly cursor: string;
  readonly at: Date;
  readonly kind: EventKind;
  readonly study: string | null;
  readonly trialId: string | null;
  readonly workerId: string | null;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export async function recordEvent(
  sql: Sql,
  { kind, message, study, trialId, workerId, data }: NewEvent,
): Promise<void> {
  await sql.query(
    "insert into events (kind, message, study, trial_id, worker_id, data) values ($1, $2, $3, $4, $5, $6)",
    [kind, message, study ?? null, trialId ?? null, workerId ?? null, JSON.stringify(data ?? {})],
  );
}

const columns = `xid::text || ':' || id as cursor, at, kind, study, trial_id as "trialId", worker_id as "workerId", message, data`;

/**
 * Events after a cursor, the oldest first; from the beginning without one. Transactions may end in another order than
 * they began in, so an event is given only when no earlier one can still come: by transaction, then by number.
 */
export function eventsAfter(sql: Sql, cursor = "0:0", limit = 1000): Promise<EventLine[]> {
  const [xid, id] = cursor.split(":");
  return sql.query(
    `select ${columns} from events
     where (xid, id) > ($1::xid8, $2::bigint) and xid < pg_snapshot_xmin(pg_current_snapshot())
     order by xid, id limit $3`,
    [xid, id, limit],
  );
}

/** The last events, the oldest of them first: a place to begin a stream from. */
export async function lastEvents(sql: Sql, limit = 100, trialId?: string): Promise<EventLine[]> {
  const lines = await sql.query<EventLine>(
    `select ${columns} from events
     where xid < pg_snapshot_xmin(pg_current_snapshot()) and ($2::text is null or trial_id = $2)
     order by xid desc, id desc limit $1`,
    [limit, trialId ?? null],
  );
  return lines.reverse();
}
