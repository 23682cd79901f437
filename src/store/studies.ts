import { canonicalJson, InputError, type Json, nearest } from "../base/index.ts";
import { type Trial, trialId } from "../studies/trial.ts";
import type { Sql } from "./sql.ts";

export interface SavedStudy {
  readonly name: string;
  /** Whatever made the trials, as plain data: it is kept and shown, not read. */
  readonly definition: Json;
  readonly trials: readonly Trial[];
}

/** The newest definition of each name; a query may begin with it. */
export const newestStudies = `newest as (
    select distinct on (name) id, name, definition, created_at from studies order by name, id desc
  )`;

/** Makes a name mean these trials in this order; false when it does so already. */
export async function saveStudy(sql: Sql, { name, definition, trials }: SavedStudy): Promise<boolean> {
  const ids = trials.map((trial) => trialId(trial));
  const newest = await newestStudy(sql, name);
  if (newest && canonicalJson(newest.definition) === canonicalJson(definition)) {
    const known = await sql.query<{ trial_id: string }>(
      "select trial_id from study_trials where study_id = $1 order by position",
      [newest.id],
    );
    if (known.map((line) => line.trial_id).join() === ids.join()) return false;
  }
  const [saved] = await sql.query<{ id: number }>(
    "insert into studies (name, definition) values ($1, $2) returning id",
    [name, JSON.stringify(definition)],
  );
  await saveTrials(sql, trials);
  await sql.query(
    `insert into study_trials (study_id, trial_id, position)
     select $1, trial_id, min(position) from unnest($2::text[]) with ordinality as given (trial_id, position) group by trial_id`,
    [saved?.id, ids],
  );
  return true;
}

export async function saveTrials(sql: Sql, trials: readonly Trial[]): Promise<void> {
  await sql.query(
    `insert into trials (id, config)
     select id, config::jsonb from unnest($1::text[], $2::text[]) as given (id, config) on conflict (id) do nothing`,
    [trials.map(trialId), trials.map((trial) => JSON.stringify(trial))],
  );
}

async function newestStudy(sql: Sql, name: string): Promise<{ id: number; definition: Json } | undefined> {
  const [newest] = await sql.query<{ id: number; definition: Json }>(
    "select id, definition from studies where name = $1 order by id desc limit 1",
    [name],
  );
  return newest;
}

/** The newest definition of a study; InputError, with the nearest known name, when there is none. */
export async function knownStudy(sql: Sql, name: string): Promise<{ id: number; definition: Json }> {
  const study = await newestStudy(sql, name);
  if (study) return study;
  const known = await sql.query<{ name: string }>("select distinct name from studies order by name");
  if (known.length === 0) throw new InputError(`store: expected a study that was run, got "${name}"; none was run yet`);
  const names = known.map((line) => line.name);
  const near = nearest(name, names);
  throw new InputError(
    `store: study: expected one that was run here (${names.join(", ")}), got "${name}"${near ? `; did you mean "${near}"?` : ""}`,
  );
}

/** The names of all studies, sorted, with how many trials they have and how many of those have a row. */
export const countedStudies = `
  with ${newestStudies}
  select name, count(study_trials.trial_id)::int as trials,
    (count(*) filter (where exists (select from rows where rows.trial_id = study_trials.trial_id)))::int as finished
  from newest left join study_trials on study_trials.study_id = newest.id
  group by name order by name`;
