-- What it takes to answer a push or a pull request: where a job comes from, what it found to do, and how else it may end.

alter type job_status add value 'errored'; -- what it asked for could not be found out
alter type job_status add value 'superseded'; -- a newer push took its place
alter type delivery_status add value 'handled' after 'started'; -- what it asked for is on the record

alter table jobs
    add column delivery_id text,
    add column branch text not null default '',
    add column trust trust not null default 'unknown',
    add column found jsonb not null default '{}',
    add column problem jsonb,
    add column told text not null default '',
    add constraint jobs_errored check (problem is null or finished_at is not null);
create unique index jobs_of_delivery on jobs (delivery_id);
create index jobs_of_commit on jobs (repository, commit_sha);
create index jobs_of_pull_request on jobs (repository, pull_request);
create index runs_of_job on runs (job_id) where job_id is not null;

alter table deliveries
    add column started_at timestamptz,
    add column next_try_at timestamptz not null default clock_timestamp();
create index deliveries_started on deliveries (started_at) where status = 'started';
