-- Rows as a release with the first step wrote them: every status that there was, and whatever refers to something.
insert into source_files (sha, content)
select encode(sha256(content), 'hex'), content from (values
    (convert_to('{"schema": 2, "coverage": {"country": "xx"}, "layers": {"addresses": [{"name": "town"}]}}', 'UTF8'))
) as texts (content);

insert into sets (repository, commit_sha, listed_at, completed_at) values
    ('openaddresses/openaddresses', repeat('a', 40), clock_timestamp(), clock_timestamp()),
    ('openaddresses/openaddresses', repeat('b', 40), clock_timestamp(), null);

insert into jobs (id, repository, commit_sha, pull_request, author, status, finished_at) values
    ('00000000-0000-0000-0000-000000000001', 'openaddresses/openaddresses', repeat('c', 40), 7, 'anna', 'running', null),
    ('00000000-0000-0000-0000-000000000002', 'openaddresses/openaddresses', repeat('d', 40), null, 'bert', 'succeeded', clock_timestamp()),
    ('00000000-0000-0000-0000-000000000003', 'openaddresses/openaddresses', repeat('e', 40), 8, 'anna', 'held', clock_timestamp()),
    ('00000000-0000-0000-0000-000000000004', 'openaddresses/openaddresses', repeat('f', 40), 9, 'anna', 'failed', clock_timestamp());

insert into runs (
    set_id, job_id, source_id, layer, name, source_sha, commit_sha, trust, size_class, fresh, status,
    started_at, finished_at, lease_token, lease_until, deadline_at, copy_of, problem, record, rows,
    decision, decided_by, decided_reason, decided_at
)
select
    set_id, job_id::uuid, source_id, 'addresses', 'town', sha, repeat('a', 40), trust::trust, 'small', false,
    status::run_status,
    case when status <> 'queued' then clock_timestamp() end,
    case when status not in ('queued', 'running') then clock_timestamp() end,
    case when status = 'running' then gen_random_uuid() end,
    case when status = 'running' then clock_timestamp() end,
    case when status = 'running' then clock_timestamp() end,
    copy_of, problem::jsonb,
    case when status in ('succeeded', 'held') then '{"rows": 10, "seconds": {"download": 1.5}}'::jsonb end,
    case when status in ('succeeded', 'held') then 10 end,
    decision::decision,
    case when decision is not null then 'anna' end,
    case when decision is not null then 'two towns merged' end,
    case when decision is not null then clock_timestamp() end
from source_files, (values
    (1, null, 'xx/town', 'merged', 'succeeded', null, null, null),
    (1, null, 'xx/gone', 'merged', 'failed', null, '{"code": "HTTP_404", "message": "404 at https://x.example"}', null),
    (1, null, 'xx/worse', 'merged', 'held', null, '{"code": "ROWS_DROPPED", "message": "10 rows, 100 before"}', 'approved'),
    (1, null, 'xx/skipped', 'merged', 'skipped', null, null, null),
    (1, null, 'xx/lost', 'unknown', 'lost', null, '{"code": "RUN_LOST", "message": "three workers died"}', null),
    (2, null, 'xx/town', 'merged', 'succeeded', 1, null, null),
    (2, null, 'xx/gone', 'merged', 'queued', null, null, null),
    (2, null, 'xx/skipped', 'merged', 'running', null, null, null),
    (null, '00000000-0000-0000-0000-000000000002', 'xx/town', 'unmerged', 'succeeded', 1, null, null),
    (null, '00000000-0000-0000-0000-000000000003', 'xx/worse', 'unmerged', 'held', null, null, null),
    (null, null, 'xx/hand', 'unknown', 'succeeded', null, null, null)
) as made (set_id, job_id, source_id, trust, status, copy_of, problem, decision);

insert into last_good (source_id, layer, name, run_id) values
    ('xx/town', 'addresses', 'town', 1), ('xx/worse', 'addresses', 'town', 3);

insert into deliveries (id, event, payload, status, reason) values
    ('one', 'push', '{"ref": "refs/heads/master"}', 'waiting', ''),
    ('two', 'push', '{"ref": "refs/heads/master"}', 'started', ''),
    ('three', 'star', '{}', 'ignored', 'star asks for nothing'),
    ('four', 'push', '{}', 'parked', 'KeyError');

insert into outbox (kind, key, payload, sent_at, parked_at) values
    ('site', 'site', '{}', null, null),
    ('latest', '1', '{"run": 1}', clock_timestamp(), null),
    ('latest', '3', '{"run": 3}', null, clock_timestamp());

insert into collections (name, key, sha256, bytes, rows, manifest) values
    ('openaddr-collected-global', 'collections/openaddr-collected-global.zip', 'ab', 100, 10, '{"sources": 1}');
