-- The database as it is once every migration has been applied: for reading, and for tests, which hold the two equal.
-- Times are of this database's clock. Words with a closed meaning are enums.

create table migrations (
    number integer primary key,
    name text not null,
    applied_at timestamptz not null default clock_timestamp()
);

create type run_status as enum ('queued', 'running', 'succeeded', 'held', 'failed', 'skipped', 'lost');
-- In order of trust: comparing two of them means what it says.
create type trust as enum ('unknown', 'unmerged', 'merged');
create type decision as enum ('approved', 'rejected');
create type job_status as enum ('running', 'succeeded', 'held', 'failed', 'errored', 'superseded');
create type delivery_status as enum ('waiting', 'started', 'handled', 'ignored', 'parked');

-- The text of source files, by what is in them.
create table source_files (
    sha text primary key,
    content bytea not null,
    created_at timestamptz not null default clock_timestamp(),
    constraint source_files_sha check (sha = encode(sha256(content), 'hex'))
);

-- The runs of one batch at one commit. A repository is "owner/name", or the name of a folder.
create table sets (
    id bigint generated always as identity primary key,
    repository text not null,
    commit_sha text not null,
    created_at timestamptz not null default clock_timestamp(),
    listed_at timestamptz, -- since when all its runs are there
    completed_at timestamptz, -- since when all its runs are final
    folder text not null default '', -- where its source files are; '': on GitHub
    fresh boolean not null default false, -- its runs are asked not to be copies of earlier ones
    abandoned_at timestamptz, -- since when it is known that its runs cannot be listed
    problem jsonb, -- why not
    constraint sets_listed_before_completed check (completed_at is null or listed_at is not null),
    constraint sets_abandoned check (
        (abandoned_at is null) = (problem is null) and (abandoned_at is null or listed_at is null)
    )
);
create unique index sets_one_at_once on sets (repository) where completed_at is null and abandoned_at is null;
create index sets_of_repository on sets (repository, id desc);

-- The runs that one push or pull request asked for.
create table jobs (
    id uuid primary key default gen_random_uuid(),
    repository text not null,
    commit_sha text not null,
    pull_request integer,
    author text not null,
    status job_status not null default 'running',
    created_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    delivery_id text, -- what asked for it; null: a person
    branch text not null default '', -- of a push
    trust trust not null default 'unknown',
    found jsonb not null default '{}', -- what there was to do, and what was said of the source files
    problem jsonb, -- why that could not be found out
    told text not null default '', -- the state that GitHub was told last
    expired_at timestamptz, -- since when it has no pages any more
    constraint jobs_finished check ((status = 'running') = (finished_at is null)),
    constraint jobs_errored check (problem is null or finished_at is not null),
    constraint jobs_expired check (expired_at is null or finished_at is not null)
);
create unique index jobs_of_delivery on jobs (delivery_id);
create index jobs_of_commit on jobs (repository, commit_sha);
create index jobs_of_pull_request on jobs (repository, pull_request);

-- One processing of one layer source.
create table runs (
    id bigint generated always as identity primary key,
    set_id bigint references sets,
    job_id uuid references jobs,
    -- What it is about.
    source_id text not null,
    layer text not null,
    name text not null,
    source_sha text not null references source_files,
    commit_sha text not null,
    trust trust not null,
    size_class text not null,
    fresh boolean not null, -- asked not to be a copy of an earlier one
    -- How far it is.
    status run_status not null default 'queued',
    attempt integer not null default 1,
    expected_seconds double precision, -- what it took the last time; null: unknown
    queued_at timestamptz not null default clock_timestamp(),
    dispatched_at timestamptz, -- since when a flow run is asked for
    started_at timestamptz, -- of this attempt
    finished_at timestamptz,
    -- Who works on it. The token stays when the run is finished: it says whose result this is.
    lease_token uuid,
    lease_until timestamptz,
    deadline_at timestamptz,
    worker text not null default '',
    flow_run_id uuid,
    -- What came of it.
    code_version text not null default '',
    run_key text not null default '', -- what makes the run, apart from the data; '' until known
    copy_of bigint references runs,
    problem jsonb,
    record jsonb, -- the whole run.json
    rows bigint,
    -- What a person said of it when it was held.
    decision decision,
    decided_by text,
    decided_reason text,
    decided_at timestamptz,
    -- How long it was kept.
    expired_at timestamptz, -- since when it is known that its files go
    emptied_at timestamptz, -- since when they are gone
    outgrown text not null default '', -- why it is in a larger size class than before; '': it is not
    constraint runs_of_set_or_job check (set_id is null or job_id is null),
    constraint runs_once_in_set unique (set_id, source_id, layer, name),
    constraint runs_once_in_job unique (job_id, source_id, layer, name),
    constraint runs_leased check (
        status <> 'running' or num_nulls(lease_token, lease_until, deadline_at, started_at) = 0
    ),
    constraint runs_finished check ((status in ('queued', 'running')) = (finished_at is null)),
    constraint runs_decided check (
        num_nulls(decision, decided_by, decided_reason, decided_at) in (0, 4) and (decision is null or status = 'held')
    ),
    constraint runs_copied check (copy_of is null or status = 'succeeded'),
    constraint runs_expired check (expired_at is null or finished_at is not null),
    constraint runs_emptied check (emptied_at is null or expired_at is not null)
);
create index runs_of_layer_source on runs (source_id, layer, name, id desc);
create index runs_reusable on runs (source_sha, source_id, layer, name, id desc)
    where status = 'succeeded' and copy_of is null;
create index runs_of_job on runs (job_id) where job_id is not null;
create index runs_queued on runs (dispatched_at) where status = 'queued';
create index runs_running on runs (lease_until) where status = 'running';
create index runs_of_original on runs (copy_of) where copy_of is not null;
create index runs_to_empty on runs (id) where expired_at is not null and emptied_at is null;

-- Which run is published as the latest of its layer source.
create table last_good (
    source_id text not null,
    layer text not null,
    name text not null,
    run_id bigint not null references runs,
    moved_at timestamptz not null default clock_timestamp(),
    primary key (source_id, layer, name)
);

-- What GitHub told us, written before it is answered. The id is GitHub's.
create table deliveries (
    id text primary key,
    event text not null,
    payload jsonb not null,
    received_at timestamptz not null default clock_timestamp(),
    status delivery_status not null default 'waiting',
    reason text not null default '', -- why ignored, or the last error
    tries integer not null default 0,
    flow_run_id uuid,
    started_at timestamptz, -- since when a flow run is asked for, or works on it
    next_try_at timestamptz not null default clock_timestamp()
);
create index deliveries_waiting on deliveries (tries, received_at) where status = 'waiting';
create index deliveries_started on deliveries (started_at) where status = 'started';

-- What we have to tell others. Of several messages with one key the newest is sent.
create table outbox (
    id bigint generated always as identity primary key,
    kind text not null,
    key text not null,
    payload jsonb not null,
    created_at timestamptz not null default clock_timestamp(),
    next_try_at timestamptz not null default clock_timestamp(),
    tries integer not null default 0,
    sent_at timestamptz,
    parked_at timestamptz,
    error text,
    constraint outbox_sent_or_parked check (sent_at is null or parked_at is null)
);
create unique index outbox_unsent on outbox (kind, key) where sent_at is null and parked_at is null;
create index outbox_due on outbox (next_try_at) where sent_at is null and parked_at is null;

-- The published bundles, each as it is now.
create table collections (
    name text primary key,
    created_at timestamptz not null default clock_timestamp(),
    key text not null,
    sha256 text not null,
    bytes bigint not null,
    rows bigint not null,
    manifest jsonb not null
);

-- What was found when the files of a run were looked at for collections, which is done once.
create table checked_runs (
    run_id bigint primary key references runs,
    checked_at timestamptz not null default clock_timestamp(),
    facts jsonb not null
);

-- How the last try to make each collection went; '' is for all of them.
create table collection_tries (
    name text primary key,
    tried_at timestamptz not null default clock_timestamp(),
    problem jsonb -- why it is as it was before; null: it is as it should be
);
