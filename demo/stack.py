"""The whole of Machine on this machine, and a set over the bundled sources through it: `python -m demo.stack`.

Exits with 0 when every run ended as it should, and leaves everything in the folder for `openaddr up --folder`.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import State
from psycopg import Connection

from demo import pull_request
from demo.pull_request import Proposal
from demo.run import MISTAKES, published
from deployments.stack import Stack
from openaddr import settings
from openaddr.collecting.areas import GLOBAL
from openaddr.db import collections, runs, sets
from openaddr.db.connections import connect
from openaddr.db.records import Collection, JobStatus, NewRun, Run, RunStatus

BATCH_SET, SOURCE_RUN, SITE = "batch-set/batch-set", "source-run/source-run", "publish-site/publish-site"
COLLECTION = "collection/collection"
REPOSITORY = "windmere"
AGAIN = ("xx/windmere/csv", "addresses", "city")
LIMIT_SECONDS = 900.0
LOOK_EVERY = 0.5
LINE = "{:>4}  {:<30} {:<12} {:<16} {:<10} {:>5}  {}"


def main() -> int:
    """Start the stack, run the set, print the table and where everything is."""
    parser = argparse.ArgumentParser(prog="python -m demo.stack", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("output/stack"), help="where everything is kept")
    folder: Path = parser.parse_args().folder
    # The guard refuses addresses of this machine unless an operator names them, which here is us.
    os.environ["OPENADDR_ALLOW_HOSTS"] = "127.0.0.1,localhost"
    started = time.monotonic()
    print("Starting Postgres, Prefect and workers", file=sys.stderr, flush=True)
    with published(folder / REPOSITORY), pull_request.github() as github, Stack(folder, settings.load()) as stack:
        found = _run_set(stack, folder / REPOSITORY)
        collected = _collect(stack)
        is_answered = _propose(stack, pull_request.propose(github, folder / REPOSITORY / "sources"))
        print(f"{len(found)} runs in {time.monotonic() - started:.0f} s; the mistakes are there on purpose.\n")
        print(stack.table())
        print("\nThe sources of the set together, as archive and GeoParquet:")
        print(*(f"  {stack.storage / each.key}  {each.rows:,} rows" for each in collected), sep="\n")
        print(f"\nStopping. `openaddr up --folder {folder}` starts it again, with all of this in it:")
        print(stack.addresses.shown["Site"])
    wrong = [run for run in found if not as_expected(run)]
    for run in wrong:
        print(f"NOT AS EXPECTED: run {run.id} {run.source_id} {run.layer} {run.name}", file=sys.stderr)
    return 1 if wrong or not found or not is_answered or not collected else 0


def _collect(stack: Stack) -> list[Collection]:
    """Bundle what the set has made; gives the files of the world."""
    with connected(stack) as conn, SyncPrefectClient(stack.addresses.api) as client:
        finished(client, COLLECTION, {})
        return [found for found in collections.published(conn) if found.manifest.get("area") == GLOBAL]


def _propose(stack: Stack, proposal: Proposal) -> bool:
    """Open a pull request and print what we say on it; whether that is what this demo wants to show."""
    started = time.monotonic()
    hook, secret = stack.addresses.shown["Webhook"].split()[0], (stack.folder / "webhook-secret").read_text()
    pull_request.deliver(proposal, hook, secret)
    with connected(stack) as conn, SyncPrefectClient(stack.addresses.api) as client:
        job = pull_request.answered(conn, proposal)
        finished(client, SITE, {})
        states = sorted(run.status for run in runs.of_job(conn, job.id))
    print(f"\nA pull request to {proposal.hosted.full_name} was answered in {time.monotonic() - started:.0f} s:\n")
    print(f"{proposal.answer}\n")
    return job.status is JobStatus.FAILED and states == [RunStatus.FAILED, RunStatus.SUCCEEDED]


def _run_set(stack: Stack, folder: Path) -> list[Run]:
    """Run a set and then one source again, whose data has not changed; prints and gives the runs."""
    with connected(stack) as conn, SyncPrefectClient(stack.addresses.api) as client:
        finished(client, BATCH_SET, {"folder": str(folder.resolve())})
        done = sets.latest_complete(conn, REPOSITORY)
        assert done is not None, "the flow of a set ends when the set is complete"
        found = runs.of_set(conn, done.id)
        again = runs.queue(conn, _again(next(run for run in found if _place(run) == AGAIN)))
        conn.commit()
        finished(client, SOURCE_RUN, {"run_id": again.id})
        conn.rollback()
        last = runs.get(conn, again.id)
    found += [last] if last else []
    print(LINE.format("run", "source", "layer", "name", "status", "rows", "log"))
    for run in found:
        print(shown(run, stack.storage))
    return found


@contextmanager
def connected(stack: Stack) -> Iterator[Connection[Any]]:
    """A connection to the record of the stack."""
    with connect(stack.addresses.environment["DATABASE_URL"]) as conn:
        yield conn


def finished(client: SyncPrefectClient, name: str, parameters: dict[str, Any]) -> State[Any]:
    """Run a deployment to its end. Raises TimeoutError, and RuntimeError when it does not complete."""
    deployment = client.read_deployment_by_name(name)
    flow_run = client.create_flow_run_from_deployment(deployment.id, parameters=parameters)
    ends = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < ends:
        state = client.read_flow_run(flow_run.id).state
        if state is not None and state.is_final():
            if not state.is_completed():
                raise RuntimeError(f"{name} ended as {state.name}: {state.message}")
            return state
        time.sleep(LOOK_EVERY)
    raise TimeoutError(f"{name} was not done after {LIMIT_SECONDS:g} seconds")


def _again(run: Run) -> NewRun:
    return NewRun(*_place(run), run.source_sha, run.trust, run.size_class, commit_sha=run.commit_sha)


def _place(run: Run) -> tuple[str, str, str]:
    return run.source_id, run.layer, run.name


def as_expected(run: Run) -> bool:
    """Whether a run ended the way this demo wants to show."""
    if run.source_id.endswith("/mistakes"):
        return run.problem is not None and run.problem["code"] == MISTAKES[run.name]
    if run.source_id.endswith("/skipped"):
        return run.status is RunStatus.SKIPPED
    is_again = run.set_id is None
    return run.status is RunStatus.SUCCEEDED and bool(run.record and run.record["unchanged"]) is is_again


def shown(run: Run, storage: Path) -> str:
    """A run as a line, with its problem below."""
    status = "unchanged" if run.copy_of else run.status.value
    log = storage / "runs" / str(run.id) / "log.txt"
    line = LINE.format(run.id, *_place(run), status, run.rows or 0, log)
    return f"{line}\n      {run.problem['code']}: {run.problem['message']}" if run.problem else line


if __name__ == "__main__":
    sys.exit(main())
