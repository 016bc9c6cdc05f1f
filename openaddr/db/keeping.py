"""What is old on the record: which runs and jobs nobody needs, and the rows that go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from openaddr.db.records import RunStatus
from openaddr.db.statements import many, named, scalar
from openaddr.errors import Code

SQL = named("keeping")
NOT_STORED = (Code.STORAGE_FULL, Code.STORAGE_REFUSED, Code.STORAGE_UNREACHABLE, Code.STORAGE_CORRUPT)
"""Problems of runs whose files are not all there, so that nobody can use them."""
Conn = Connection[TupleRow]


class Work(IntEnum):
    """What only one does at a time."""

    RETENTION = 2
    BACKUP = 3


@dataclass(frozen=True)
class ExpiredRun:
    """A run whose files go."""

    id: int
    source_id: str
    layer: str
    name: str
    status: RunStatus
    finished_at: datetime

    def __str__(self) -> str:
        named = f"{self.source_id} {self.layer} {self.name}"
        return f"run {self.id} {named}, {self.status} on {self.finished_at:%Y-%m-%d}"


@dataclass(frozen=True)
class ExpiredJob:
    """A job whose pages go."""

    id: UUID
    repository: str
    commit_sha: str
    finished_at: datetime

    def __str__(self) -> str:
        return f"job {self.id} {self.repository} {self.commit_sha[:10]}, finished on {self.finished_at:%Y-%m-%d}"


def hold(conn: Conn, what: Work) -> bool:
    """Be the only one who does it, for as long as this very connection is open, or until `release`."""
    return bool(scalar(conn, SQL["hold"], what=what))


def release(conn: Conn, what: Work) -> None:
    """Let another one do it."""
    conn.execute(SQL["release"], {"what": what})


def expire_runs(conn: Conn, days: int, named_runs: Sequence[int], limit: int) -> list[ExpiredRun]:
    """Note that the files of some runs are not kept any more; [] when there are no such runs (left).

    Those are older than so many days, 0 for no such age, and not `named_runs`. Copies come before their originals.
    """
    values = {"days": days, "named": list(named_runs), "not_stored": list(NOT_STORED), "limit": limit}
    locked = conn.execute(SQL["expirable"], {**values, "ids": None}).fetchall()
    # Once more, now that nobody can make a copy of one: the first look may not have seen the newest.
    ids = [run_id for (run_id,) in conn.execute(SQL["expirable"], {**values, "ids": [found[0] for found in locked]})]
    conn.execute(SQL["forget_checked"], {"ids": ids})
    return many(conn, SQL["expire_runs"], ExpiredRun, ids=ids)


def expire_jobs(conn: Conn, days: int) -> list[ExpiredJob]:
    """Note that the pages of jobs are not kept any more which finished before so many days."""
    return many(conn, SQL["expire_jobs"], ExpiredJob, days=days)


def to_empty(conn: Conn, limit: int) -> list[int]:
    """Runs whose files are not kept, and not known to be gone."""
    return [run_id for (run_id,) in conn.execute(SQL["to_empty"], {"limit": limit})]


def mark_emptied(conn: Conn, run_ids: Sequence[int]) -> None:
    """Note that the files of runs are gone."""
    conn.execute(SQL["emptied"], {"ids": list(run_ids)})


def forget_deliveries(conn: Conn, days: int, limit: int) -> int:
    """Delete deliveries that came before so many days and ask for nothing any more; gives how many."""
    return conn.execute(SQL["forget_deliveries"], {"days": days, "limit": limit}).rowcount


def forget_messages(conn: Conn, days: int, limit: int) -> int:
    """Delete messages that were sent, or given up, before so many days; gives how many."""
    return conn.execute(SQL["forget_messages"], {"days": days, "limit": limit}).rowcount


def texts_with(conn: Conn, some: bytes) -> list[bytes]:
    """The texts of source files in which some bytes are."""
    return [content for (content,) in conn.execute(SQL["texts_with"], {"bytes": some})]
