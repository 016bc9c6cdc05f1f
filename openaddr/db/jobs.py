"""Jobs: what one push or pull request asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from psycopg import Connection

from openaddr.db.records import Job, NewJob, NewRun, Run, Trust
from openaddr.db.runs import values_of
from openaddr.db.statements import changed, many, named, one, scalar
from openaddr.db.values import document, storable
from openaddr.errors import Code, Problem

SQL = named("jobs")


def one_at_a_time(conn: Connection[Any], repository: str) -> None:
    """Wait until nobody else plans a job of a repository, and be the one who does until the transaction ends."""
    conn.execute(SQL["one_at_a_time"], {"repository": repository})


def start(conn: Connection[Any], new: NewJob, found: Mapping[str, object] | None = None) -> Job:
    """A new job, or the one that its delivery has already.

    Queue its runs in the same transaction, for a job without open runs can be finished.
    """
    names = {"author": storable(new.author), "branch": storable(new.branch), "found": document(found or {})}
    job = one(conn, SQL["start"], Job, **asdict(new) | names) or of_delivery(conn, str(new.delivery_id))
    assert job
    return job


def get(conn: Connection[Any], job_id: UUID) -> Job | None:
    """One job."""
    return one(conn, SQL["get"], Job, job_id=job_id)


def of_delivery(conn: Connection[Any], delivery_id: str) -> Job | None:
    """The job that a delivery asked for."""
    return one(conn, SQL["of_delivery"], Job, delivery_id=delivery_id)


def of_commit(conn: Connection[Any], new: NewJob) -> Job | None:
    """The newest job that has, or will have, the answer to the same question: commit, trust, pull request or none."""
    return one(conn, SQL["of_commit"], Job, **asdict(new))


def join_pull_request(conn: Connection[Any], job_id: UUID, pull_request: int) -> bool:
    """Let the job of a push answer on a pull request too; False when it answers on one already."""
    return changed(conn, SQL["join_pull_request"], job_id=job_id, pull_request=pull_request)


def before(conn: Connection[Any], new: NewJob, job_id: UUID | None = None) -> list[Job]:
    """Jobs that go on and that `new` takes the place of: of its pull request or, without one, of its branch."""
    return many(conn, SQL["before"], Job, **asdict(new), job_id=job_id)


def adopt(conn: Connection[Any], new: NewRun, earlier: Sequence[Job]) -> Run | None:
    """Take over an open run of earlier jobs that does what `new` is to do; None when there is none."""
    if not earlier or new.fresh:
        return None
    return one(conn, SQL["adopt"], Run, **values_of(new), from_jobs=[job.id for job in earlier])


def supersede(conn: Connection[Any], job_id: UUID, why: str) -> Job | None:
    """Close a job, and its open runs with it; None when it had come to an end."""
    job = one(conn, SQL["supersede"], Job, job_id=job_id)
    if job is not None:
        problem = document(Problem(Code.RUN_SUPERSEDED, why).as_json())
        conn.execute(SQL["close_runs"], {"job_id": job_id, "problem": problem})
    return job


def fail(conn: Connection[Any], job_id: UUID, problem: Problem) -> Job | None:
    """Close a job that cannot be done; None when it had come to an end."""
    return one(conn, SQL["fail"], Job, job_id=job_id, problem=document(problem.as_json()))


def finish_done(conn: Connection[Any], job_id: UUID | None = None) -> list[Job]:
    """Finish a job whose runs are all final, None = all such; gives them to the one who did it.

    Ask after the last run is committed: two that finish the last two runs at once do not see each other's.
    """
    return many(conn, SQL["finish_done"], Job, job_id=job_id)


def ahead(conn: Connection[Any], job_id: UUID) -> int:
    """How many runs of other jobs wait in front of the first that waits of this one."""
    return int(scalar(conn, SQL["ahead"], job_id=job_id))


def newest_of_commit(conn: Connection[Any], job: NewJob) -> UUID | None:
    """The job that speaks for the commit of a job."""
    found: UUID | None = scalar(conn, SQL["newest_of_commit"], **asdict(job))
    return found


def newest_of_pull_request(conn: Connection[Any], job: NewJob) -> UUID | None:
    """The job that speaks on the pull request of a job, None without one."""
    found: UUID | None = scalar(conn, SQL["newest_of_pull_request"], **asdict(job))
    return found


def last_of_commit(conn: Connection[Any], repository: str, commit_sha: str) -> Job | None:
    """The last job of a commit, one of a pull request before others: what a check that is asked for again is of."""
    return one(conn, SQL["last_of_commit"], Job, repository=repository, commit_sha=commit_sha)


def of_run(conn: Connection[Any], run_id: int) -> Job | None:
    """The job that a run was asked for by, None without one."""
    return one(conn, SQL["of_run"], Job, run_id=run_id)


def note_told(conn: Connection[Any], job_id: UUID, told: str) -> None:
    """Note the state that GitHub was told."""
    conn.execute(SQL["note_told"], {"job_id": job_id, "told": told})


def note_trust(conn: Connection[Any], job_id: UUID, trust: Trust) -> None:
    """Note how far a job and its runs are trusted, as it is known now."""
    conn.execute(SQL["note_trust"], {"job_id": job_id, "trust": trust})


def asked_lately(conn: Connection[Any], repository: str, commit_sha: str, seconds: float) -> int:
    """How many jobs a commit had in the last `seconds`."""
    values = {"repository": repository, "commit_sha": commit_sha, "seconds": seconds}
    return int(scalar(conn, SQL["asked_lately"], **values))


def open_of_author(conn: Connection[Any], author: str) -> int:
    """How many runs somebody has under way whose sources are not merged."""
    return int(scalar(conn, SQL["open_of_author"], author=storable(author)))
