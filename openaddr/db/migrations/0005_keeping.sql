-- What it takes to let go of what is old: since when the files of a run, and the pages of a job, are not kept any more.

alter table runs
    add column expired_at timestamptz,
    add column emptied_at timestamptz,
    add constraint runs_expired check (expired_at is null or finished_at is not null),
    add constraint runs_emptied check (emptied_at is null or expired_at is not null);
create index runs_of_original on runs (copy_of) where copy_of is not null;
create index runs_to_empty on runs (id) where expired_at is not null and emptied_at is null;

alter table jobs
    add column expired_at timestamptz,
    add constraint jobs_expired check (expired_at is null or finished_at is not null);
