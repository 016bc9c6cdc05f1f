"""What page makers are given: the record at one moment, and where everything is."""

from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from openaddr.storage.objects import Storage


@dataclass(frozen=True)
class Snapshot:
    """The record as it was when rendering began: every query sees the same moment.

    `site_url` is the public address of the site without a slash at its end, '' when it has none.
    """

    conn: Connection[Any]
    storage: Storage
    site_url: str = ""
