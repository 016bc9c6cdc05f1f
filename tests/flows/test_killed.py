"""Workers that are killed: each run comes to exactly one end, and the last good output stays."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from demo.servers.serving import Response
from openaddr import workshop
from openaddr.db import runs
from openaddr.db.records import RunStatus
from tests.flows.conftest import Town

WORK = """
import sys
from flows.services import services
from flows.working import work_on
from openaddr.stages import silent
with services() as opened:
    work_on(opened, int(sys.argv[1]), "victim", None, silent)
"""


def in_the_download(town: Town, run_id: int) -> bool:
    return len(town.web.requests) > 1


def in_the_upload(town: Town, run_id: int) -> bool:
    return bool(town.files(run_id))


MOMENTS: dict[str, Callable[[Town, int], bool]] = {"download": in_the_download, "upload": in_the_upload}


def victim_of(run_id: int, work_folder: Path) -> subprocess.Popen[bytes]:
    """A process that works on a run."""
    environment = os.environ | {"OPENADDR_WORK_FOLDER": str(work_folder)}
    return subprocess.Popen([sys.executable, "-c", WORK, str(run_id)], env=environment)


def release(town: Town, run_id: int) -> None:
    """Have the lease of a run expire, and the run queued again."""
    with town.opened.pool.connection() as conn:
        conn.execute("update runs set lease_until = clock_timestamp() - interval '1s' where id = %s", [run_id])
        assert [run.status for run in runs.release_expired(conn)] == [RunStatus.QUEUED]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_worker_killed_in_the(moment: str, town: Town, tmp_path: Path) -> None:
    good = town.run()
    town.publish(120)
    if moment == "download":
        town.web.responses["/a.csv"] = Response(b"no,street", stops_after=5, silent=True)
    run_id = town.queued()
    with victim_of(run_id, tmp_path) as victim:
        while not MOMENTS[moment](town, run_id):
            assert victim.poll() is None
        victim.send_signal(signal.SIGKILL)
    assert town.row(run_id).status is RunStatus.RUNNING
    assert town.last_good == town.latest == good.id
    town.web.responses.clear()
    release(town, run_id)
    assert town.work(run_id) is RunStatus.SUCCEEDED
    assert town.last_good == town.latest == run_id
    assert town.row(run_id).rows == 120
    left = list(tmp_path.glob("openaddr-run-*"))
    assert len(left) == 1 and workshop.sweep(tmp_path, {"openaddr-run-": 0.0}) == 1
    assert list(tmp_path.glob("openaddr-run-*")) == []


def test_the_next_attempt_goes_on_with_the_download_of_the_one_that_was_killed(town: Town, tmp_path: Path) -> None:
    town.opened = replace(town.opened, settings=replace(town.opened.settings, work_folder=str(tmp_path)))
    town.publish(50_000)
    town.web.cuts, town.web.silence_after_cut = [500_000], True
    run_id = town.queued()
    with victim_of(run_id, tmp_path) as victim:
        while not any(path.stat().st_size for path in tmp_path.glob("openaddr-run-*/**/.partial-*/*.part")):
            assert victim.poll() is None
        victim.send_signal(signal.SIGKILL)
    release(town, run_id)
    town.web.requests.clear()
    assert town.work(run_id) is RunStatus.SUCCEEDED
    assert [request.headers.get("range", "")[:6] for request in town.web.requests] == ["bytes="]
    assert town.row(run_id).rows == 50_000
    assert list(tmp_path.glob("openaddr-run-*")) == []


def test_a_first_run_that_was_killed_in_the_upload_becomes_the_latest_all_the_same(town: Town, tmp_path: Path) -> None:
    town.opened = replace(town.opened, settings=replace(town.opened.settings, work_folder=str(tmp_path)))
    run_id = town.queued()
    with victim_of(run_id, tmp_path) as victim:
        while not in_the_upload(town, run_id):
            assert victim.poll() is None
        victim.send_signal(signal.SIGKILL)
    release(town, run_id)
    assert town.work(run_id) is RunStatus.SUCCEEDED
    assert town.last_good == town.latest == run_id


def test_the_folder_of_a_run_that_is_worked_on_is_not_swept(tmp_path: Path) -> None:
    with workshop.scratch(tmp_path, "openaddr-run-") as folder:
        assert workshop.sweep(tmp_path, {"openaddr-run-": 0.0}) == 0
        assert folder.is_dir()
