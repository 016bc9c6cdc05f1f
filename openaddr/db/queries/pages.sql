-- name: hold
-- Two numbers: the first is ours among the users of such locks.
select pg_try_advisory_lock(1129270868, 0)

-- name: release
select pg_advisory_unlock(1129270868, 0)

-- name: freeze
set transaction isolation level repeatable read, read only

-- name: moment
select concat_ws(
    ' ',
    (
        select (
            count(*), max(greatest(queued_at, started_at, finished_at, decided_at, expired_at)), sum(attempt),
            count(*) filter (where status = 'running')
        )
        from runs
    ),
    (select (count(*), max(greatest(created_at, listed_at, completed_at, abandoned_at))) from sets),
    (select (count(*), max(greatest(created_at, finished_at, expired_at))) from jobs),
    (select (count(*), max(moved_at)) from last_good),
    (select (count(*), max(created_at)) from collections),
    (select (count(*) filter (where problem is not null), max(tried_at)) from collection_tries)
)

-- name: run_stamps
-- Whatever of a run changes, one of these does. A run that has no files of its own shows those of another.
select
    runs.id, source_id, layer, name, runs.trust,
    copy_of is null and runs.status in ('succeeded', 'held') and runs.expired_at is null as has_files,
    concat_ws(
        ' ', runs.status, attempt, runs.trust, extract(epoch from queued_at), extract(epoch from started_at),
        extract(epoch from runs.finished_at), extract(epoch from decided_at), 'expired ' || runs.expired_at,
        'job ' || jobs.expired_at
    ) as stamp
from runs
left join jobs on jobs.id = runs.job_id
order by runs.id

-- name: lines_of_set
select
    id, set_id, job_id, source_id, layer, name, status, trust, queued_at, started_at, finished_at, decision, rows,
    copy_of, code_version, problem ->> 'code' as code, left(problem ->> 'message', 400) as message
from runs
where set_id = %(set_id)s
order by array_position(%(order)s::text[], status::text), source_id, layer, name

-- name: lines_of_job
select
    id, set_id, job_id, source_id, layer, name, status, trust, queued_at, started_at, finished_at, decision, rows,
    copy_of, code_version, problem ->> 'code' as code, left(problem ->> 'message', 400) as message
from runs
where job_id = %(job_id)s
order by array_position(%(order)s::text[], status::text), source_id, layer, name

-- name: lines_of_source
-- The newest of each layer source.
select * from (
    select
        id, set_id, job_id, source_id, layer, name, status, trust, queued_at, started_at, finished_at, decision, rows,
        copy_of, code_version, problem ->> 'code' as code, left(problem ->> 'message', 400) as message,
        row_number() over (partition by layer, name order by id desc) as place
    from runs
    where source_id = %(source_id)s
) as counted
where place <= %(limit)s
order by layer, name, id desc

-- name: recent
select
    id, set_id, job_id, source_id, layer, name, status, trust, queued_at, started_at, finished_at, decision, rows,
    copy_of, code_version, problem ->> 'code' as code, left(problem ->> 'message', 400) as message
from runs
order by id desc
limit %(limit)s

-- name: states
-- How each layer source of the default branch stands. `newest` is its newest run that came to an end, `checked` the
-- newest that succeeded, `bad` those since that did not, `before` what succeeded before the newest one.
with layer_sources as (
    select source_id, layer, name, max(set_id) as set_id from runs where trust = 'merged' group by 1, 2, 3
), latest_sets as (
    select repository, max(id) as id from sets where completed_at is not null group by repository
)
select
    found.source_id, found.layer, found.name,
    newest.id as run_id, newest.status, newest.code, newest.message, newest.rows, newest.finished_at, newest.decision,
    newest.warnings,
    good.id as good_id, coalesce(good.copy_of, good.id) as good_files_of, good.rows as good_rows,
    good.finished_at as good_at, good.code_version as good_code_version,
    checked.finished_at as checked_at,
    bad.since as bad_since, coalesce(bad.count, 0) as bad_count,
    before.rows as rows_before,
    latest.source_sha,
    newest.set_id is not null and coalesce(latest_sets.id > found.set_id, false) as is_gone
from layer_sources as found
left join sets on sets.id = found.set_id
left join latest_sets on latest_sets.repository = sets.repository
cross join lateral (
    select source_sha from runs
    where (source_id, layer, name) = (found.source_id, found.layer, found.name) and trust = 'merged'
    order by id desc
    limit 1
) as latest
left join lateral (
    select
        id, status, problem ->> 'code' as code, left(problem ->> 'message', 400) as message, rows, finished_at,
        decision, set_id, jsonb_path_query_array(record, '$.warnings[*].code') as warnings
    from runs
    where (source_id, layer, name) = (found.source_id, found.layer, found.name)
      and trust = 'merged'
      and finished_at is not null
    order by id desc
    limit 1
) as newest on true
left join last_good using (source_id, layer, name)
left join runs as good on good.id = last_good.run_id
left join lateral (
    select id, finished_at from runs
    where (source_id, layer, name) = (found.source_id, found.layer, found.name)
      and trust = 'merged'
      and status = 'succeeded'
    order by id desc
    limit 1
) as checked on true
left join lateral (
    select min(finished_at) as since, count(*) from runs
    where (source_id, layer, name) = (found.source_id, found.layer, found.name)
      and trust = 'merged'
      and id > coalesce(checked.id, 0)
      and status in ('failed', 'held', 'lost')
) as bad on true
left join lateral (
    select rows from runs
    where (source_id, layer, name) = (found.source_id, found.layer, found.name)
      and trust = 'merged'
      and status = 'succeeded'
      and id < newest.id
    order by id desc
    limit 1
) as before on true
order by found.source_id, found.layer, found.name

-- name: set_counts
select set_id::text as batch, status, count(*),
    max(greatest(queued_at, started_at, finished_at, decided_at, expired_at)) as changed
from runs
where set_id is not null
group by set_id, status

-- name: job_counts
select job_id::text as batch, status, count(*), max(greatest(queued_at, started_at, finished_at, decided_at)) as changed
from runs
where job_id is not null
group by job_id, status

-- name: sets
select * from sets order by id desc

-- name: jobs
select * from jobs where expired_at is null order by created_at desc, id

-- name: contents
select sha, content from source_files where sha = any(%(shas)s)

-- name: runs
select
    runs.*, source_files.content, coalesce(sets.repository, jobs.repository, '') as repository,
    jobs.expired_at is not null as job_is_gone
from runs
join source_files on source_files.sha = runs.source_sha
left join sets on sets.id = runs.set_id
left join jobs on jobs.id = runs.job_id
where runs.id = any(%(run_ids)s)
