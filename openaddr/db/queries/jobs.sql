-- name: one_at_a_time
-- Of two that plan jobs of one repository the second waits for the end of the transaction of the first.
select pg_advisory_xact_lock(1129270868, hashtext(%(repository)s))

-- name: start
insert into jobs (repository, commit_sha, pull_request, author, delivery_id, branch, trust, found)
values (
    %(repository)s, %(commit_sha)s, %(pull_request)s, %(author)s, %(delivery_id)s, %(branch)s, %(trust)s, %(found)s
)
on conflict (delivery_id) do nothing
returning *

-- name: get
select * from jobs where id = %(job_id)s

-- name: of_delivery
select * from jobs where delivery_id = %(delivery_id)s

-- name: of_commit
-- What was found out about a commit already, with the same trust: an answer to whoever asks the same in another way.
select * from jobs
where (repository, commit_sha, trust) = (%(repository)s, %(commit_sha)s, %(trust)s)
  and status not in ('errored', 'superseded')
  and (pull_request is null or %(pull_request)s::integer is null or pull_request = %(pull_request)s)
order by created_at desc
limit 1

-- name: join_pull_request
update jobs set pull_request = %(pull_request)s where id = %(job_id)s and pull_request is null

-- name: before
-- Jobs that a newer one of the same pull request, or of the same branch, takes the place of.
select * from jobs
where finished_at is null
  and repository = %(repository)s
  and case
      when %(pull_request)s::integer is not null then pull_request = %(pull_request)s
      else branch <> '' and branch = %(branch)s
  end
  and id is distinct from %(job_id)s
order by created_at

-- name: adopt
-- An open run that is to do the same, of a job that is about to be closed. Whoever works on it goes on.
update runs set job_id = %(job_id)s, commit_sha = %(commit_sha)s
where id = (
    select id from runs
    where job_id = any(%(from_jobs)s)
      and finished_at is null
      and trust = %(trust)s
      and (source_id, layer, name, source_sha) = (%(source_id)s, %(layer)s, %(name)s, %(source_sha)s)
    limit 1
)
returning *

-- name: close_runs
-- Whoever works on one finds the lease gone.
update runs set status = 'skipped', finished_at = clock_timestamp(), problem = %(problem)s
where job_id = %(job_id)s and finished_at is null

-- name: supersede
update jobs set status = 'superseded', finished_at = clock_timestamp()
where id = %(job_id)s and status = 'running'
returning *

-- name: fail
update jobs set status = 'errored', finished_at = clock_timestamp(), problem = %(problem)s
where id = %(job_id)s and status = 'running'
returning *

-- name: finish_done
-- The worst of its runs decides, and what lint calls a bug is as bad; without any there was nothing to check. Of one job,
-- or all.
update jobs set
    finished_at = clock_timestamp(),
    status = case
        when exists (select from runs where job_id = jobs.id and status in ('failed', 'lost')) then 'failed'
        when jsonb_path_exists(found, '$.findings.*[*] ? (@.severity == "bug")') then 'failed'
        when exists (select from runs where job_id = jobs.id and status = 'held') then 'held'
        else 'succeeded'
    end::job_status
where status = 'running'
  and (%(job_id)s::uuid is null or id = %(job_id)s)
  and not exists (select from runs where job_id = jobs.id and finished_at is null)
returning *

-- name: note_told
update jobs set told = %(told)s where id = %(job_id)s

-- name: note_trust
with noted as (
    update jobs set trust = %(trust)s where id = %(job_id)s and trust <> %(trust)s
)
update runs set trust = %(trust)s where job_id = %(job_id)s and trust <> %(trust)s

-- name: asked_lately
select count(*) from jobs
where (repository, commit_sha) = (%(repository)s, %(commit_sha)s)
  and created_at > clock_timestamp() - make_interval(secs => %(seconds)s)

-- name: open_of_author
select count(*) from runs join jobs on jobs.id = runs.job_id
where jobs.finished_at is null and runs.finished_at is null and jobs.author = %(author)s and runs.trust <> 'merged'

-- name: ahead
-- The queue of changes is worked off in the order in which runs came into it.
select count(*) from runs
where status = 'queued' and job_id <> %(job_id)s
  and id < (select min(id) from runs where status = 'queued' and job_id = %(job_id)s)

-- name: newest_of_commit
select id from jobs where (repository, commit_sha) = (%(repository)s, %(commit_sha)s)
order by created_at desc, id
limit 1

-- name: newest_of_pull_request
select id from jobs where (repository, pull_request) = (%(repository)s, %(pull_request)s)
order by created_at desc, id
limit 1

-- name: last_of_commit
select * from jobs where (repository, commit_sha) = (%(repository)s, %(commit_sha)s)
order by pull_request is null, created_at desc
limit 1

-- name: of_run
select jobs.* from jobs join runs on runs.job_id = jobs.id where runs.id = %(run_id)s
