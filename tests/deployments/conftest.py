"""One stack for all tests: the real `openaddr up` on a folder, with tiny flows, started, stopped, and started again."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import psycopg
import pytest
from prefect.client.orchestration import SyncPrefectClient

from deployments.embedded.service import ROOT
from tests.deployments.processes import concerned_with, eventually
from tests.github.payloads import REPOSITORY

FLOWS = '''
import asyncio
from pathlib import Path
from prefect import flow

@flow(name="tiny")
async def tiny(path: str, seconds: float = 0) -> None:
    """Says that it runs, then takes its time."""
    Path(path).write_text("ran")
    await asyncio.sleep(seconds)

@flow(name="sweep")
async def sweep() -> None:
    """Sweeps."""

@flow(name="ci-job")
async def ci_job(delivery_id: str) -> None:
    """Does what a delivery asks for."""
'''
FILE = """
name: tiny
deployments:
  - {name: batch, entrypoint: "flows/tiny.py:tiny", work_pool: {work_queue_name: batch}}
  - {name: ci, entrypoint: "flows/tiny.py:tiny", work_pool: {work_queue_name: ci}}
  - {name: ci-job, entrypoint: "flows/tiny.py:ci_job", work_pool: {work_queue_name: upkeep}}
  - name: sweep
    entrypoint: flows/tiny.py:sweep
    work_pool: {work_queue_name: upkeep}
    concurrency_limit: {limit: 1, collision_strategy: CANCEL_NEW}
    tags: [upkeep, ours]
    schedules:
      - {slug: yearly, cron: "0 21 1 1 *"}
      - {slug: daily, interval: 86400}
"""


@dataclass
class Up:
    """A running `openaddr up`."""

    process: subprocess.Popen[bytes]
    folder: Path
    prefect_file: Path
    output: Path

    @property
    def text(self) -> str:
        """What it has said so far."""
        return self.output.read_text()

    def place(self, name: str) -> str:
        """A row of its table."""
        found = re.search(rf"^  {name} +(\S+)", self.text, re.M)
        assert found, self.text
        return found[1]

    @property
    def api(self) -> str:
        """Address of the Prefect API."""
        return f"{self.place('Prefect')}/api"

    @property
    def database(self) -> str:
        """Address of our database, with the password."""
        password = (self.folder / "postgres" / "password").read_text()
        return self.place("Database").replace("@", f":{password}@")

    def stop(self, number: signal.Signals) -> float:
        """Ask it to stop; gives the seconds that it takes."""
        started = monotonic()
        self.process.send_signal(number)
        self.process.wait(60)
        return monotonic() - started


def start(folder: Path, prefect_file: Path, slots: int) -> Up:
    """`openaddr up`, once it says that it is up."""
    output = folder.parent / "output.txt"
    options = ["--folder", str(folder), "--prefect-file", str(prefect_file)]
    environment = os.environ | {
        "OPENADDR_WORKER_SLOTS": str(slots),
        "OPENADDR_REPOSITORIES": REPOSITORY,
        "COLUMNS": "100",
    }
    with output.open("wb") as file:
        command = [sys.executable, "-m", "openaddr", "up", *options]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file)
    found = Up(process, folder, prefect_file, output)
    eventually(lambda: "up; Ctrl-C" in found.text or process.poll() is not None, 200)
    assert process.poll() is None, found.text
    return found


@dataclass(frozen=True)
class FirstLife:
    """What was seen of the stack's first start, which Ctrl-C ended in the middle of a flow run."""

    seconds_to_stop: float
    exit_code: int
    last_words: str
    left: list[str]


@dataclass(frozen=True)
class Lives:
    """A stack that was started, stopped, and started again on the same folder."""

    first: FirstLife
    second: Up


def run_tiny(client: SyncPrefectClient, deployment: str, path: Path, seconds: float) -> object:
    """Ask for a run of the tiny flow; gives the id of the flow run."""
    found = client.read_deployment_by_name(deployment)
    parameters = {"path": str(path), "seconds": seconds}
    return client.create_flow_run_from_deployment(found.id, parameters=parameters).id


@pytest.fixture(scope="session")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lives]:
    """A stack with one slot for everybody and one for `ci`, in its second life."""
    place = tmp_path_factory.mktemp("stack")
    (place / "flows").mkdir()
    (place / "flows" / "tiny.py").write_text(FLOWS)
    (place / "prefect.yaml").write_text(FILE)
    up = start(place / "stack", place / "prefect.yaml", slots=1)
    with psycopg.connect(up.database) as connection:
        connection.execute("CREATE TABLE note (word text)")
        connection.execute("INSERT INTO note VALUES ('kept')")
    with SyncPrefectClient(up.api) as client:
        run_tiny(client, "tiny/batch", place / "first", 600)
    eventually((place / "first").exists, 120)
    seconds = up.stop(signal.SIGINT)
    first = FirstLife(seconds, up.process.returncode, up.text.splitlines()[-1], concerned_with(place))
    up = start(place / "stack", place / "prefect.yaml", slots=1)
    yield Lives(first, up)
    up.stop(signal.SIGTERM)
    assert concerned_with(place) == []


@pytest.fixture
def client(lives: Lives) -> Iterator[SyncPrefectClient]:
    """A client of the stack's Prefect server."""
    with SyncPrefectClient(lives.second.api) as found:
        yield found
