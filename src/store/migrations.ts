/**
 * The tables, one step a version; a step that has been released is never changed, only followed. Postgres dialect.
 *
 * - `studies` is append-only: a study saved again with another definition is a new line, and the newest of a name counts.
 * - `study_trials` says which trials a definition consists of, and in which order.
 * - `trials` is keyed by the digest of the trial's canonical JSON; the same trial may belong to many studies.
 * - `rows` is append-only: attempt 1, 2, ... of a trial, and the last one counts. The numbers stand in columns of their
 *   own for queries; `row` holds everything. One run's row (trial and time of finishing) cannot be recorded twice.
 */
export const migrations: readonly string[] = [
  `
  create table studies (
    id bigint generated always as identity primary key,
    name text not null,
    definition jsonb not null,
    created_at timestamptz not null default now()
  );
  create index studies_by_name on studies (name, id desc);

  create table trials (
    id text primary key,
    config jsonb not null,
    created_at timestamptz not null default now()
  );

  create table study_trials (
    study_id bigint not null references studies (id),
    trial_id text not null references trials (id),
    position int not null,
    primary key (study_id, trial_id)
  );

  create table rows (
    id bigint generated always as identity primary key,
    trial_id text not null references trials (id),
    attempt int not null,
    study text not null,
    row jsonb not null,
    seed int not null,
    source_accuracy double precision not null,
    source_loss double precision not null,
    source_n int not null,
    robust_accuracy double precision not null,
    robust_n int not null,
    target_accuracy double precision not null,
    target_loss double precision not null,
    target_n int not null,
    collapsed boolean not null,
    finished_at text not null,
    created_at timestamptz not null default now(),
    unique (trial_id, attempt),
    unique (trial_id, finished_at)
  );
  `,
];
