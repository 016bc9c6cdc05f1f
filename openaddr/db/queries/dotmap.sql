-- name: hold
-- Two numbers: the first is that of work on everything, the second ours among its users.
select pg_try_advisory_lock(1129270869, 1)

-- name: release
select pg_advisory_unlock(1129270869, 1)
