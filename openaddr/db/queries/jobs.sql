-- name: start
insert into jobs (repository, commit_sha, pull_request, author)
values (%(repository)s, %(commit_sha)s, %(pull_request)s, %(author)s)
returning *

-- name: get
select * from jobs where id = %(job_id)s

-- name: finish_if_done
-- The worst of its runs decides; without any there was nothing to check.
update jobs set
    finished_at = clock_timestamp(),
    status = case
        when exists (select from runs where job_id = %(job_id)s and status in ('failed', 'lost')) then 'failed'
        when exists (select from runs where job_id = %(job_id)s and status = 'held') then 'held'
        else 'succeeded'
    end::job_status
where id = %(job_id)s
  and status = 'running'
  and not exists (select from runs where job_id = %(job_id)s and finished_at is null)
returning *
