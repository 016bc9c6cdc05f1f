-- A set that could not be listed, and one of a folder.
insert into sets (repository, commit_sha, folder, fresh, abandoned_at, problem) values
    ('sources', 'unknown', '/srv/sources', true, clock_timestamp(), '{"code": "SOURCES_MISSING", "message": "no files"}');
