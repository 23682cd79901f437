/**
 * The tables, one step a version; a step that has been released is never changed, only followed. Postgres dialect.
 *
 * - `studies` is append-only: a study saved again with another definition is a new line, and the newest of a name counts.
 * - `study_trials` says which trials a definition consists of, and in which order.
 * - `trials` is keyed by the digest of the trial's canonical JSON; the same trial may belong to many studies.
 * - `rows` is append-only: attempt 1, 2, ... of a trial, and the last one counts. The numbers stand in columns of their
 *   own for queries; `row` holds everything. One run's row (trial and time of finishing) cannot be recorded twice, nor
 *   can two rows come of one job.
 * - `jobs` says what was asked of the queue: one line for each time that a trial was to be run, by the id that the job has
 *   in pg-boss's own table, `carryover_queue.job`, which says where it is in line, who may take it and how often it was
 *   tried. `outcome` is null until the job has ended; a trial has at most one such live job in a study. `place` says which
 *   of a trial's jobs is the last one, whatever clocks did; `anew` is the name of the request that wants its source trained anew.
 * - `attempts` is what workers made of a job: one line for each claim, by pg-boss's retry count, with what is being done.
 * - `workers` are processes that take jobs, `epochs` the learning curves of trials (the last training counts), `events`
 *   what happened, to be followed: `xid` lets a reader tell which lines can no longer be overtaken by earlier ones.
 * - `study_states` holds what is told to a study's queue: whether it pauses, and how urgent it is.
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
  `
  alter table rows add column job_id uuid unique;

  create table study_states (
    study text primary key,
    paused boolean not null default false,
    priority int not null default 0
  );

  create table jobs (
    id uuid primary key,
    study text not null,
    trial_id text not null references trials (id),
    fresh boolean not null default false,
    created_at timestamptz not null default now(),
    outcome text check (outcome in ('recorded', 'failed', 'cancelled', 'stopped')),
    ended_at timestamptz,
    attempts int,
    message text,
    detail text
  );
  create unique index live_jobs on jobs (study, trial_id) where outcome is null;
  create index jobs_by_trial on jobs (trial_id, created_at);
  create index jobs_by_study on jobs (study, created_at);

  create table workers (
    id uuid primary key,
    host text not null,
    pid int not null,
    device text not null,
    version text not null,
    slots int not null,
    started_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    left_at timestamptz
  );

  create table attempts (
    job_id uuid not null references jobs (id),
    retry int not null,
    trial_id text not null,
    worker_id uuid not null references workers (id),
    pid int,
    started_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    stage text,
    progress jsonb,
    ended_at timestamptz,
    ending text check (ending in ('recorded', 'failed', 'crashed', 'lost', 'stopped')),
    message text,
    detail text,
    primary key (job_id, retry)
  );
  create index attempts_by_trial on attempts (trial_id, started_at);
  create index attempts_by_worker on attempts (worker_id) where ended_at is null;

  create table epochs (
    trial_id text not null references trials (id),
    epoch int not null,
    epochs int not null,
    loss double precision not null,
    accuracy double precision not null,
    n int not null,
    images_per_second double precision not null,
    seconds double precision not null,
    recorded_at timestamptz not null default now(),
    primary key (trial_id, epoch)
  );

  create table events (
    id bigint generated always as identity primary key,
    xid xid8 not null default pg_current_xact_id(),
    at timestamptz not null default now(),
    kind text not null,
    study text,
    trial_id text,
    worker_id uuid,
    message text not null,
    data jsonb not null default '{}'
  );
  create index events_in_order on events (xid, id);
  create index events_by_trial on events (trial_id, id);
  `,
  `
  alter table rows alter column seed type bigint;

  alter table jobs add column place bigint generated always as identity, add column anew text;
  drop index jobs_by_trial, jobs_by_study;
  create index jobs_by_trial on jobs (trial_id, place);
  create index jobs_by_study on jobs (study, place);
  `,
];
