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

-- name: taken
-- Of a copy the one that did the work; runs of before there were such figures are left out.
select
    last_good.source_id,
    last_good.layer,
    last_good.name,
    (did.record ->> 'downloaded')::bigint as downloaded,
    coalesce(did.rows, 0) as rows,
    (did.record ->> 'peak_memory')::bigint as peak_memory,
    coalesce((select sum(value::float) from jsonb_each_text(did.record -> 'seconds')), 0) as seconds,
    coalesce((did.record -> 'seconds' ->> 'download')::float, 0) as download_seconds
from last_good
join runs as latest on latest.id = last_good.run_id
join runs as did on did.id = coalesce(latest.copy_of, latest.id)
where did.record ?& array['downloaded', 'peak_memory', 'seconds']
