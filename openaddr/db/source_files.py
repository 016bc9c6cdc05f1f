"""The text of source files, kept once for all runs that have it."""

import hashlib
from typing import Any

from psycopg import Connection

from openaddr.db.statements import named, scalar

SQL = named("source_files")


def save(conn: Connection[Any], content: bytes) -> str:
    """Keep a text; gives its SHA-256 in hexadecimal digits, by which it is known."""
    sha = hashlib.sha256(content).hexdigest()
    conn.execute(SQL["save"], {"sha": sha, "content": content})
    return sha


def content(conn: Connection[Any], sha: str) -> bytes:
    """The text. Raises KeyError when it was never kept."""
    found: bytes | None = scalar(conn, SQL["content"], sha=sha)
    if found is None:
        raise KeyError(sha)
    return found
