"""What a database says of itself, for `openaddr doctor`."""

from datetime import datetime
from typing import Any

from psycopg import Connection

from openaddr.db import migrating
from openaddr.db.statements import named, scalar

SQL = named("examining")


def applied(conn: Connection[Any]) -> set[int] | None:
    """Numbers of the migrations that were applied; None where there are no tables of ours."""
    if not scalar(conn, SQL["has_migrations"]):
        return None
    return {number for (number,) in conn.execute(migrating.SQL["applied"])}


def without_rights(conn: Connection[Any]) -> list[str]:
    """Tables that we may not read and write, and sequences that we may not read."""
    return [name for (name,) in conn.execute(SQL["without_rights"])]


def may_migrate(conn: Connection[Any]) -> bool:
    """Whether we may bring it up to date."""
    return bool(scalar(conn, SQL["may_migrate"]))


def began(conn: Connection[Any]) -> datetime | None:
    """When the record was begun; None for one that was never migrated."""
    found: datetime | None = scalar(conn, SQL["began"])
    return found


def clock(conn: Connection[Any]) -> float:
    """The time there, in seconds since 1970."""
    return float(scalar(conn, SQL["clock"]))
