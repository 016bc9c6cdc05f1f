"""The deduplicated build: who makes it. What it is stands among `collections`."""

from typing import Any

from psycopg import Connection

from openaddr.db.statements import named, scalar

SQL = named("deduplicated")


def hold(conn: Connection[Any]) -> bool:
    """Be the only one who makes it, for as long as this very connection is open, or until `release`.

    False when another one is.
    """
    return bool(scalar(conn, SQL["hold"]))


def release(conn: Connection[Any]) -> None:
    """Let another one make it."""
    conn.execute(SQL["release"])
