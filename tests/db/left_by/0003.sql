-- Jobs that ended in other ways, and a delivery that is done with.
insert into jobs (id, repository, commit_sha, author, status, finished_at, delivery_id, branch, trust, found, problem, told)
values
    ('00000000-0000-0000-0000-000000000005', 'openaddresses/openaddresses', repeat('1', 40), 'anna', 'errored',
     clock_timestamp(), 'five', 'master', 'merged', '{}', '{"code": "GITHUB_AWAY", "message": "502"}', 'error'),
    ('00000000-0000-0000-0000-000000000006', 'openaddresses/openaddresses', repeat('2', 40), 'anna', 'superseded',
     clock_timestamp(), 'six', 'topic', 'unmerged', '{"paths": ["sources/xx/town.json"]}', null, 'superseded');
insert into deliveries (id, event, payload, status, started_at) values ('five', 'push', '{}', 'handled', clock_timestamp());
