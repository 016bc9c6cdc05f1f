"""The text of source files, kept once for all runs that have it."""

import hashlib
from collections.abc import Iterable
from typing import Any

from psycopg import Connection

from openaddr.db.statements import named, scalar

SQL = named("source_files")


def save(conn: Connection[Any], content: bytes) -> str:
    """Keep a text; gives its SHA-256 in hexadecimal digits, by which it is known."""
    return save_all(conn, [content])[0]


def save_all(conn: Connection[Any], contents: Iterable[bytes]) -> list[str]:
    """Keep some texts at once; gives what each is known by."""
    known = [(hashlib.sha256(content).hexdigest(), content) for content in contents]
    # In one order: two who keep the same ones wait for each other, but never both at once.
    with conn.cursor() as cursor:
        cursor.executemany(SQL["save"], [{"sha": sha, "content": content} for sha, content in sorted(known)])
    return [sha for sha, _ in known]


def content(conn: Connection[Any], sha: str) -> bytes:
    """The text. Raises KeyError when it was never kept."""
    found: bytes | None = scalar(conn, SQL["content"], sha=sha)
    if found is None:
        raise KeyError(sha)
    return found
