-- What was seen in the files of a run, and how collections were tried.
insert into checked_runs (run_id, facts) values (1, '{"rows": 10}');
insert into collection_tries (name, problem) values
    ('openaddr-collected-global', null),
    ('', '{"code": "COLLECTION_EMPTY", "message": "There is no source."}');
