"""A record, a storage and a publisher's server for each test, runs to work on, and a Prefect server for all."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import State
from prefect.testing.utilities import prefect_test_harness

from demo.servers.files import FileServer
from flows.services import Services, services
from flows.working import work_on
from openaddr.db import last_good, runs, source_files
from openaddr.db.records import NewRun, Run, RunStatus, Trust
from openaddr.stages import silent
from openaddr.storage.keys import latest_stem
from openaddr.storage.latest import read_latest
from tests.buckets import bucket, credentials, s3_port
from tests.clients import collect, connections_of_prefect

__all__ = ["bucket", "connections_of_prefect", "credentials", "s3_port"]

SOURCE = "xx/town"
EXPECTED = {"xx/town": "succeeded", "xx/gone": "failed", "xx/skipped": "skipped", "xx/broken": "failed"}
"""How the source files of `Town.repository` end."""


@dataclass
class Town:
    """One source with one layer source, whose data tests write; `opened` are the services its runs use."""

    opened: Services
    web: FileServer
    folder: Path

    def publish(self, rows: int, street: str = "Main St") -> None:
        """Have the publisher publish so many rows."""
        lines = "".join(f"{row},{street},10.{row:05},50.5\n" for row in range(rows))
        (self.folder / "a.csv").write_text("no,street,x,y\n" + lines)

    def source(self, **conform: Any) -> bytes:
        """The text of the source file."""
        rules = {"format": "csv", "lon": "x", "lat": "y", "number": "no", "street": "street", **conform}
        entry = {"name": "town", "protocol": "http", "data": f"{self.web.url}/a.csv", "conform": rules}
        return json.dumps({"schema": 2, "coverage": {"geometry": {}}, "layers": {"addresses": [entry]}}).encode()

    def repository(self) -> dict[str, bytes]:
        """The files of a repository with a good source, one that fails, one to skip, and one that is no JSON."""
        good = self.source()
        skipped = json.loads(good)
        skipped["layers"]["addresses"][0]["skip"] = True
        return {
            "README.md": b"Sources.",
            "sources/xx/town.json": good,
            "sources/xx/gone.json": good.replace(b"a.csv", b"gone.csv"),
            "sources/xx/skipped.json": json.dumps(skipped).encode(),
            "sources/xx/broken.json": b"{",
        }

    def checkout(self, folder: Path) -> Path:
        """The same files in a folder."""
        root = folder / "repository"
        for name, content in self.repository().items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        return root

    def statuses(self, set_id: int) -> dict[str, str]:
        """How the runs of a set stand."""
        with self.opened.pool.connection() as conn:
            return {run.source_id: run.status.value for run in runs.of_set(conn, set_id)}

    def queued(self, trust: Trust = Trust.MERGED, content: bytes | None = None, **changes: Any) -> int:
        """A run in the queue; gives its id."""
        with self.opened.pool.connection() as conn:
            sha = source_files.save(conn, content or self.source())
            values: dict[str, Any] = {"source_id": SOURCE, "layer": "addresses", "name": "town", "size_class": "small"}
            return runs.queue(conn, NewRun(source_sha=sha, trust=trust, **values | changes)).id

    def work(self, run_id: int) -> RunStatus | None:
        """Work on a run as `source-run` does."""
        return work_on(self.opened, run_id, "test", None, silent)

    def run(self, **changes: Any) -> Run:
        """A run that was queued and worked on."""
        run_id = self.queued(**changes)
        self.work(run_id)
        return self.row(run_id)

    def row(self, run_id: int) -> Run:
        """A run as the record has it."""
        with self.opened.pool.connection() as conn:
            found = runs.get(conn, run_id)
        assert found is not None
        return found

    @property
    def last_good(self) -> int | None:
        """The run that the record calls the last good one."""
        with self.opened.pool.connection() as conn:
            found = last_good.get(conn, SOURCE, "addresses", "town")
        return found.run_id if found else None

    @property
    def latest(self) -> int | None:
        """The run that `latest/` shows to everybody."""
        found, _ = read_latest(self.opened.storage, latest_stem(SOURCE, "addresses", "town"))
        return found.run if found else None

    def files(self, run_id: int) -> set[str]:
        """Names of the files that are stored of a run."""
        return {listed.key.rsplit("/", 1)[1] for listed in self.opened.storage.list(f"runs/{run_id}/")}


@pytest.fixture(scope="package")
def prefect() -> Iterator[None]:
    """A Prefect server, for the modules whose tests run flows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DO_NOT_TRACK", "1")
        patch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        with prefect_test_harness(server_startup_timeout=120):
            yield
    collect()


def state_of(flow: Any, *arguments: Any, **keywords: Any) -> State[Any]:
    """The final state of a run of a flow."""
    state: State[Any] = asyncio.run(flow(*arguments, **keywords, return_state=True))
    return state


@pytest.fixture
def kept_in() -> str:
    """Where runs are stored: "folder", or "bucket" in modules whose tests have to pass with both."""
    return "folder"


@pytest.fixture
def opened(
    url: str, kept_in: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Services]:
    """Services as flows open them, by the settings."""
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("OPENADDR_STORAGE_FOLDER", str(tmp_path / "storage"))
    monkeypatch.setenv("OPENADDR_WORK_FOLDER", str(tmp_path / "work"))
    monkeypatch.setenv("OPENADDR_ALLOW_HOSTS", "127.0.0.1")
    monkeypatch.setenv("OPENADDR_RETRY_SECONDS", "0.01")
    (tmp_path / "work").mkdir()
    if kept_in == "bucket":
        monkeypatch.setenv("S3_BUCKET", request.getfixturevalue("bucket").bucket)
        monkeypatch.setenv("OPENADDR_S3_ENDPOINT_URL", f"http://127.0.0.1:{request.getfixturevalue('s3_port')}")
    with services() as opened:
        yield opened


@pytest.fixture
def town(opened: Services, web: FileServer, tmp_path: Path) -> Town:
    """A town whose publisher has 100 rows."""
    found = Town(opened, web, tmp_path / "web")
    found.publish(100)
    return found
