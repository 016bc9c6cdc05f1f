"""What a database says of itself, for `openaddr doctor`."""

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


def tables_without_rights(conn: Connection[Any]) -> list[str]:
    """Tables that we may not read and write."""
    return [name for (name,) in conn.execute(SQL["tables_without_rights"])]


def may_migrate(conn: Connection[Any]) -> bool:
    """Whether we may bring it up to date."""
    return bool(scalar(conn, SQL["may_migrate"]))


def clock(conn: Connection[Any]) -> float:
    """The time there, in seconds since 1970."""
    return float(scalar(conn, SQL["clock"]))
