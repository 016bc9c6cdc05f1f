-- name: get
select * from last_good where (source_id, layer, name) = (%(source_id)s, %(layer)s, %(name)s)

-- name: move
-- Only to what may be published, and only forward.
insert into last_good (source_id, layer, name, run_id)
select source_id, layer, name, id from runs
where id = %(run_id)s
  and trust = 'merged'
  and (status = 'succeeded' or status = 'held' and decision = 'approved')
  and expired_at is null
on conflict (source_id, layer, name) do update set
    run_id = excluded.run_id,
    moved_at = clock_timestamp()
where last_good.run_id < excluded.run_id
