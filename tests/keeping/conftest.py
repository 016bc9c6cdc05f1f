"""A record with runs of any age, their files in a folder or a bucket, and the site of both."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urldefrag, urljoin

import pytest
from psycopg import Connection
from psycopg_pool import ConnectionPool

from dashboards.site import publish
from openaddr.db.connections import connect, open_pool
from openaddr.keeping.retention import Removed, Shelves, remove_old
from openaddr.settings import Settings
from openaddr.storage.objects import Storage
from tests.dashboards.making import FILES, Making
from tests.dashboards.test_links import Seen
from tests.db.conftest import bare_url, conn, other
from tests.storage.conftest import bucket, credentials, folder, s3_port, storage

__all__ = ["bare_url", "bucket", "conn", "credentials", "folder", "other", "s3_port", "storage"]

OF_RUNS = ("site/runs/", "site/jobs/", "site/sets/", "site/sources/")
"""Pages that link to runs."""
ROOT = "http://site.example/"
DAYS = Settings(keep_runs_days=90, keep_jobs_days=365, keep_deliveries_days=90, keep_messages_days=30)


@dataclass
class Attic(Making):
    """What is old, and what looks after it."""

    pool: ConnectionPool[Connection[Any]] | None = None
    settings: Settings = DAYS

    @property
    def shelves(self) -> Shelves:
        """What retention works with."""
        assert self.pool
        return Shelves(self.pool, self.storage, self.settings, lambda: None)

    def store(self, run_id: int, **contents: bytes) -> None:
        """All files that pages link to."""
        read = ("sample.json", "manifest.json")
        all_of_them = {name: b"PK" for name in (*FILES, "run.json") if name not in read}
        super().store(run_id, **all_of_them | contents)

    def age(self, table: str, row_id: object, days: float) -> None:
        """Let a row be so much older."""
        columns = {
            "runs": ("queued_at", "started_at", "finished_at"),
            "jobs": ("created_at", "finished_at"),
            "sets": ("created_at", "listed_at", "completed_at"),
            "deliveries": ("received_at",),
            "outbox": ("created_at", "sent_at", "parked_at"),
            "last_good": ("moved_at",),
        }[table]
        changes = ", ".join(f"{column} = {column} - make_interval(days => %(days)s)" for column in columns)
        key = "run_id" if table == "last_good" else "id"
        self.conn.execute(f"update {table} set {changes} where {key} = %(id)s".encode(), {"days": days, "id": row_id})
        self.conn.commit()

    def old(self, *arguments: Any, days: float = 100, **changes: Any) -> int:
        """A run of long ago."""
        run_id = self.run(*arguments, **changes)
        self.age("runs", run_id, days)
        self.age("last_good", run_id, days)
        return run_id

    def render(self) -> None:
        """Have the pages say what the record says."""
        assert self.pool
        assert publish(self.pool, self.storage) is not None

    def remove(self, **changes: Any) -> Removed:
        """Let go of what is old."""
        return remove_old(replace(self.shelves, **changes), self.render)

    def expired(self) -> set[int]:
        """Runs of which the record says that their files are not kept."""
        rows = self.conn.execute("select id from runs where expired_at is not null").fetchall()
        self.conn.commit()
        return {run_id for (run_id,) in rows}

    def with_files(self) -> set[int]:
        """Runs of which there are files."""
        return {int(found.key.split("/")[1]) for found in self.storage.list("runs/")}

    def page(self, path: str) -> str:
        """A page of the site."""
        with self.storage.open(f"site/{path}") as file:
            return file.read().decode()

    def dangling(self) -> list[str]:
        """Links of the published pages that lead to nothing, as (page, link)."""
        keys = {found.key for found in self.storage.list("")}
        known = keys | {key.removeprefix("site/") for key in keys if key.startswith("site/")}
        bucket = self.storage.url("runs").removesuffix("runs")
        found = []
        for path in (key.removeprefix("site/") for key in keys if key.startswith(OF_RUNS) and key.endswith(".html")):
            seen = Seen()
            with self.storage.open(f"site/{path}") as file:
                seen.feed(file.read().decode())
            for link in seen.links:
                target = urldefrag(urljoin(ROOT + path, link))[0]
                place = target.removeprefix(ROOT).removeprefix(bucket)
                # `latest/` is not made here, and no business of retention.
                if target != place and place not in known and not place.startswith("latest/"):
                    found.append(f"{path} -> {place}")
        return found


@pytest.fixture
def attic(url: str, storage: Storage) -> Iterator[Attic]:
    """Empty."""
    with connect(url) as conn, open_pool(url) as pool:
        yield Attic(conn, storage, pool=pool)
