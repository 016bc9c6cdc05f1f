-- name: queue
-- A run that its set or job has already is left as it is. It is expected to take what the last one took that came to a
-- result.
insert into runs (
    set_id, job_id, source_id, layer, name, source_sha, commit_sha, trust, size_class, fresh, expected_seconds
) values (
    %(set_id)s, %(job_id)s, %(source_id)s, %(layer)s, %(name)s, %(source_sha)s, %(commit_sha)s, %(trust)s,
    %(size_class)s, %(fresh)s, (
        select extract(epoch from finished_at - started_at) from runs
        where (source_id, layer, name) = (%(source_id)s, %(layer)s, %(name)s)
          and status in ('succeeded', 'held')
          and copy_of is null
        order by id desc
        limit 1
    )
)
on conflict do nothing
returning *

-- name: copy
insert into runs (
    set_id, job_id, source_id, layer, name, source_sha, commit_sha, trust, size_class, fresh,
    status, started_at, finished_at, code_version, run_key, copy_of, record, rows
)
select
    %(set_id)s, %(job_id)s, source_id, layer, name, source_sha, %(commit_sha)s, %(trust)s, %(size_class)s, false,
    'succeeded', clock_timestamp(), clock_timestamp(), code_version, run_key, id, record, rows
from runs
where id = %(original_id)s
  and (status = 'succeeded' or (%(any_trust)s and status = 'held' and decision = 'approved'))
  and copy_of is null
  and (trust >= %(trust)s or %(any_trust)s)
  and (source_id, layer, name, source_sha) = (%(source_id)s, %(layer)s, %(name)s, %(source_sha)s)
  and expired_at is null
-- Whoever lets go of old runs must not do so with one that is just copied.
for share
on conflict do nothing
returning *

-- name: queued_already
select * from runs
where (set_id = %(set_id)s or job_id = %(job_id)s)
  and (source_id, layer, name) = (%(source_id)s, %(layer)s, %(name)s)

-- name: get
select * from runs where id = %(run_id)s

-- name: of_set
select * from runs where set_id = %(set_id)s order by source_id, layer, name

-- name: of_job
select * from runs where job_id = %(job_id)s order by source_id, layer, name

-- name: recent
select * from runs order by id desc limit %(limit)s

-- name: history
select * from runs
where (source_id, layer, name) = (%(source_id)s, %(layer)s, %(name)s)
order by id desc
limit %(limit)s

-- name: reusable
select * from runs
where (source_sha, source_id, layer, name) = (%(source_sha)s, %(source_id)s, %(layer)s, %(name)s)
  and (status = 'succeeded' or (%(any_trust)s and status = 'held' and decision = 'approved'))
  and copy_of is null
  and code_version = %(code_version)s
  and (trust >= %(trust)s or %(any_trust)s)
  and finished_at > clock_timestamp() - make_interval(days => %(days)s)
  and expired_at is null
order by id desc
limit 1
for share

-- name: undispatched
-- People who wait for an answer come first, then what takes longest; what never ran may take longer than all.
select * from runs
where status = 'queued'
  and dispatched_at is null
  and (%(set_id)s::bigint is null or set_id = %(set_id)s)
  and (set_id is null or not %(alone)s)
order by job_id is null, expected_seconds desc nulls first, id
limit %(limit)s
for update skip locked

-- name: unclaimed
select * from runs
where status = 'queued'
  and dispatched_at < clock_timestamp() - make_interval(secs => %(seconds)s)
  and (%(set_id)s::bigint is null or set_id = %(set_id)s)
  and (set_id is null or not %(alone)s)
order by dispatched_at, id
limit %(limit)s
for update skip locked

-- name: mark_dispatched
update runs set dispatched_at = clock_timestamp(), flow_run_id = %(flow_run_id)s
where id = %(run_id)s and status = 'queued'

-- name: note_flow_run
-- Not with one that was begun and is in the queue again.
update runs set flow_run_id = %(flow_run_id)s
where id = any(%(run_ids)s) and status = 'queued' and dispatched_at is not null

-- name: claim
-- Of several at once the first locks the row; the others then find it running.
update runs set
    status = 'running',
    attempt = attempt + (status = 'running')::integer,
    lease_token = gen_random_uuid(),
    lease_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s),
    deadline_at = clock_timestamp() + make_interval(secs => %(deadline_seconds)s),
    started_at = clock_timestamp(),
    worker = %(worker)s,
    flow_run_id = %(flow_run_id)s
where id = %(run_id)s
  and (
      status = 'queued'
      or status = 'running' and lease_until < clock_timestamp() and attempt < %(attempts)s
  )
returning id as run_id, lease_token as token, lease_until as until, deadline_at, attempt

-- name: renew
update runs set lease_until = clock_timestamp() + make_interval(secs => %(seconds)s)
where id = %(run_id)s
  and lease_token = %(token)s
  and status = 'running'
  and deadline_at > clock_timestamp()

-- name: finish
update runs set
    status = %(status)s,
    finished_at = clock_timestamp(),
    code_version = %(code_version)s,
    run_key = %(run_key)s,
    problem = %(problem)s,
    record = %(record)s,
    rows = %(rows)s,
    copy_of = %(copy_of)s
where id = %(run_id)s
  and lease_token = %(token)s
  and status = 'running'

-- name: enlarge
update runs set
    status = 'queued',
    size_class = %(size_class)s,
    outgrown = %(why)s,
    attempt = attempt + 1,
    dispatched_at = null,
    flow_run_id = null,
    lease_token = null,
    lease_until = null,
    deadline_at = null
where id = %(run_id)s
  and lease_token = %(token)s
  and status = 'running'
  and outgrown = ''
  and attempt < %(attempts)s

-- name: was_finished_by
select exists (
    select from runs where id = %(run_id)s and lease_token = %(token)s and finished_at is not null
)

-- name: release_expired
with expired as (
    select id from runs
    where status = 'running' and least(lease_until, deadline_at) < clock_timestamp()
    order by id
    limit %(limit)s
    for update skip locked
), left_behind as (
    -- Whoever worked on several and is silent about one will not begin the others.
    update runs set dispatched_at = null, flow_run_id = null
    where status = 'queued'
      and dispatched_at is not null
      and flow_run_id in (select runs.flow_run_id from runs join expired using (id))
)
update runs set
    status = (case when attempt < %(attempts)s then 'queued' else 'lost' end)::run_status,
    finished_at = case when attempt < %(attempts)s then null else clock_timestamp() end,
    problem = case when attempt < %(attempts)s then null else %(problem)s::jsonb end,
    attempt = least(attempt + 1, %(attempts)s),
    dispatched_at = null,
    flow_run_id = null,
    lease_token = null,
    lease_until = null,
    deadline_at = null
where id in (select id from expired)
returning *

-- name: decide
update runs set
    decision = %(decision)s,
    decided_by = %(by)s,
    decided_reason = %(reason)s,
    decided_at = clock_timestamp()
where id = %(run_id)s and status = 'held' and decision is null and expired_at is null
