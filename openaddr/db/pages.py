"""What the pages of the public site show of the record, and the lock of whoever renders them."""

from typing import Any

from psycopg import Connection

from openaddr.db.statements import named, scalar

SQL = named("pages")


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
