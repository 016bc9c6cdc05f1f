"""The lock of whoever makes the dot map."""

from typing import Any

from psycopg import Connection

from openaddr.db.statements import named, scalar

SQL = named("dotmap")


def hold(conn: Connection[Any]) -> bool:
    """Be the only maker for as long as this very connection is open, or until `release`; False when another is."""
    return bool(scalar(conn, SQL["hold"]))


def release(conn: Connection[Any]) -> None:
    """Let another one make it."""
    conn.execute(SQL["release"])
