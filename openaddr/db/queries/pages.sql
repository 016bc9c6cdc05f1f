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
            count(*), max(greatest(queued_at, started_at, finished_at, decided_at)), sum(attempt),
            count(*) filter (where status = 'running')
        )
        from runs
    ),
    (select (count(*), max(greatest(created_at, listed_at, completed_at))) from sets),
    (select (count(*), max(greatest(created_at, finished_at))) from jobs),
    (select (count(*), max(moved_at)) from last_good),
    (select (count(*), max(created_at)) from collections)
)
