-- name: series
-- The newest complete sets, oldest first. Times are those of runs that worked; a number that is none does not count.
select
    sets.id, sets.completed_at, count(*) as runs, count(*) filter (where status = 'succeeded') as succeeded,
    coalesce(sum(rows) filter (where status = 'succeeded' and layer = 'addresses'), 0)::bigint as addresses,
    avg(download) filter (where status = 'succeeded') as download_seconds,
    avg(process) filter (where status = 'succeeded' and copy_of is null) as process_seconds
from (select * from sets where completed_at is not null order by id desc limit %(limit)s) as sets
join runs on runs.set_id = sets.id
cross join lateral (
    select
        jsonb_path_query_first(record, '$.seconds.download ? (@.type() == "number")')::double precision as download,
        (
            select sum(found::double precision)
            from jsonb_path_query(record, '$.seconds.keyvalue() ? (@.key != "download").value') as found
            where jsonb_typeof(found) = 'number'
        ) as process
) as took
group by sets.id, sets.completed_at
order by sets.id

-- name: figures
-- Of each run of a set that worked.
select
    layer, rows, copy_of is not null as is_copy,
    jsonb_path_query_first(record, '$.seconds.download ? (@.type() == "number")')::double precision as download,
    (
        select sum(found::double precision)
        from jsonb_path_query(record, '$.seconds.keyvalue() ? (@.key != "download").value') as found
        where jsonb_typeof(found) = 'number'
    ) as process
from runs
where set_id = %(set_id)s and status = 'succeeded'
order by id

-- name: lost
-- Sources that had addresses in an earlier set and have none in this one.
select source_id, max(rows) as most, max(finished_at) as last_good, max(set_id) as last_set
from runs
where layer = 'addresses' and set_id < %(set_id)s and trust = 'merged' and status = 'succeeded' and rows > 0
  and not exists (
      select from runs as now
      where now.set_id = %(set_id)s and now.source_id = runs.source_id and now.layer = 'addresses'
        and now.status = 'succeeded' and now.rows > 0
  )
group by source_id
order by most desc, source_id
limit %(limit)s
