import { canonicalJson, InputError, type Json, unknownName } from "../base/index.ts";
import { type Row, rowSchema } from "../studies/row.ts";
import { type Trial, trialId } from "../studies/trial.ts";
import { openEmbedded, type Sql } from "./database.ts";

export interface SavedStudy {
  readonly name: string;
  /** Whatever made the trials, as plain data: it is kept and shown, not read. */
  readonly definition: Json;
  readonly trials: readonly Trial[];
}

/** Where trials' rows are kept. Rows are append-only; a trial's last row counts. */
export interface Store {
  readonly folder: string;
  /** Makes `name` mean these trials in this order. What it meant before stays in the tables. */
  saveStudy(study: SavedStudy): Promise<void>;
  /** The names of all studies, sorted, with how many trials they have and how many of those are finished. */
  studies(): Promise<{ name: string; trials: number; finished: number }[]>;
  /** Which of the trials have a row. */
  finishedTrials(ids: readonly string[]): Promise<Set<string>>;
  /**
   * Records what a finished trial left, and returns which attempt of the trial it is. Once the promise resolves the row
   * survives kill -9. The same run's row given twice is recorded once.
   */
  appendRow(row: Row, study: string): Promise<number>;
  /** Each trial's last row: of a study in the study's order, of ids in theirs. InputError for an unknown study. */
  rowsOf(studyOrIds: string | readonly string[]): Promise<Row[]>;
  /** Every row that a trial ever left, the oldest first. */
  attemptsOf(trialId: string): Promise<Row[]>;
  close(): Promise<void>;
}

/**
 * Opens the store in `folder`, which is made when it is not there (3 s the first time, 0.3 s later). One process at a
 * time: a second opener gets an InputError that names the first one's pid.
 */
export async function openStore(folder = ".carryover"): Promise<Store> {
  const database = await openEmbedded(folder);
  return {
    folder,
    saveStudy: (study) => database.transaction((sql) => saveStudy(sql, study)),
    studies: () => database.query(studiesSql),
    finishedTrials: async (ids) => {
      const found = await database.query<{ trial_id: string }>(
        "select distinct trial_id from rows where trial_id = any($1::text[])",
        [ids],
      );
      return new Set(found.map((line) => line.trial_id));
    },
    appendRow: (row, study) => database.transaction((sql) => appendRow(sql, row, study)),
    rowsOf: async (studyOrIds) =>
      typeof studyOrIds === "string" ? rowsOfStudy(database, studyOrIds) : rowsOfIds(database, studyOrIds),
    attemptsOf: async (id) =>
      parseRows(await database.query("select row from rows where trial_id = $1 order by attempt", [id])),
    close: () => database.close(),
  };
}

const studiesSql = `
  select name, count(study_trials.trial_id)::int as trials,
    (count(*) filter (where exists (select from rows where rows.trial_id = study_trials.trial_id)))::int as finished
  from (select distinct on (name) id, name from studies order by name, id desc) as newest
  left join study_trials on study_trials.study_id = newest.id
  group by name order by name`;

async function saveStudy(sql: Sql, { name, definition, trials }: SavedStudy): Promise<void> {
  const ids = trials.map((trial) => trialId(trial));
  const newest = await newestStudy(sql, name);
  if (newest && canonicalJson(newest.definition) === canonicalJson(definition)) {
    const known = await sql.query<{ trial_id: string }>(
      "select trial_id from study_trials where study_id = $1 order by position",
      [newest.id],
    );
    if (known.map((line) => line.trial_id).join() === ids.join()) return;
  }
  const [saved] = await sql.query<{ id: number }>(
    "insert into studies (name, definition) values ($1, $2) returning id",
    [name, JSON.stringify(definition)],
  );
  for (const trial of trials) await saveTrial(sql, trial);
  await sql.query(
    `insert into study_trials (study_id, trial_id, position)
     select $1, trial_id, min(position) from unnest($2::text[]) with ordinality as given (trial_id, position) group by trial_id`,
    [saved?.id, ids],
  );
}

async function newestStudy(sql: Sql, name: string): Promise<{ id: number; definition: Json } | undefined> {
  const [newest] = await sql.query<{ id: number; definition: Json }>(
    "select id, definition from studies where name = $1 order by id desc limit 1",
    [name],
  );
  return newest;
}

function saveTrial(sql: Sql, trial: Trial): Promise<unknown> {
  return sql.query("insert into trials (id, config) values ($1, $2) on conflict (id) do nothing", [
    trialId(trial),
    JSON.stringify(trial),
  ]);
}

async function appendRow(sql: Sql, row: Row, study: string): Promise<number> {
  const { source, robust, target } = row;
  if (row.trialId !== trialId(row.trial))
    throw new Error(`appendRow: expected the trial's id ${trialId(row.trial)}, got ${row.trialId}`);
  await saveTrial(sql, row.trial);
  await sql.query(
    `insert into rows (trial_id, attempt, study, row, seed, source_accuracy, source_loss, source_n, robust_accuracy,
       robust_n, target_accuracy, target_loss, target_n, collapsed, finished_at)
     select $1, coalesce(max(attempt), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14
     from rows where trial_id = $1
     on conflict (trial_id, finished_at) do nothing`,
    [
      row.trialId,
      study,
      JSON.stringify(rowSchema.parse(row)),
      row.trial.seed,
      source.accuracy.value,
      source.loss.value,
      source.accuracy.n,
      robust.accuracy.value,
      robust.accuracy.n,
      target.accuracy.value,
      target.loss.value,
      target.accuracy.n,
      source.collapsed,
      row.finishedAt,
    ],
  );
  const [saved] = await sql.query<{ attempt: number }>(
    "select attempt from rows where trial_id = $1 and finished_at = $2",
    [row.trialId, row.finishedAt],
  );
  if (!saved) throw new Error(`appendRow: expected the row of trial ${row.trialId} to be recorded, found none`);
  return saved.attempt;
}

async function rowsOfStudy(sql: Sql, name: string): Promise<Row[]> {
  const study = await newestStudy(sql, name);
  if (!study) {
    const known = await sql.query<{ name: string }>("select distinct name from studies order by name");
    if (known.length === 0)
      throw new InputError(`store: expected a study that was run, got "${name}"; none was run yet`);
    throw unknownName(
      "store: study",
      name,
      known.map((line) => line.name),
    );
  }
  return parseRows(
    await sql.query(
      `select distinct on (position) row from study_trials join rows using (trial_id)
       where study_id = $1 order by position, attempt desc`,
      [study.id],
    ),
  );
}

async function rowsOfIds(sql: Sql, ids: readonly string[]): Promise<Row[]> {
  return parseRows(
    await sql.query(
      `select distinct on (position) row
       from (select trial_id, min(position) as position
             from unnest($1::text[]) with ordinality as given (trial_id, position) group by trial_id) as wanted
       join rows using (trial_id) order by position, attempt desc`,
      [ids],
    ),
  );
}

function parseRows(lines: readonly { readonly row: unknown }[]): Row[] {
  return lines.map(({ row }) => {
    const parsed = rowSchema.safeParse(row);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new InputError(
      `store: a row of another version of carryover does not fit this one: ${issue?.path.join(".")}: ${issue?.message}; run its study again with --fresh`,
    );
  });
}
