-- What it takes to make collections: what is known of the files of runs, and how the last try at each collection went.

create table checked_runs (
    run_id bigint primary key references runs,
    checked_at timestamptz not null default clock_timestamp(),
    facts jsonb not null
);

create table collection_tries (
    name text primary key,
    tried_at timestamptz not null default clock_timestamp(),
    problem jsonb
);
