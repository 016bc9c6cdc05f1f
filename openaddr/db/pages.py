"""What the pages of the public site show of the record, and the lock of whoever renders them."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from psycopg import Connection

from openaddr.db.records import Decision, Job, Run, RunStatus, Set, Trust
from openaddr.db.statements import many, named, scalar

SQL = named("pages")
WORST_FIRST = (
    RunStatus.FAILED,
    RunStatus.LOST,
    RunStatus.HELD,
    RunStatus.RUNNING,
    RunStatus.QUEUED,
    RunStatus.SKIPPED,
    RunStatus.SUCCEEDED,
)


@dataclass(frozen=True)
class RunStamp:
    """What a page of a run depends on. `has_files` says that it may have data of its own to show."""

    id: int
    source_id: str
    layer: str
    name: str
    trust: Trust
    has_files: bool
    stamp: str


@dataclass(frozen=True)
class Line:
    """One run as tables show it. `code` and `message` are of its problem, as they were written there."""

    id: int
    set_id: int | None
    job_id: UUID | None
    source_id: str
    layer: str
    name: str
    status: RunStatus
    trust: Trust
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    decision: Decision | None
    rows: int | None
    copy_of: int | None
    code_version: str
    code: str | None
    message: str | None


@dataclass(frozen=True)
class State:
    """How one layer source of the default branch stands.

    What has no prefix is of its newest run that came to an end; None where there is none yet. `good_…` is the run that
    is published as its latest. `checked_at` is when a run succeeded last, `bad_since` when the first one after that did
    not, `rows_before` what that success had. A layer source `is_gone` that the newest set of its repository has not.
    """

    source_id: str
    layer: str
    name: str
    run_id: int | None
    status: RunStatus | None
    code: str | None
    message: str | None
    rows: int | None
    finished_at: datetime | None
    decision: Decision | None
    warnings: Any
    good_id: int | None
    good_files_of: int | None
    good_rows: int | None
    good_at: datetime | None
    good_code_version: str | None
    checked_at: datetime | None
    bad_since: datetime | None
    bad_count: int
    rows_before: int | None
    source_sha: str
    is_gone: bool

    @property
    def word(self) -> str:
        """How it stands in one word: a status, `waiting` for the first result, or `removed`."""
        return "removed" if self.is_gone else self.status or "waiting"

    @property
    def needs_attention(self) -> bool:
        """Whether somebody should look."""
        return self.word in ("failed", "lost", "held")

    @property
    def warning_codes(self) -> set[str]:
        """Codes of the warnings of the newest run, as far as they are words."""
        found = self.warnings if isinstance(self.warnings, list) else []
        return {code for code in found if isinstance(code, str)}

    @cached_property
    def digest(self) -> str:
        """What is another text for another state."""
        return hashlib.blake2b(repr(self).encode(), digest_size=8).hexdigest()


@dataclass(frozen=True)
class RunWithSource(Run):
    """A run with the text of its source file, and the repository that is from: '' for neither a set nor a job.

    `job_is_gone` when its job has no page any more.
    """

    content: bytes
    repository: str
    job_is_gone: bool


@dataclass(frozen=True)
class Count:
    """How many runs of a set or a job have one status, and when one of them changed last."""

    batch: str
    status: RunStatus
    count: int
    changed: datetime


def hold(conn: Connection[Any]) -> bool:
    """Be the only renderer for as long as this very connection is open, or until `release`; False when another is."""
    return bool(scalar(conn, SQL["hold"]))


def release(conn: Connection[Any]) -> None:
    """Let another one render."""
    conn.execute(SQL["release"])


def freeze(conn: Connection[Any]) -> None:
    """Begin a transaction whose every query sees the record as it is at the first; nothing can be written."""
    conn.execute(SQL["freeze"])


def moment(conn: Connection[Any]) -> str:
    """What is another text as soon as anything has changed that pages show."""
    found: str = scalar(conn, SQL["moment"])
    return found


def run_stamps(conn: Connection[Any]) -> list[RunStamp]:
    """Every run, by id."""
    return many(conn, SQL["run_stamps"], RunStamp)


def states(conn: Connection[Any]) -> list[State]:
    """Every layer source that has a run of the default branch, by name."""
    return many(conn, SQL["states"], State)


def lines_of_set(conn: Connection[Any], set_id: int) -> list[Line]:
    """The runs of a set, worst first."""
    return many(conn, SQL["lines_of_set"], Line, set_id=set_id, order=list(WORST_FIRST))


def lines_of_job(conn: Connection[Any], job_id: UUID) -> list[Line]:
    """The runs of a job, worst first."""
    return many(conn, SQL["lines_of_job"], Line, job_id=job_id, order=list(WORST_FIRST))


def lines_of_source(conn: Connection[Any], source_id: str, limit: int) -> list[Line]:
    """The newest runs of each layer source of one source file, by layer and name, newest first."""
    return many(conn, SQL["lines_of_source"], Line, source_id=source_id, limit=limit)


def recent(conn: Connection[Any], limit: int) -> list[Line]:
    """The newest runs of all."""
    return many(conn, SQL["recent"], Line, limit=limit)


def sets(conn: Connection[Any]) -> list[Set]:
    """All sets, newest first."""
    return many(conn, SQL["sets"], Set)


def jobs(conn: Connection[Any]) -> list[Job]:
    """All jobs, newest first."""
    return many(conn, SQL["jobs"], Job)


def set_counts(conn: Connection[Any]) -> list[Count]:
    """The runs of all sets by status."""
    return many(conn, SQL["set_counts"], Count)


def job_counts(conn: Connection[Any]) -> list[Count]:
    """The runs of all jobs by status."""
    return many(conn, SQL["job_counts"], Count)


def runs(conn: Connection[Any], run_ids: Sequence[int]) -> dict[int, RunWithSource]:
    """Whole runs by id."""
    found = many(conn, SQL["runs"], RunWithSource, run_ids=list(run_ids))
    return {run.id: run for run in found}


def contents(conn: Connection[Any], shas: Iterable[str]) -> dict[str, bytes]:
    """The texts of source files by sha."""
    wanted: Sequence[str] = sorted(set(shas))
    return dict(conn.execute(SQL["contents"], {"shas": wanted}).fetchall())
