-- name: start
insert into sets (repository, commit_sha, folder, fresh)
values (%(repository)s, %(commit_sha)s, %(folder)s, %(fresh)s)
on conflict (repository) where completed_at is null and abandoned_at is null do nothing
returning *

-- name: resume
select * from sets where repository = %(repository)s and completed_at is null and abandoned_at is null

-- name: hold
-- Two numbers: the first is ours among the users of such locks.
select pg_try_advisory_lock(1129270867, hashtext(%(repository)s))

-- name: is_held
-- Looked up, not tried: whoever tries holds it for a moment, in which nobody else can begin.
select exists (
    select from pg_locks
    where locktype = 'advisory'
      and granted
      and database = (select oid from pg_database where datname = current_database())
      and (classid, objid, objsubid) = (1129270867::oid, hashtext(%(repository)s)::oid, 2)
)

-- name: mark_listed
update sets set listed_at = clock_timestamp()
where id = %(set_id)s and listed_at is null and abandoned_at is null

-- name: abandon
update sets set abandoned_at = clock_timestamp(), problem = %(problem)s
where id = %(set_id)s and listed_at is null and abandoned_at is null

-- name: complete_if_done
update sets set completed_at = clock_timestamp()
where id = %(set_id)s
  and listed_at is not null
  and completed_at is null
  and not exists (select from runs where set_id = %(set_id)s and finished_at is null)

-- name: progress
select status, count(*) from runs where set_id = %(set_id)s group by status

-- name: get
select * from sets where id = %(set_id)s

-- name: latest_complete
select * from sets
where repository = %(repository)s and completed_at is not null
order by id desc
limit 1

-- name: unfinished
select * from sets where completed_at is null and abandoned_at is null order by id
