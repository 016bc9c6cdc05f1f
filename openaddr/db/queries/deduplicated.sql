-- name: hold
-- Two numbers: the first is ours among the users of such locks.
select pg_try_advisory_lock(1129270870, 0)

-- name: release
select pg_advisory_unlock(1129270870, 0)
