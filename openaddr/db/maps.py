"""What maps of coverage show of the record."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from openaddr.db.records import RunStatus, Set
from openaddr.db.statements import many, named

SQL = named("maps")


@dataclass(frozen=True)
class Member:
    """A layer source of a set. What comes after `status` is of its last good run, None without one.

    `bounds` are those of its rows as the record has them, of whatever type.
    """

    source_id: str
    layer: str
    name: str
    source_sha: str
    status: RunStatus
    good_id: int | None
    rows: int | None
    finished_at: datetime | None
    bounds: Any


def complete_sets(conn: Connection[Any], limit: int) -> list[Set]:
    """The newest sets whose runs are all final, newest first."""
    return many(conn, SQL["complete_sets"], Set, limit=limit)


def members(conn: Connection[Any], set_id: int) -> list[Member]:
    """All layer sources of a set, by name."""
    return many(conn, SQL["members"], Member, set_id=set_id)
