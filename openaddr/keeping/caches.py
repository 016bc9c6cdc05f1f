"""What lies below `cache/`: files that contributors sent, of which source files may be made.

A file that any source file on the record names is kept, however old it is: its address is the data of that source.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from psycopg import Connection

from openaddr.db import keeping
from openaddr.storage.objects import Listed, Storage

CACHE = "cache/"
_NAMED = re.compile(rb'cache/[^"\s?#\\]+')


def old_files(conn: Connection[Any], storage: Storage, days: int) -> Iterator[Listed]:
    """Files that are older than so many days and named by nobody; none with 0 days."""
    if not days:
        return
    before = datetime.now(UTC) - timedelta(days=days)
    named: set[str] | None = None
    for found in storage.list(CACHE):
        if found.modified < before:
            named = _named(conn) if named is None else named
            if found.key not in named:
                yield found


def _named(conn: Connection[Any]) -> set[str]:
    """Keys that source files have in their addresses."""
    texts = keeping.texts_with(conn, CACHE.encode())
    return {unquote(match.decode(errors="replace")) for text in texts for match in _NAMED.findall(text)}
