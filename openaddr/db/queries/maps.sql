-- name: complete_sets
select * from sets where completed_at is not null order by id desc limit %(limit)s

-- name: members
-- What each layer source of a set has to show: its last good run, up to that of the set. A copy shows the box of the
-- run whose files it has.
select
    runs.source_id, runs.layer, runs.name, runs.source_sha, runs.status, good.id as good_id, good.rows,
    good.finished_at, coalesce(good.record -> 'bounds', original.record -> 'bounds') as bounds
from runs
left join lateral (
    select id, rows, finished_at, record, copy_of from runs as earlier
    where (source_id, layer, name) = (runs.source_id, runs.layer, runs.name)
      and id <= runs.id
      and trust = 'merged'
      and (status = 'succeeded' or status = 'held' and decision = 'approved')
    order by id desc
    limit 1
) as good on true
left join runs as original on original.id = good.copy_of
where runs.set_id = %(set_id)s
order by runs.source_id, runs.layer, runs.name
