"""What GitHub is to be told of a job: written with what it tells of, sent after that."""

from typing import Any
from uuid import UUID

from psycopg import Connection

from openaddr.db import jobs, outbox
from openaddr.db.records import Job

STATUS, CHECKS, COMMENT, MERGED = "status", "checks", "comment", "merged"
KINDS = (STATUS, CHECKS, COMMENT)
"""In the order in which they are sent."""


def tell(conn: Connection[Any], job_id: UUID) -> None:
    """Have GitHub told how a job stands: what is said is made when it is sent, of what is known then."""
    for kind in KINDS:
        outbox.put(conn, kind, str(job_id), {"job": str(job_id)})


def ask_if_merged(conn: Connection[Any], job_id: UUID) -> None:
    """Have GitHub asked whether a job is merged, and its good runs made the latest if so."""
    outbox.put(conn, MERGED, str(job_id), {"job": str(job_id)})


def finish(conn: Connection[Any], job_id: UUID | None = None) -> list[Job]:
    """Finish a job whose runs are all final, None = all such, and have GitHub told."""
    finished = jobs.finish_done(conn, job_id)
    for job in finished:
        tell(conn, job.id)
        outbox.put(conn, "site", "site", {})
    return finished
