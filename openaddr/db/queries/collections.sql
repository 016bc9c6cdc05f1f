-- name: publish
insert into collections (name, key, sha256, bytes, rows, manifest)
values (%(name)s, %(key)s, %(sha256)s, %(bytes)s, %(rows)s, %(manifest)s)
on conflict (name) do update set
    created_at = excluded.created_at,
    key = excluded.key,
    sha256 = excluded.sha256,
    bytes = excluded.bytes,
    rows = excluded.rows,
    manifest = excluded.manifest
returning *

-- name: get
select * from collections where name = %(name)s

-- name: published
select * from collections order by name

-- name: remove
delete from collections where name = %(name)s

-- name: hold
-- Two numbers: the first is ours among the users of such locks.
select pg_try_advisory_lock(1129270869, 0)

-- name: release
select pg_advisory_unlock(1129270869, 0)

-- name: note_try
insert into collection_tries (name, problem) values (%(name)s, %(problem)s)
on conflict (name) do update set tried_at = excluded.tried_at, problem = excluded.problem

-- name: problems
select name, tried_at, problem from collection_tries where problem is not null order by name

-- name: forget_tries
-- But for those of collections that there are to be.
delete from collection_tries where name <> all(%(names)s)

-- name: candidates
-- Layer sources of the newest complete set of each repository that have a good run, with the text of their source file
-- now and then. A source file that cannot be read any more (its run is of the whole file) keeps all that it had.
with latest_sets as (
    select distinct on (repository) id, commit_sha, case when folder = '' then repository else '' end as repository
    from sets
    where completed_at is not null
      and not exists (select from runs where runs.set_id = sets.id and runs.trust <> 'merged')
    order by repository, id desc
)
select distinct on (good.source_id, good.layer, good.name)
    good.source_id, good.layer, good.name, good.id as run_id, coalesce(good.copy_of, good.id) as files_of,
    coalesce(good.rows, 0) as rows, good.finished_at, listed.source_sha, good.source_sha as good_sha,
    latest_sets.commit_sha, latest_sets.repository
from latest_sets
join runs as listed on listed.set_id = latest_sets.id
join last_good
    on last_good.source_id = listed.source_id
    and ((last_good.layer, last_good.name) = (listed.layer, listed.name)
        or (listed.layer, listed.name) = (%(whole_layer)s, %(whole_name)s))
join runs as good on good.id = last_good.run_id
order by good.source_id, good.layer, good.name, listed.id desc

-- name: checked
select run_id, facts from checked_runs where run_id = any(%(run_ids)s)

-- name: forget_checked
delete from checked_runs where run_id = any(%(run_ids)s)

-- name: note_checked
insert into checked_runs (run_id, facts) values (%(run_id)s, %(facts)s)
on conflict (run_id) do update set checked_at = clock_timestamp(), facts = excluded.facts
