"""Tells GitHub how a job stands: what is said is made of what the record knows at that moment."""

import logging
from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from flows.reports import job_report
from flows.services import Services
from flows.telling import CHECKS, COMMENT, MERGED, STATUS
from flows.working import announce, make_latest_of
from openaddr.db import jobs, runs
from openaddr.db.records import Job, JobStatus, Trust
from openaddr.feedback import checks, comment, statuses
from openaddr.feedback.check import bodies
from openaddr.github import posting
from openaddr.github.client import GitHub
from openaddr.github.names import Repository, allowed
from openaddr.github.waiting import AT_ONCE

log = logging.getLogger("openaddr.flows")


def send_status(opened: Services, payload: dict[str, Any]) -> None:
    """Post the status of the commit of a job, unless it is what GitHub was told last, or a newer job has the word."""
    job = _job(opened, payload)
    with opened.pool.connection() as conn:
        if jobs.newest_of_commit(conn, job) != job.id:
            return
    status = statuses.status(job_report(opened, job))
    told = f"{status.state}: {status.description}"
    # Pending, the first failure and the end: three for a job, however many of its runs fail.
    is_news = job.status is not JobStatus.RUNNING or not job.told.startswith(f"{status.state}:")
    if told == job.told or not is_news:
        return
    with GitHub(opened.settings, AT_ONCE, _repository(opened, job)) as github:
        content = {name: value for name, value in asdict(status).items() if value}
        posting.post_status(github, _repository(opened, job), job.commit_sha, content)
    with opened.pool.connection() as conn:
        jobs.note_told(conn, job.id, told)


def send_checks(opened: Services, payload: dict[str, Any]) -> None:
    """Make the checks of a job, or bring them up to date; GitHub lets only Apps do that."""
    if not opened.settings.github_app_id:
        return
    job = _job(opened, payload)
    repository = _repository(opened, job)
    with GitHub(opened.settings, AT_ONCE, repository) as github:
        known = posting.checks_of(github, repository, job.commit_sha)
        for check in checks.checks(job_report(opened, job)):
            posting.put_check(github, repository, job.commit_sha, bodies(check), known)


def send_comment(opened: Services, payload: dict[str, Any]) -> None:
    """Let the comment of a pull request say how its newest job stands."""
    job = _job(opened, payload)
    if job.pull_request is None:
        return
    with opened.pool.connection() as conn:
        if jobs.newest_of_pull_request(conn, job) != job.id:
            return
    repository = _repository(opened, job)
    with GitHub(opened.settings, AT_ONCE, repository) as github:
        text = comment.comment(job_report(opened, job))
        posting.put_comment(github, repository, job.pull_request, comment.MARKER, text)


def publish_merged(opened: Services, payload: dict[str, Any]) -> None:
    """Ask whether the commit of a job is merged, now that it matters; if so, its good runs become the latest.

    It may have been unknown before, and the default branch may have been pushed back meanwhile.
    """
    job = _job(opened, payload)
    repository = _repository(opened, job)
    with GitHub(opened.settings, AT_ONCE, repository) as github:
        trust = Trust.MERGED if github.is_merged(repository, job.commit_sha) else Trust.UNMERGED
    with opened.pool.connection() as conn:
        jobs.note_trust(conn, job.id, trust)
        good = [run for run in runs.of_job(conn, job.id) if run.is_good]
        for run in good:
            announce(conn, run.id)
    for run in good:
        make_latest_of(opened, run)


def _job(opened: Services, payload: dict[str, Any]) -> Job:
    with opened.pool.connection() as conn:
        found = jobs.get(conn, UUID(payload["job"]))
    if found is None:
        raise LookupError(f"there is no job {payload['job']}")
    return found


def _repository(opened: Services, job: Job) -> Repository:
    """The repository of a job, as long as it is on the list. Raises ProblemError."""
    return allowed(job.repository, opened.settings.repositories)


ANSWERS: dict[str, Callable[[Services, dict[str, Any]], None]] = {
    STATUS: send_status,
    CHECKS: send_checks,
    COMMENT: send_comment,
    MERGED: publish_merged,
}
