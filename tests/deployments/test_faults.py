"""A real stack whose parts are killed under a run: the run ends once, on the record and in Prefect."""

import asyncio
import json
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar
from uuid import UUID

import httpx
import psycopg
import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import arun_deployment
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from prefect.states import Crashed
from psycopg_pool import ConnectionPool

from demo.servers.files import FileServer
from demo.servers.serving import Request, Response
from deployments.embedded.keeper import descendants
from deployments.embedded.service import Service
from deployments.stack import Stack
from flows import policies
from flows.closing import close_stuck
from flows.handing_over import Desk, desk
from flows.sweep import sweep
from openaddr import settings
from openaddr.db import runs, source_files
from openaddr.db.connections import open_pool
from openaddr.db.records import NewRun, Run, RunStatus, Trust
from tests.clients import collect, connections_of_prefect
from tests.deployments.processes import eventually, is_alive

__all__ = ["connections_of_prefect"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("connections_of_prefect"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

SHORT = {"LEASE_SECONDS": 4.0, "RENEW_SECONDS": 0.5, "UNCLAIMED_SECONDS": 1.0}
"""What takes minutes in life. The flows of the stack and the sweeps of these tests go by it."""
QUICK = f"""
from flows import policies

for name, seconds in {SHORT}.items():
    setattr(policies, name, seconds)

from flows.batch_set import batch_set
from flows.source_run import source_run
from flows.source_runs import source_runs
from flows.sweep import sweep
"""
FILE = """
name: quick
deployments:
  - {name: source-run, entrypoint: "quick.py:source_run", work_pool: {work_queue_name: ci}}
  - {name: source-runs, entrypoint: "quick.py:source_runs", work_pool: {work_queue_name: batch}}
  - {name: batch-set, entrypoint: "quick.py:batch_set", work_pool: {work_queue_name: scheduled}}
"""


Asked = TypeVar("Asked")


def at_desk(asked: Callable[[Desk], Awaitable[Asked]]) -> Asked:
    """The answer of a desk that is open for one question."""

    async def ask() -> Asked:
        async with desk() as where:
            return await asked(where)

    return asyncio.run(ask())


class Publisher(FileServer):
    """A server whose answers may be held back."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.gate = threading.Event()

    def answer(self, request: Request) -> Response:
        self.gate.wait()
        return super().answer(request)


@dataclass
class World:
    """A stack, a publisher, and a pool of connections to the record."""

    stack: Stack
    web: Publisher
    pool: ConnectionPool[Any]
    client: SyncPrefectClient

    def silence(self) -> None:
        """Let the data not come before `answer`."""
        self.web.requests.clear()
        self.web.gate.clear()

    def answer(self) -> None:
        """Let the data come."""
        self.web.gate.set()

    def source(self) -> bytes:
        """The text of a source file."""
        rules = {"format": "csv", "lon": "x", "lat": "y", "number": "no", "street": "street"}
        entry = {"name": "town", "protocol": "http", "data": f"{self.web.url}/a.csv", "conform": rules}
        return json.dumps({"schema": 2, "coverage": {"geometry": {}}, "layers": {"addresses": [entry]}}).encode()

    def queued(self, *, dispatched: bool = False, source_id: str = "xx/town") -> Run:
        """A run in the queue."""
        with self.pool.connection() as conn:
            sha = source_files.save(conn, self.source())
            run = runs.queue(conn, NewRun(source_id, "addresses", "town", sha, Trust.MERGED, "small", fresh=True))
            assert not dispatched or runs.mark_dispatched(conn, run.id)
        return run

    def handed_over(self) -> tuple[Run, FlowRun]:
        """A run for which Prefect was asked, and which waits for its data."""
        self.silence()
        run = self.queued(dispatched=True)
        return run, at_desk(lambda where: where.hand_over(run))

    def at_work(self) -> tuple[Run, FlowRun]:
        """A run that was begun, and waits for its data."""
        run, flow_run = self.handed_over()
        eventually(lambda: self.row(run).status is RunStatus.RUNNING and len(self.web.requests) > 0, 120)
        return run, flow_run

    def row(self, run: Run) -> Run:
        """The run as it is now."""
        with self.pool.connection() as conn:
            found = runs.get(conn, run.id)
        assert found
        return found

    def state(self, flow_run: FlowRun | UUID | None) -> str | None:
        """The state of a flow run as it is now, None while Prefect does not say."""
        with suppress(httpx.HTTPError):
            found = flow_run.id if isinstance(flow_run, FlowRun) else flow_run
            return self.client.read_flow_run(found).state_name if found else None
        return None

    def swept_until_final(self, run: Run) -> tuple[RunStatus, int]:
        """Sweep every second until a run is final; its status, and in which attempt."""
        last = 0.0

        def look() -> bool:
            nonlocal last
            if monotonic() - last > 1:
                asyncio.run(sweep())
                last = monotonic()
            return self.row(run).status.is_final

        eventually(look, 120)
        return self.row(run).status, self.row(run).attempt

    def parts(self, name: str) -> list[Service]:
        """The parts of the stack whose name begins so."""
        return [part for part in self.stack.services if part.program.name.startswith(name)]

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> list[int]:
        """Kill parts of the stack, not their keepers; gives all processes that lived there."""
        parts = self.parts(name)
        below = [pid for part in parts for pid in descendants(part.keeper)]
        for part in parts:
            for child in Path(f"/proc/{part.keeper}/task/{part.keeper}/children").read_text().split():
                os.kill(int(child), number)
        return below

    @contextmanager
    def away(self, name: str, number: signal.Signals) -> Iterator[None]:
        """A part of the stack is killed, and its keeper starts it again when the block ends."""
        (part,) = self.parts(name)
        os.kill(part.keeper, signal.SIGSTOP)
        below = self.kill(name, number)
        eventually(lambda: not any(map(is_alive, below)))
        try:
            yield
        finally:
            os.kill(part.keeper, signal.SIGCONT)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the flows, of what is published and of the stack."""
    folder = tmp_path_factory.mktemp("faults")
    (folder / "quick.py").write_text(QUICK)
    (folder / "prefect.yaml").write_text(FILE)
    (folder / "web").mkdir()
    lines = "".join(f"{row},Main St,10.{row:05},50.5\n" for row in range(100))
    (folder / "web" / "a.csv").write_text("no,street,x,y\n" + lines)
    return folder


@contextmanager
def running(place: Path, web: Publisher) -> Iterator[World]:
    """The stack, and everything that talks to it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENADDR_ALLOW_HOSTS", "127.0.0.1")
        for name, seconds in SHORT.items():
            patch.setattr(policies, name, seconds)
        with Stack(place / "stack", settings.load(), place / "prefect.yaml") as stack:
            for name, value in stack.addresses.environment.items():
                patch.setenv(name, value)
            api = stack.addresses.api
            with (
                temporary_settings({PREFECT_API_URL: api, PREFECT_CLIENT_MAX_RETRIES: 0}),
                SyncPrefectClient(api) as client,
                open_pool(stack.addresses.environment["DATABASE_URL"]) as pool,
            ):
                yield World(stack, web, pool, client)
    collect()


@pytest.fixture(scope="module")
def web(place: Path) -> Iterator[Publisher]:
    """The publisher of the data."""
    with Publisher(place / "web") as web:
        yield web
        web.gate.set()


@pytest.fixture(scope="module")
def life(web: Publisher) -> Iterator[ExitStack]:
    """The life of the stack: who closes it stops the stack."""
    with ExitStack() as life:
        yield life


@pytest.fixture(scope="module")
def world(place: Path, web: Publisher, life: ExitStack) -> World:
    """The stack in its first life."""
    return life.enter_context(running(place, web))


@pytest.mark.proves("I2", kind="workers of Prefect killed with their flow runs")
def test_runs_whose_workers_and_flow_runs_are_killed_together_end_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, _ = world.at_work()
    taken, flow_run = world.handed_over()
    eventually(lambda: world.state(flow_run) in ("Pending", "Submitting"), 60)
    below = world.kill("worker")
    eventually(lambda: not any(map(is_alive, below)))
    world.answer()
    with monkeypatch.context() as later:
        later.setattr(policies, "PENDING_SECONDS", 0.0)
        assert asyncio.run(close_stuck()) == 1
    assert world.swept_until_final(begun) == (RunStatus.SUCCEEDED, 2)
    assert world.swept_until_final(taken) == (RunStatus.SUCCEEDED, 1)
    assert world.state(flow_run) == "Crashed" and world.row(taken).flow_run_id != flow_run.id


@pytest.mark.proves("I2", kind="workers of Prefect killed with their flow runs")
def test_small_runs_in_one_flow_run_end_once_each_though_it_is_killed_in_the_midst(world: World) -> None:
    world.silence()
    found = [world.queued(dispatched=True, source_id=f"xx/town-{number}") for number in range(3)]
    flow_run = at_desk(lambda where: where.hand_over_together(found, "batch"))
    with world.pool.connection() as conn:
        runs.note_flow_run(conn, [run.id for run in found], flow_run.id)
    assert at_desk(lambda where: where.forgotten(found)) == found, "nothing was noted with what was read before"
    noted = [world.row(run) for run in found]
    assert at_desk(lambda where: where.forgotten(noted)) == []
    eventually(lambda: world.row(found[0]).status is RunStatus.RUNNING and len(world.web.requests) > 0, 120)
    below = world.kill("worker")
    eventually(lambda: not any(map(is_alive, below)))
    world.answer()
    ends = [world.swept_until_final(run) for run in found]
    assert ends == [(RunStatus.SUCCEEDED, 2), (RunStatus.SUCCEEDED, 1), (RunStatus.SUCCEEDED, 1)]


@pytest.mark.proves("I9")
def test_whoever_asks_again_gets_the_same_flow_run_until_it_is_dead(world: World) -> None:
    run = world.queued(dispatched=True)
    world.client.update_work_queue(world.client.read_work_queue_by_name("ci", "machine").id, is_paused=True)
    first = at_desk(lambda where: where.hand_over(run))
    assert at_desk(lambda where: where.hand_over(run)).id == first.id
    assert at_desk(lambda where: where.forgotten([run])) == []
    world.client.set_flow_run_state(first.id, Crashed())
    assert at_desk(lambda where: where.forgotten([run])) == [run]
    second = at_desk(lambda where: where.hand_over(run))
    assert second.id != first.id and at_desk(lambda where: where.hand_over(run)).id == second.id
    world.client.update_work_queue(world.client.read_work_queue_by_name("ci", "machine").id, is_paused=False)
    assert world.swept_until_final(run) == (RunStatus.SUCCEEDED, 1)


@pytest.mark.proves("I2", kind="database away when a run ends")
def test_the_end_of_a_run_is_written_once_the_database_is_back(world: World) -> None:
    run, flow_run = world.at_work()
    logs = [world.stack.logs / f"{name}.log" for name in ("worker", "worker-ci")]
    with world.away("Postgres", signal.SIGQUIT):
        world.answer()
        eventually(lambda: any("trying again" in log.read_text() for log in logs), 60)
    eventually(lambda: world.state(flow_run) == "Succeeded", 120)
    assert (world.row(run).status, world.row(run).attempt) == (RunStatus.SUCCEEDED, 1)


@pytest.mark.proves("I2", kind="Prefect away")
def test_a_set_goes_on_while_prefect_is_away_and_what_waits_begins_once_it_is_back(
    world: World, tmp_path: Path
) -> None:
    for name in "abc":
        path = tmp_path / "towns" / "sources" / "xx" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(world.source())
    world.silence()
    folder = {"folder": str(tmp_path / "towns")}
    flow_run = asyncio.run(arun_deployment("batch-set/batch-set", parameters=folder, timeout=0))
    eventually(lambda: len(world.web.requests) > 1, 60)
    waiting = world.queued()
    with world.away("Prefect server", signal.SIGKILL):
        with pytest.raises(httpx.TransportError):
            asyncio.run(sweep())
        world.answer()
        eventually(lambda: RunStatus.SUCCEEDED in {run.status for run in of_set(world)}, 60)
    eventually(lambda: world.state(flow_run) == "Completed", 120)
    assert {(run.status, run.attempt) for run in of_set(world)} == {(RunStatus.SUCCEEDED, 1)}
    assert world.swept_until_final(waiting) == (RunStatus.SUCCEEDED, 1)


def of_set(world: World) -> list[Run]:
    """The runs of the only set."""
    with world.pool.connection() as conn:
        return runs.of_set(conn, 1)


def ended(world: World) -> list[Run]:
    """The runs that are final."""
    with world.pool.connection() as conn:
        return [run for run in runs.recent(conn, 1_000) if run.status.is_final]


def public(world: World) -> dict[str, str]:
    """Everything that is published, by what is in it."""
    files = (path for path in world.stack.storage.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path): sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.proves("I2", "I5", kind="Prefect wiped")
def test_wiping_what_prefect_knows_loses_nothing_that_is_public_and_no_run(
    world: World, place: Path, life: ExitStack
) -> None:
    world.answer()
    good = world.queued()
    assert world.swept_until_final(good) == (RunStatus.SUCCEEDED, 1)
    eventually(lambda: world.state(world.row(good).flow_run_id) == "Succeeded")
    waiting, before, rows = world.queued(dispatched=True), public(world), ended(world)
    address = world.stack.addresses.environment["DATABASE_URL"]
    with psycopg.connect(address, autocommit=True) as conn:
        conn.execute("drop database prefect with (force)")
    life.close()
    again = life.enter_context(running(place, world.web))
    assert "created deployment source-run/source-run" in again.stack.changes, "it knew nothing"
    assert (public(again), ended(again)) == (before, rows) and len(before) > 20
    assert again.swept_until_final(waiting) == (RunStatus.SUCCEEDED, 1)
