"""What the dashboard shows of the record: sets over time, the newest one run by run, and what it lost."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from openaddr.db.statements import many, named

SQL = named("dashboard")


@dataclass(frozen=True)
class Point:
    """One complete set. Seconds are means, None where nothing was measured."""

    id: int
    completed_at: datetime
    runs: int
    succeeded: int
    addresses: int
    download_seconds: float | None
    process_seconds: float | None


@dataclass(frozen=True)
class Figures:
    """One run that worked; `process` is the time of everything but the download."""

    layer: str
    rows: int | None
    is_copy: bool
    download: float | None
    process: float | None


@dataclass(frozen=True)
class Lost:
    """A source that had addresses once, and has none in the newest set."""

    source_id: str
    most: int
    last_good: datetime
    last_set: int


def series(conn: Connection[Any], limit: int) -> list[Point]:
    """The newest complete sets that have runs, oldest first."""
    return many(conn, SQL["series"], Point, limit=limit)


def figures(conn: Connection[Any], set_id: int) -> list[Figures]:
    """The runs of a set that worked."""
    return many(conn, SQL["figures"], Figures, set_id=set_id)


def lost(conn: Connection[Any], set_id: int, limit: int) -> list[Lost]:
    """What a set lost, the largest first."""
    return many(conn, SQL["lost"], Lost, set_id=set_id, limit=limit)
