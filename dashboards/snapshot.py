"""What page makers are given: the record at one moment, and where everything is."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from psycopg import Connection

from openaddr.db import pages
from openaddr.maps.keys import NUMBERS, set_of_key
from openaddr.storage.objects import Storage


@dataclass(frozen=True)
class Snapshot:
    """The record as it was when rendering began: every query sees the same moment.

    `site_url` is the public address of the site without a slash at its end, '' when it has none. What several makers
    need is asked for once.
    """

    conn: Connection[Any]
    storage: Storage
    site_url: str = ""

    @cached_property
    def files_at(self) -> str:
        """What comes before the key of a file in storage in its address."""
        return self.storage.url("runs").removesuffix("runs")

    @cached_property
    def states(self) -> list[pages.State]:
        """How every layer source of the default branch stands, by name."""
        return pages.states(self.conn)

    @cached_property
    def current(self) -> list[pages.State]:
        """Those of them that are still in the collection."""
        return [state for state in self.states if not state.is_gone]

    @cached_property
    def stamps(self) -> list[pages.RunStamp]:
        """Every run, by id."""
        return pages.run_stamps(self.conn)

    @cached_property
    def mapped_sets(self) -> frozenset[int]:
        """Sets whose maps of coverage are there, which are drawn after a set is complete."""
        found = (set_of_key(listed.key) for listed in self.storage.list("sets/") if listed.key.endswith(f"/{NUMBERS}"))
        return frozenset(set_id for set_id in found if set_id is not None)
