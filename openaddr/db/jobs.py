"""Jobs: what one push or pull request asked for."""

from typing import Any
from uuid import UUID

from psycopg import Connection

from openaddr.db.records import Job
from openaddr.db.statements import named, one

SQL = named("jobs")


def start(conn: Connection[Any], repository: str, commit_sha: str, author: str, pull_request: int | None = None) -> Job:
    """A new job. Queue its runs in the same transaction, for a job without open runs can be finished."""
    values = {"repository": repository, "commit_sha": commit_sha, "author": author, "pull_request": pull_request}
    job = one(conn, SQL["start"], Job, **values)
    assert job
    return job


def get(conn: Connection[Any], job_id: UUID) -> Job | None:
    """One job."""
    return one(conn, SQL["get"], Job, job_id=job_id)


def finish_if_done(conn: Connection[Any], job_id: UUID) -> Job | None:
    """Finish a job whose runs are all final; gives it to the one who did it.

    Ask after the last run is committed: two that finish the last two runs at once do not see each other's.
    """
    return one(conn, SQL["finish_if_done"], Job, job_id=job_id)
