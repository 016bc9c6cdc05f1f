-- name: latest
select
    runs.id, coalesce(copy_of, runs.id) as files_of, source_id, layer, name, source_sha, status, rows, finished_at,
    copy_of, code_version, problem ->> 'code' as code, left(problem ->> 'message', 400) as message,
    expired_at is not null as is_expired, record ->> 'fingerprint' as fingerprint, record -> 'seconds' as seconds, record -> 'outputs' as outputs
from last_good
join runs using (source_id, layer, name)
where runs.id = last_good.run_id
order by source_id, layer, name

-- name: of_set
select
    id, coalesce(copy_of, id) as files_of, source_id, layer, name, source_sha, status, rows, finished_at,
    copy_of, code_version, problem ->> 'code' as code, left(problem ->> 'message', 400) as message,
    expired_at is not null as is_expired, record ->> 'fingerprint' as fingerprint, record -> 'seconds' as seconds, record -> 'outputs' as outputs
from runs
where set_id = %(set_id)s
order by source_id, layer, name

-- name: news
select id, source_id, layer, name, status, rows, finished_at, code, message
from (
    select
        *, problem ->> 'code' as code, left(problem ->> 'message', 400) as message,
        row_number() over (partition by split_part(source_id, '/', 1) order by finished_at desc, id desc) as place,
        row_number() over (
            partition by status in ('failed', 'held', 'lost') order by finished_at desc, id desc
        ) as place_by_result
    from runs
    where trust = 'merged' and finished_at is not null and copy_of is null
) as counted
where place <= %(limit)s or (status in ('failed', 'held', 'lost') and place_by_result <= %(limit)s)
order by finished_at desc, id desc
