import type { Row } from "../studies/row.ts";
import { appendToJournal, type JournalEntry, rowEntry, studyEntry } from "./journal.ts";
import { isUrl, openAsCoordinator, openAsVisitor, openAtUrl } from "./open.ts";
import { agreeWithJournal } from "./recovery.ts";
import { insertRow, parseRows, rowsOfIds, rowsOfStudy } from "./rows.ts";
import type { Database, Sql } from "./sql.ts";
import { countedStudies, type SavedStudy, saveStudy } from "./studies.ts";

/** Where trials' rows are kept. Rows are append-only; a trial's last row counts. */
export interface Store {
  /** For the queue and for queries of one's own. */
  readonly database: Database;
  /** Whether the database is embedded, and so this machine's alone. */
  readonly embedded: boolean;
  /** What had to be put in order at opening, as sentences. */
  readonly notes: readonly string[];
  /** Makes `name` mean these trials in this order. What it meant before stays in the tables. */
  saveStudy(study: SavedStudy): Promise<void>;
  /** The names of all studies, sorted, with how many trials they have and how many of those are finished. */
  studies(): Promise<{ name: string; trials: number; finished: number }[]>;
  /** Which of the trials have a row. */
  finishedTrials(ids: readonly string[]): Promise<Set<string>>;
  /**
   * Records what a finished trial left, and returns which attempt of the trial it is. Once the promise resolves the row
   * survives kill -9. The same run's row given twice is recorded once. Undefined when `claim` refuses it.
   */
  appendRow(row: Row, study: string, claim?: RowClaim): Promise<number | undefined>;
  /**
   * Brings in a study that was run elsewhere, in one transaction with `more`. A trial that has a row here keeps what it
   * has. Returns how many of the rows came in.
   */
  bringIn(study: SavedStudy, rows: readonly RowOf[], more: (sql: Sql) => Promise<void>): Promise<number>;
  /** Each trial's last row: of a study in the study's order, of ids in theirs. InputError for an unknown study. */
  rowsOf(studyOrIds: string | readonly string[]): Promise<Row[]>;
  /** Every row that a trial ever left, the oldest first. */
  attemptsOf(trialId: string): Promise<Row[]>;
  close(): Promise<void>;
}

/** A row and the study that it was made for. */
export interface RowOf {
  readonly study: string;
  readonly row: Row;
}

/** On whose behalf a row is recorded. */
export interface RowClaim {
  readonly jobId: string;
  /**
   * Asked in the transaction that would record the row: `new` records it; `known` leaves the rows as they are and keeps
   * what was changed besides; `refused` undoes everything.
   */
  verdict(sql: Sql): Promise<"new" | "known" | "refused">;
}

export interface StoreOptions {
  /** Gives way to a coordinator, and goes through it while there is one. */
  readonly visitor?: boolean;
}

/**
 * Opens the store at `place`: the URL of a PostgreSQL, or a folder, made when it is not there (3 s the first time, 0.3 s
 * later). A folder has one coordinator at a time: a second one gets an InputError that names the first one's pid.
 */
export async function openStore(place = ".carryover", { visitor = false }: StoreOptions = {}): Promise<Store> {
  if (isUrl(place)) return storeOn(await openAtUrl(place), undefined, []);
  if (visitor) return storeOn(await openAsVisitor(place), place, []);
  const database = await openAsCoordinator(place);
  try {
    return storeOn(database, place, await agreeWithJournal(database, place));
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function finishedAmong(sql: Sql, ids: readonly string[]): Promise<Set<string>> {
  const found = await sql.query<{ trial_id: string }>(
    "select distinct trial_id from rows where trial_id = any($1::text[])",
    [ids],
  );
  return new Set(found.map((line) => line.trial_id));
}

/** Undoes a transaction whose claim was refused. */
const refused = new Error("refused");

function storeOn(database: Database, folder: string | undefined, notes: readonly string[]): Store {
  const journal = async (entry: JournalEntry) => {
    if (folder !== undefined) await appendToJournal(folder, entry);
  };
  return {
    database,
    embedded: folder !== undefined,
    notes,
    async saveStudy(study) {
      if (await database.transaction((sql) => saveStudy(sql, study))) await journal(studyEntry(study));
    },
    studies: () => database.query(countedStudies),
    finishedTrials: (ids) => finishedAmong(database, ids),
    async appendRow(row, study, claim) {
      const recorded = await database
        .transaction(async (sql) => {
          const verdict = claim ? await claim.verdict(sql) : "new";
          if (verdict === "refused") throw refused;
          if (verdict === "new") return { attempt: await insertRow(sql, row, study, claim?.jobId), isNew: true };
          const [last] = await sql.query<{ attempt: number }>(
            "select max(attempt) as attempt from rows where trial_id = $1",
            [row.trialId],
          );
          return { attempt: last?.attempt ?? 1, isNew: false };
        })
        .catch((error) => {
          if (error !== refused) throw error;
        });
      if (recorded?.isNew) await journal(rowEntry(row, study));
      return recorded?.attempt;
    },
    async bringIn(study, rows, more) {
      const [isNew, came] = await database.transaction(async (sql) => {
        const isNew = await saveStudy(sql, study);
        const here = await finishedAmong(sql, [...new Set(rows.map(({ row }) => row.trialId))]);
        const came = rows.filter(({ row }) => !here.has(row.trialId));
        for (const { row, study: of } of came) await insertRow(sql, row, of);
        await more(sql);
        return [isNew, came] as const;
      });
      if (isNew) await journal(studyEntry(study));
      for (const { row, study: of } of came) await journal(rowEntry(row, of));
      return came.length;
    },
    rowsOf: async (studyOrIds) =>
      typeof studyOrIds === "string" ? rowsOfStudy(database, studyOrIds) : rowsOfIds(database, studyOrIds),
    attemptsOf: async (id) =>
      parseRows(await database.query("select row from rows where trial_id = $1 order by attempt", [id])),
    close: () => database.close(),
  };
}
