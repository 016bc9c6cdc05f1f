-- name: expirable
-- Runs whose files nobody needs: old ones, and those that came to a storage that did not take them. An original is kept
-- as long as one of its copies is; all of a layer source, while a run of it is under way that may become a copy of one;
-- what was the last good one until yesterday, for who reads it since.
with complete as (
    select max(id) as id from sets where completed_at is not null group by repository
)
select runs.id
from runs
left join jobs on jobs.id = runs.job_id
left join sets on sets.id = runs.set_id
where runs.finished_at is not null
  and runs.expired_at is null
  and (%(ids)s::bigint[] is null or runs.id = any(%(ids)s))
  and (
      %(days)s > 0 and runs.finished_at < clock_timestamp() - make_interval(days => %(days)s)
      or runs.status = 'failed' and runs.problem ->> 'code' = any(%(not_stored)s)
  )
  and runs.id <> all(%(named)s)
  and (runs.job_id is null or jobs.finished_at is not null)
  and (runs.set_id is null or coalesce(sets.completed_at, sets.abandoned_at) is not null)
  and not exists (select from complete where complete.id = runs.set_id)
  and not exists (
      select from last_good
      where (last_good.source_id, last_good.layer, last_good.name) = (runs.source_id, runs.layer, runs.name)
        and (run_id = runs.id or runs.status <> 'failed' and moved_at > clock_timestamp() - interval '2 days')
  )
  and not exists (select from runs as copies where copies.copy_of = runs.id and copies.expired_at is null)
  and not exists (
      select from runs as open
      where open.finished_at is null and (open.source_id, open.layer, open.name) = (runs.source_id, runs.layer, runs.name)
  )
order by runs.id
limit %(limit)s
for update of runs skip locked

-- name: expire_runs
update runs set expired_at = clock_timestamp() where id = any(%(ids)s)
returning id, source_id, layer, name, status, finished_at

-- name: forget_checked
-- What was found in files that are gone.
delete from checked_runs where run_id = any(%(ids)s)

-- name: to_empty
select id from runs where expired_at is not null and emptied_at is null order by id limit %(limit)s

-- name: emptied
update runs set emptied_at = clock_timestamp() where id = any(%(ids)s)

-- name: expire_jobs
-- Old ones of which no run has files any more.
update jobs set expired_at = clock_timestamp()
where expired_at is null
  and finished_at < clock_timestamp() - make_interval(days => %(days)s)
  and not exists (select from runs where runs.job_id = jobs.id and runs.expired_at is null)
returning id, repository, commit_sha, finished_at

-- name: forget_deliveries
delete from deliveries
where id in (
    select id from deliveries
    where status in ('handled', 'ignored', 'parked')
      and received_at < clock_timestamp() - make_interval(days => %(days)s)
    limit %(limit)s
    for update skip locked
)

-- name: forget_messages
delete from outbox
where id in (
    select id from outbox
    where coalesce(sent_at, parked_at) < clock_timestamp() - make_interval(days => %(days)s)
    limit %(limit)s
    for update skip locked
)

-- name: texts_with
-- The texts of source files that have some bytes in them.
select content from source_files where position(%(bytes)s::bytea in content) > 0

-- name: hold
-- Two numbers: the first is that of work on everything, the second ours among its users.
select pg_try_advisory_lock(1129270869, %(what)s)

-- name: release
select pg_advisory_unlock(1129270869, %(what)s)
