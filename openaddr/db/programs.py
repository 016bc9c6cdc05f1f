"""What the files for programs show of the record: runs with what `run.json` says of them, and the news."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from openaddr.db.records import RunStatus
from openaddr.db.statements import many, named

SQL = named("programs")


@dataclass(frozen=True)
class Summary:
    """One run. Members of its record are as they were written, of whatever type."""

    id: int
    files_of: int
    source_id: str
    layer: str
    name: str
    source_sha: str
    status: RunStatus
    rows: int | None
    finished_at: datetime | None
    copy_of: int | None
    code_version: str
    code: str | None
    message: str | None
    is_expired: bool
    fingerprint: str | None
    seconds: Any
    outputs: Any

    def took(self, *stages: str) -> float | None:
        """Seconds of some stages together, None when the record has none of them."""
        known = self.seconds if isinstance(self.seconds, Mapping) else {}
        found = [known[stage] for stage in stages if type(known.get(stage)) in (int, float)]
        return sum(found) if found else None

    def output(self, kind: str) -> str:
        """The name of the file of a kind, '' without one. The record has the path that it had while it was made."""
        path = self.outputs.get(kind) if isinstance(self.outputs, Mapping) else None
        return path.rpartition("/")[2] if isinstance(path, str) else ""


@dataclass(frozen=True)
class News:
    """A run that ended with a result of its own."""

    id: int
    source_id: str
    layer: str
    name: str
    status: RunStatus
    rows: int | None
    finished_at: datetime
    code: str | None
    message: str | None


def latest(conn: Connection[Any]) -> list[Summary]:
    """The last good run of every layer source, by name."""
    return many(conn, SQL["latest"], Summary)


def of_set(conn: Connection[Any], set_id: int) -> list[Summary]:
    """The runs of a set, by name."""
    return many(conn, SQL["of_set"], Summary, set_id=set_id)


def news(conn: Connection[Any], limit: int) -> list[News]:
    """The newest runs of the default branch with a result of their own, newest first.

    Of each country (the first part of a source's path) so many, and so many failures of all.
    """
    return many(conn, SQL["news"], News, limit=limit)
