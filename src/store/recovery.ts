import { rename } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, InputError } from "../base/index.ts";
import { type Trial, trialId } from "../studies/trial.ts";
import { makeStoreFolder, openEmbedded } from "./embedded.ts";
import {
  appendToJournal,
  type JournalEntry,
  keyOf,
  type RowEntry,
  readJournal,
  type StudyEntry,
  studyEntry,
} from "./journal.ts";
import { lockFolder, ownerOf, refusal } from "./lock.ts";
import { migrate } from "./migrate.ts";
import { insertRow } from "./rows.ts";
import type { Database } from "./sql.ts";
import { newestStudies, type SavedStudy, saveStudy } from "./studies.ts";

/**
 * Brings database and journal to the same studies and rows: a crash may come between the two, a power loss may take the
 * database's last ones. Returns what was done, as sentences.
 */
export async function agreeWithJournal(database: Database, folder: string): Promise<string[]> {
  const { entries, damaged, foreign } = await readJournal(folder);
  const studies = await agreeOnStudies(database, folder, entries.filter(isStudy));
  const rows = await agreeOnRows(database, folder, entries.filter(isRow), foreign);
  const told: readonly [number, string][] = [
    [studies.lost, `${studies.lost} studies that the database had lost were taken from the journal`],
    [rows.lost, `${rows.lost} rows that the database had lost were taken from the journal`],
    [
      rows.beyondUs,
      `${rows.beyondUs} rows that the database has lost are in the journal in the form of another version of carryover`,
    ],
    [
      damaged.length > 0 ? studies.added + rows.added : 0,
      `the journal was damaged in line ${damaged.join(", ")}; what it lacked was added from the database`,
    ],
  ];
  return told.flatMap(([count, sentence]) => (count > 0 ? [`store: ${folder}: ${sentence}`] : []));
}

const isStudy = (entry: JournalEntry): entry is StudyEntry => entry.kind === "study";
const isRow = (entry: JournalEntry): entry is RowEntry => entry.kind === "row";

interface Agreed {
  /** How many the database did not have, and how many the journal did not. */
  readonly lost: number;
  readonly added: number;
}

/** Of each name the newest definition counts: that of the side that has seen more of them. */
async function agreeOnStudies(database: Database, folder: string, entries: readonly StudyEntry[]): Promise<Agreed> {
  const kept = await database.query<SavedStudy & { definitions: number }>(
    `with ${newestStudies}
     select name, definition, (select count(*)::int from studies where studies.name = newest.name) as definitions,
       coalesce((select jsonb_agg(config order by position) from study_trials join trials on trials.id = trial_id
                 where study_id = newest.id), '[]') as trials
     from newest`,
  );
  const journalled = Map.groupBy(entries, ({ name }) => name);
  let lost = 0;
  let added = 0;
  for (const name of new Set([...journalled.keys(), ...kept.map((study) => study.name)])) {
    const there = kept.find((study) => study.name === name);
    const lines = journalled.get(name) ?? [];
    const last = lines.at(-1);
    if (there && last && isSameStudy(there, last)) continue;
    if (last && lines.length > (there?.definitions ?? 0)) {
      await database.transaction((sql) => saveStudy(sql, last));
      lost++;
    } else if (there) {
      await appendToJournal(folder, studyEntry(there));
      added++;
    }
  }
  return { lost, added };
}

const isSameStudy = (one: SavedStudy, other: SavedStudy): boolean =>
  canonicalJson(one.definition) === canonicalJson(other.definition) && idsOf(one.trials) === idsOf(other.trials);
const idsOf = (trials: readonly Trial[]): string => [...new Set(trials.map(trialId))].join();

async function agreeOnRows(
  database: Database,
  folder: string,
  entries: readonly RowEntry[],
  foreign: readonly string[],
): Promise<Agreed & { readonly beyondUs: number }> {
  const kept = await database.query<{ id: number; trialId: string; finishedAt: string }>(
    `select id, trial_id as "trialId", finished_at as "finishedAt" from rows order by trial_id, attempt`,
  );
  const known = new Set(kept.map(keyOf));
  const lost = entries.filter(({ row }) => !known.has(keyOf(row)));
  await replay(database, lost);
  const journalled = new Set([...entries.map(({ row }) => keyOf(row)), ...foreign]);
  const lacking = new Set<string>();
  let added = 0;
  for (const { id, ...line } of kept) {
    if (!journalled.has(keyOf(line))) lacking.add(line.trialId);
    // With the trial's later rows, which stay the later ones so.
    if (!lacking.has(line.trialId)) continue;
    const [found] = await database.query<{ study: string; row: unknown }>("select study, row from rows where id = $1", [
      id,
    ]);
    if (found) await appendToJournal(folder, { kind: "row", ...found });
    added++;
  }
  return { lost: lost.length, added, beyondUs: foreign.filter((key) => key !== "" && !known.has(key)).length };
}

/** Puts entries of a journal into a database; what is there already stays as it is. Returns how many rows there were. */
async function replay(database: Database, entries: readonly JournalEntry[]): Promise<number> {
  for (const study of entries.filter(isStudy)) await database.transaction((sql) => saveStudy(sql, study));
  // A row that is there twice was written once more after one that came before it.
  const rows = new Map<string, RowEntry>();
  for (const entry of entries.filter(isRow)) {
    rows.delete(keyOf(entry.row));
    rows.set(keyOf(entry.row), entry);
  }
  for (const { row, study } of rows.values()) await database.transaction((sql) => insertRow(sql, row, study));
  return rows.size;
}

interface Rebuilt {
  readonly rows: number;
  /** Lines of the journal that were left out: not whole, or of another version of carryover. */
  readonly damaged: number;
  readonly foreign: number;
  /** Where the old database lies. */
  readonly kept: string;
}

/**
 * Makes the embedded database of a folder anew from its journal; the old one stays beside it. Learning curves and the
 * queue are not in the journal: curves are lost, and unfinished trials are asked for by the next run.
 */
export async function rebuildStore(folder: string): Promise<Rebuilt> {
  makeStoreFolder(folder);
  const lock = lockFolder(folder);
  if (!lock) throw refusal(folder, await ownerOf(folder));
  try {
    const { entries, damaged, foreign } = await readJournal(folder);
    if (entries.length === 0)
      throw new InputError(
        `doctor --rebuild: ${folder}: expected a journal.jsonl with entries, got ${foreign.length > 0 ? `${foreign.length} of another version of carryover` : "none"}`,
      );
    const kept = join(folder, `database.before-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`);
    await rename(join(folder, "database"), kept).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
    const database = await openEmbedded(folder);
    try {
      await migrate(database, folder);
      const rows = await replay(database, entries);
      return { rows, damaged: damaged.length, foreign: foreign.length, kept };
    } finally {
      await database.close();
    }
  } finally {
    lock.release();
  }
}
