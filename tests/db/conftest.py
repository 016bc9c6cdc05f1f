"""An empty database for each test, and rows for it."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from psycopg import Connection

from openaddr.db import runs, source_files
from openaddr.db.connections import connect
from openaddr.db.records import Lease, NewRun, Outcome, Run, RunStatus, Trust
from tests.databases import NAME
from tests.postgres import create_database


@pytest.fixture
def bare_url(server_url: str) -> str:
    """A database without even a schema."""
    return create_database(server_url, f"{NAME}_bare")


@pytest.fixture
def conn(url: str) -> Iterator[Connection[Any]]:
    """A connection whose every statement is committed at once."""
    with connect(url) as conn:
        conn.autocommit = True
        yield conn


@pytest.fixture
def other(url: str) -> Iterator[Connection[Any]]:
    """A second connection, of somebody else."""
    with connect(url) as conn:
        conn.autocommit = True
        yield conn


class Rows:
    """Makes rows: each run is of another layer source unless a test says otherwise."""

    def __init__(self, conn: Connection[Any]) -> None:
        self.conn = conn
        self.numbers = count(1)

    def new(self, **changes: Any) -> NewRun:
        """What is to be run."""
        values = {"source_id": f"xx/town-{next(self.numbers)}", "layer": "addresses", "name": "town"}
        sha = source_files.save(self.conn, b"{}")
        return NewRun(**values | {"source_sha": sha, "trust": Trust.MERGED, "size_class": "small"} | changes)

    def queued(self, **changes: Any) -> Run:
        """A run in the queue."""
        return runs.queue(self.conn, self.new(**changes))

    def claimed(self, **changes: Any) -> Lease:
        """The lease of a run that somebody works on."""
        lease = claim(self.conn, self.queued(**changes).id)
        assert lease
        return lease

    def finished(self, status: RunStatus = RunStatus.SUCCEEDED, code_version: str = "11", **changes: Any) -> Run:
        """A run with a final status."""
        return self.finish(self.claimed(**changes), status, code_version)

    def finish(self, lease: Lease, status: RunStatus = RunStatus.SUCCEEDED, code_version: str = "11") -> Run:
        """The run of a lease with its final status."""
        assert runs.finish(self.conn, lease, Outcome(status, code_version, rows=10))
        return found(self.conn, lease.run_id)

    def expire(self, run_id: int) -> None:
        """Let the time of a lease pass."""
        self.conn.execute("update runs set lease_until = clock_timestamp() - interval '1s' where id = %s", [run_id])

    def began(self, run_id: int, seconds: float) -> None:
        """Let the work on a run have begun `seconds` ago."""
        self.conn.execute(
            "update runs set started_at = clock_timestamp() - make_interval(secs => %s) where id = %s",
            [seconds, run_id],
        )

    def overrun(self, run_id: int) -> None:
        """Let the deadline of a run pass."""
        self.conn.execute("update runs set deadline_at = clock_timestamp() - interval '1s' where id = %s", [run_id])


@pytest.fixture
def rows(conn: Connection[Any]) -> Rows:
    """Makes rows in the database of the test."""
    return Rows(conn)


def claim(conn: Connection[Any], run_id: int) -> Lease | None:
    """Try to get a run, with a lease of two minutes and a deadline in an hour."""
    return runs.claim(conn, run_id, "worker", None, 120, 3600)


def found(conn: Connection[Any], run_id: int) -> Run:
    """A run that is there."""
    run = runs.get(conn, run_id)
    assert run
    return run
