"""Jobs."""

from dataclasses import replace
from typing import Any

import pytest
from psycopg import Connection

from openaddr.db import jobs, runs
from openaddr.db.records import Job, JobStatus, NewJob, Outcome, RunStatus, Trust
from tests.db.conftest import Rows
from tests.db.racing import race


def started(conn: Connection[Any]) -> Job:
    return jobs.start(conn, NewJob("openaddresses/openaddresses", "abc", "somebody", 17))


def test_a_job_says_who_asked_for_what(conn: Connection[Any]) -> None:
    job = started(conn)
    assert jobs.get(conn, job.id) == job
    assert (job.status, job.author, job.pull_request, job.finished_at) == (JobStatus.RUNNING, "somebody", 17, None)


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ([], JobStatus.SUCCEEDED),
        ([RunStatus.SUCCEEDED, RunStatus.SKIPPED], JobStatus.SUCCEEDED),
        ([RunStatus.SUCCEEDED, RunStatus.HELD], JobStatus.HELD),
        ([RunStatus.FAILED, RunStatus.HELD], JobStatus.FAILED),
    ],
)
def test_the_worst_run_decides_a_job(
    conn: Connection[Any], rows: Rows, statuses: list[RunStatus], status: JobStatus
) -> None:
    job = started(conn)
    for each in statuses:
        rows.finished(each, job_id=job.id)
    (finished,) = jobs.finish_done(conn, job.id)
    assert finished.status is status and finished.finished_at


def test_what_lint_calls_a_bug_is_as_bad_as_a_run_that_fails(conn: Connection[Any], rows: Rows) -> None:
    for severity, status in (("hint", JobStatus.SUCCEEDED), ("bug", JobStatus.FAILED)):
        found = {"findings": {"sources/a.json": [{"severity": "hint"}, {"severity": severity}]}}
        job = jobs.start(conn, NewJob("openaddresses/openaddresses", severity, "somebody"), found)
        rows.finished(RunStatus.SUCCEEDED, job_id=job.id)
        (finished,) = jobs.finish_done(conn, job.id)
        assert finished.status is status


def test_a_job_with_an_open_run_goes_on(conn: Connection[Any], rows: Rows) -> None:
    job = started(conn)
    rows.finished(RunStatus.FAILED, job_id=job.id)
    rows.queued(job_id=job.id)
    assert jobs.finish_done(conn, job.id) == []


def test_of_two_that_finish_a_job_at_once_one_does(conn: Connection[Any], other: Connection[Any]) -> None:
    job = started(conn)
    first, second = race(conn, other, lambda conn: jobs.finish_done(conn, job.id))
    assert len(first) == 1 and second == []


def test_whoever_works_on_a_run_of_a_superseded_job_has_lost_it(conn: Connection[Any], rows: Rows) -> None:
    job = started(conn)
    lease = rows.claimed(job_id=job.id)
    assert jobs.supersede(conn, job.id, "A newer push came.")
    assert not runs.renew(conn, lease, 60)
    assert not runs.finish(conn, lease, Outcome(RunStatus.SUCCEEDED, "11", rows=10))
    (run,) = runs.of_job(conn, job.id)
    assert (run.status, run.problem and run.problem["code"]) == (RunStatus.SKIPPED, "RUN_SUPERSEDED")
    assert jobs.supersede(conn, job.id, "Another one came.") is None


def test_an_open_run_that_does_the_same_goes_on_for_the_newer_job(conn: Connection[Any], rows: Rows) -> None:
    old, new = started(conn), started(conn)
    same = {"source_id": "xx/same", "trust": Trust.UNMERGED}
    lease = rows.claimed(job_id=old.id, **same)
    wanted = rows.new(job_id=new.id, commit_sha="def", **same)
    assert jobs.adopt(conn, replace(wanted, source_id="xx/other"), [old]) is None
    assert jobs.adopt(conn, replace(wanted, trust=Trust.MERGED), [old]) is None
    assert jobs.adopt(conn, replace(wanted, fresh=True), [old]) is None
    adopted = jobs.adopt(conn, wanted, [old])
    assert adopted and (adopted.id, adopted.job_id, adopted.commit_sha) == (lease.run_id, new.id, "def")
    assert runs.renew(conn, lease, 60), "whoever works on it goes on"
