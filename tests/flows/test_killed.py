"""Processes that are killed with SIGKILL, each at a point that has a name: every run comes to exactly one end."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.servers.serving import Response
from deployments.embedded.keeper import descendants
from flows.sending import send_due
from openaddr import workshop
from openaddr.db import runs
from openaddr.db.connections import connect
from openaddr.db.records import RunStatus
from tests.deployments.processes import eventually, is_alive
from tests.flows.conftest import SOURCE, Town
from tests.flows.reader import Reader
from tests.flows.victim import POINTS, RUNNING, SUCCEEDED

ON_A_BUCKET = ("the upload is half done", "the pointer is switched", "the copies are half switched")
"""Points at which the storage makes a difference; the others are tried on a folder only."""
WATCH = """
create table ends (run_id bigint, status run_status);
create function note_end() returns trigger language plpgsql as $$
begin
    if new.finished_at is not null then insert into ends values (new.id, new.status); end if;
    return null;
end $$;
create trigger note_end after insert or update of status on runs for each row execute function note_end();
"""
FORGET = "drop trigger note_end on runs; drop function note_end; drop table ends"


@pytest.fixture
def ends(url: str) -> Iterator[Callable[[int], list[str]]]:
    """Gives the final statuses that were ever committed of a run: the database itself takes note of them."""
    with connect(url) as conn:
        conn.execute(WATCH)

    def of(run_id: int) -> list[str]:
        with connect(url) as conn:
            return [status for (status,) in conn.execute("select status from ends where run_id = %s", [run_id])]

    yield of
    with connect(url) as conn:
        conn.execute(FORGET)


def kill_when(point: str, run_id: int) -> None:
    """Have a process work on a run, and kill it at a point; whatever it has started dies with it."""
    command = [sys.executable, "-m", "tests.flows.victim", point, str(run_id)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": os.getcwd()}) as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == b"there\n"
        below = list(descendants(victim.pid))
        victim.send_signal(signal.SIGKILL)
    eventually(lambda: not any(map(is_alive, below)))
    assert len(below) >= (2 if POINTS[point].stage else 0), "a fork server and the child that works on the stage"


def let_time_pass(town: Town, run_id: int) -> None:
    """What was promised to the one that is dead runs out."""
    with town.opened.pool.connection() as conn:
        conn.execute("update runs set lease_until = clock_timestamp() - interval '1s' where id = %s", [run_id])
        conn.execute("update outbox set next_try_at = clock_timestamp()")


def swept(town: Town) -> None:
    """What the sweep does with the record."""
    with town.opened.pool.connection() as conn:
        runs.release_expired(conn)
    send_due(town.opened)


def stored(town: Town) -> dict[str, Any]:
    """What is stored of runs and as the latest, with when it was written."""
    keys = [found.key for prefix in ("runs/", "latest/") for found in town.opened.storage.list(prefix)]
    return {key: town.opened.storage.head(key) for key in keys}


@pytest.mark.parametrize(
    "kept_in, point", [("folder", point) for point in POINTS] + [("bucket", point) for point in ON_A_BUCKET]
)
def test_a_run_whose_worker_is_killed_when(
    point: str, town: Town, ends: Callable[[int], list[str]], tmp_path: Path
) -> None:
    good, at = town.run(), POINTS[point]
    town.publish(120)
    run_id = town.queued()
    if at.sends:
        assert town.work(run_id) is SUCCEEDED
    if point == "it downloads":
        town.web.responses["/a.csv"] = Response(b"no,street", stops_after=5, silent=True)
    with Reader(town.opened, SOURCE, "addresses", "town") as reader:
        kill_when(point, run_id)
        town.web.responses.clear()
        assert town.row(run_id).status is at.status
        assert town.latest == good.id or at.status is SUCCEEDED, "the last good output is still there"
        assert (town.work(run_id) is None) is (at.status in (RUNNING, SUCCEEDED)), "nobody else has it meanwhile"
        let_time_pass(town, run_id)
        swept(town)
        assert (town.work(run_id) is SUCCEEDED) is (at.status is RUNNING)
        swept(town)
    assert (ends(run_id), town.row(run_id).rows) == (["succeeded"], 120)
    assert town.last_good == town.latest == run_id
    assert (reader.breaches, {*reader.shown} - {good.id}) == ([], {run_id})
    everything = stored(town)
    swept(town)
    assert town.work(run_id) is None and stored(town) == everything, "nothing is published twice"
    workshop.sweep(tmp_path / "work", {"openaddr-run-": 0.0})
    assert list((tmp_path / "work").iterdir()) == []


def test_a_run_whose_workers_are_all_killed_is_lost_and_the_latest_stays(
    town: Town, ends: Callable[[int], list[str]]
) -> None:
    good = town.run()
    town.publish(120)
    run_id = town.queued()
    for point in ("it is claimed", "it conforms", "it is uploaded"):
        kill_when(point, run_id)
        let_time_pass(town, run_id)
        swept(town)
    lost = town.row(run_id)
    assert (lost.status, ends(run_id), town.latest) == (RunStatus.LOST, ["lost"], good.id)
    assert lost.problem is not None and lost.problem["code"] == "RUN_LOST"
    assert town.work(run_id) is None


def test_the_next_attempt_goes_on_with_the_download_of_the_one_that_was_killed(town: Town, tmp_path: Path) -> None:
    town.publish(50_000)
    town.web.cuts, town.web.silence_after_cut = [500_000], True
    run_id = town.queued()
    command = [sys.executable, "-m", "tests.flows.victim", "it conforms", str(run_id)]
    with subprocess.Popen(command, env=os.environ | {"PYTHONPATH": os.getcwd()}) as victim:
        parts = "openaddr-run-*/**/.partial-*/*.part"
        eventually(lambda: any(path.stat().st_size for path in (tmp_path / "work").glob(parts)))
        victim.send_signal(signal.SIGKILL)
    let_time_pass(town, run_id)
    swept(town)
    town.web.requests.clear()
    assert town.work(run_id) is SUCCEEDED
    assert [request.headers.get("range", "")[:6] for request in town.web.requests] == ["bytes="]
    assert town.row(run_id).rows == 50_000
    assert list((tmp_path / "work").iterdir()) == []


def test_the_folder_of_a_run_that_is_worked_on_is_not_swept(tmp_path: Path) -> None:
    with workshop.scratch(tmp_path, "openaddr-run-") as folder:
        assert workshop.sweep(tmp_path, {"openaddr-run-": 0.0}) == 0
        assert folder.is_dir()
