"""`python -m benchmarks.flows`: what the whole stack carries on this machine, in real flow runs of tiny sources.

It starts a stack of its own in a temporary folder and prints: runs a minute by a set, and by the worker; how long it
takes to hand thousands of runs to Prefect; and how soon a run of a pull request starts behind a full batch queue.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient
from prefect.settings import PREFECT_API_URL, temporary_settings
from psycopg import Connection

from demo.servers.files import FileServer
from demo.stack import BATCH_SET, connected, finished
from deployments.stack import Stack
from flows import policies
from flows.handing_over import Desk, desk
from openaddr import settings
from openaddr.db import runs, sets, source_files
from openaddr.db.records import NewRun, Run, RunStatus, Trust

LOOK_EVERY = 0.2
LIMIT_SECONDS = 1200.0
DISPATCH_GOAL, START_GOAL = 600.0, 60.0


@dataclass(frozen=True)
class Bench:
    """A stack that runs, with a publisher beside it."""

    stack: Stack
    web: FileServer
    conn: Connection[object]

    def source(self, number: int) -> bytes:
        """The text of a source that differs from the others."""
        rules = {"format": "csv", "lon": "x", "lat": "y", "number": "no", "street": "street"}
        entry = {"name": "city", "protocol": "http", "data": f"{self.web.url}/a.csv?{number}", "conform": rules}
        return json.dumps({"schema": 2, "coverage": {"geometry": {}}, "layers": {"addresses": [entry]}}).encode()

    def queued(self, numbers: range) -> list[Run]:
        """Runs outside of any set."""
        found = []
        for number in numbers:
            sha = source_files.save(self.conn, self.source(number))
            new = NewRun(f"xx/{number}", "addresses", "city", sha, Trust.UNMERGED, "small")
            found.append(runs.queue(self.conn, new))
        self.conn.commit()
        return found

    def row(self, run_id: int) -> Run:
        """A run as the record has it now."""
        self.conn.rollback()
        found = runs.get(self.conn, run_id)
        assert found is not None
        return found

    def wait(self, waited_for: list[Run], *, begun: bool = False) -> None:
        """Wait until all are final, or have begun. Raises TimeoutError."""
        ends, left = time.monotonic() + LIMIT_SECONDS, [run.id for run in waited_for]
        while left:
            if time.monotonic() > ends:
                raise TimeoutError(f"{len(left)} runs are not done after {LIMIT_SECONDS:g} seconds")
            time.sleep(LOOK_EVERY)
            rows = [self.row(run_id) for run_id in left]
            left = [row.id for row in rows if not (row.status.is_final or (begun and row.started_at))]


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    """A stack in a folder."""
    os.environ["OPENADDR_ALLOW_HOSTS"] = "127.0.0.1"
    published = folder / "web"
    published.mkdir(parents=True)
    rows = "".join(f"{row},Main Street,10.{row:05},50.5\n" for row in range(100))
    (published / "a.csv").write_text("no,street,x,y\n" + rows)
    with (
        FileServer(published) as web,
        Stack(folder / "stack", settings.load()) as stack,
        temporary_settings({PREFECT_API_URL: stack.addresses.api}),
        connected(stack) as conn,
    ):
        yield Bench(stack, web, conn)


def by_a_set(bench: Bench, count: int, folder: Path) -> None:
    """How many runs a minute the flow of a set gets through."""
    for number in range(count):
        path = folder / "many" / "sources" / "xx" / f"{number}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bench.source(number))
    started = time.monotonic()
    with SyncPrefectClient(bench.stack.addresses.api) as client:
        finished(client, BATCH_SET, {"folder": str(folder / "many")})
    seconds = time.monotonic() - started
    bench.conn.rollback()
    done = sets.latest_complete(bench.conn, "many")
    assert done is not None
    good = sum(run.status is RunStatus.SUCCEEDED for run in runs.of_set(bench.conn, done.id))
    print(f"  a set of {count}: {seconds:.0f} s, {60 * good / seconds:.0f} good runs a minute, the start included")


def by_the_worker(bench: Bench, count: int) -> None:
    """How many runs a minute the worker gets through, each in a process of its own."""
    queued = bench.queued(range(10_000, 10_000 + count))
    started = time.monotonic()
    handed_over(queued, None)
    bench.wait(queued)
    seconds = time.monotonic() - started
    print(f"  {count} runs by the worker: {seconds:.0f} s, {60 * count / seconds:.0f} runs a minute")


def handing(bench: Bench, count: int, behind: int) -> None:
    """How long handing over takes, and how soon a run of the `ci` queue starts behind `behind` runs and all."""
    queued = bench.queued(range(20_000, 20_000 + count))
    started = time.monotonic()
    handed_over(queued[:behind], "batch")
    begun = time.monotonic()
    (ours,) = bench.queued(range(19_999, 20_000))
    handed_over([ours], None)
    bench.wait([ours], begun=True)
    waited = time.monotonic() - begun
    print(f"  a run of `ci` behind {behind} of `batch`: started after {waited:.1f} s, goal {START_GOAL:g} s")
    print(f"  {behind} runs handed to Prefect while workers here take both cores: {begun - started:.0f} s")
    with SyncPrefectClient(bench.stack.addresses.api) as client:
        client.update_work_queue(client.read_work_queue_by_name("batch", "machine").id, is_paused=True)
    again = time.monotonic()
    handed_over(queued[behind:], "batch")
    seconds, handed = time.monotonic() - again, count - behind
    print(f"  {handed} runs handed to a fleet elsewhere: {seconds:.0f} s, goal {DISPATCH_GOAL:g} s for 3,000")


def handed_over(found: list[Run], queue: str | None) -> None:
    """Hand runs over, as many at once as the flow of a set does for a fleet."""

    async def some(where: Desk, mine: list[Run]) -> None:
        for run in mine:
            await where.hand_over(run, queue)

    async def all_of_them() -> None:
        at_once = policies.HANDED_AT_ONCE
        async with desk() as where:
            await asyncio.gather(*(some(where, found[start::at_once]) for start in range(at_once)))

    asyncio.run(all_of_them())


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flows", description=__doc__)
    parser.add_argument("--set", type=int, default=60, help="runs of the set")
    parser.add_argument("--worker", type=int, default=20, help="runs of the worker")
    parser.add_argument("--handed", type=int, default=3000, help="runs handed over")
    parser.add_argument("--behind", type=int, default=200, help="runs of the batch queue before one of a pull request")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name, bench(Path(name)) as found:
        by_a_set(found, options.set, Path(name))
        by_the_worker(found, options.worker)
        handing(found, options.handed, options.behind)


if __name__ == "__main__":
    main()
