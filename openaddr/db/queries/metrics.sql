-- name: metrics
-- One statement, so that all numbers are of one moment. Layer sources are those of the newest complete set of each
-- repository: what left the repository is nobody's worry, and neither is what its source file says to skip.
with moment as (
    select statement_timestamp() as now
), latest_sets as (
    select distinct on (repository) id, completed_at
    from sets
    where completed_at is not null
    order by repository, id desc
), listed as (
    select runs.source_id, runs.layer, runs.name, runs.status, runs.problem ->> 'code' as code
    from latest_sets
    join runs on runs.set_id = latest_sets.id
), layer_sources as (
    select listed.code, good.finished_at
    from listed
    left join lateral (
        select finished_at from runs
        where (source_id, layer, name) = (listed.source_id, listed.layer, listed.name)
          and trust = 'merged'
          and (status = 'succeeded' or status = 'held' and decision = 'approved')
        order by id desc
        limit 1
    ) as good on true
    where listed.status <> 'skipped'
), running as (
    select started_at, least(lease_until, deadline_at) > now as is_live from runs, moment where status = 'running'
), done as (
    select status, finished_at, finished_at > now - interval '1 hour' as is_of_hour
    from runs, moment
    where finished_at > now - interval '1 day'
), waiting_deliveries as (
    select received_at, next_try_at as due_at from deliveries where status = 'waiting'
    union all
    select received_at, started_at from deliveries where status = 'started'
), unsent as (
    select created_at, next_try_at as due_at from outbox where sent_at is null and parked_at is null
)
select
    (select count(*) from runs where status = 'queued') as tasks_waiting,
    (select extract(epoch from now - min(queued_at)) from runs where status = 'queued')::double precision
        as task_waiting_seconds,
    (select count(*) from running where is_live) as active_workers,
    (select count(*) from running where not is_live) as tasks_due,
    (select extract(epoch from now - greatest(
        (select max(started_at) from running), (select max(finished_at) from done)
    )))::double precision as idle_seconds,
    (
        select coalesce(jsonb_object_agg(status, number), '{}')
        from (select status, count(*) as number from done where is_of_hour group by status) as counted
    ) as done_in_hour,
    (
        select coalesce(jsonb_object_agg(status, number), '{}')
        from (select status, count(*) as number from done group by status) as counted
    ) as done_in_day,
    (select count(*) from layer_sources) as layer_sources,
    (select count(*) from layer_sources where finished_at is null) as layer_sources_without_success,
    (select extract(epoch from now - min(finished_at)) from layer_sources)::double precision
        as oldest_success_seconds,
    (
        select coalesce(jsonb_object_agg(code, number), '{}')
        from (select code, count(*) as number from layer_sources where code is not null group by code) as counted
    ) as problems,
    (select extract(epoch from now - max(completed_at)) from latest_sets)::double precision as newest_set_seconds,
    (
        select extract(epoch from now - min(created_at)) from sets where completed_at is null and abandoned_at is null
    )::double precision as open_set_seconds,
    (
        select coalesce(sum(jsonb_path_query_first(record, '$.bytes ? (@ >= 0 && @ < 1e15)')::bigint), 0)::bigint
        from last_good
        join runs on runs.id = last_good.run_id
    ) as latest_bytes,
    (select coalesce(sum(bytes), 0)::bigint from collections) as collection_bytes,
    (
        select extract(epoch from now - max(tried_at)) from collection_tries where problem is null
    )::double precision as collection_seconds,
    (select count(*) from collection_tries where problem is not null) as collections_in_trouble,
    (select count(*) from waiting_deliveries) as deliveries_waiting,
    (select extract(epoch from now - min(received_at)) from waiting_deliveries)::double precision
        as delivery_waiting_seconds,
    (select extract(epoch from now - min(due_at)) from waiting_deliveries where due_at <= now)::double precision
        as delivery_overdue_seconds,
    (select count(*) from deliveries where status = 'parked') as deliveries_parked,
    (select count(*) from unsent) as messages_waiting,
    (select extract(epoch from now - min(created_at)) from unsent)::double precision as message_waiting_seconds,
    (select extract(epoch from now - min(due_at)) from unsent where due_at <= now)::double precision
        as message_overdue_seconds,
    (select count(*) from outbox where parked_at is not null) as messages_parked
from moment
