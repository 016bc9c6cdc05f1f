"""Processes that are killed with SIGKILL, each at a point that has a name: every run comes to exactly one end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.servers.serving import Response
from openaddr import workshop
from openaddr.db.records import RunStatus
from tests.deployments.processes import eventually
from tests.flows.conftest import SOURCE, Town
from tests.flows.killing import ends_noted, ends_of, kill_when, let_time_pass, stored, swept, victim
from tests.flows.reader import Reader
from tests.flows.victim import POINTS, RUNNING, SUCCEEDED

ON_A_FOLDER = tuple(POINTS)[::4]
"""Every fourth of the points, for they take 6 s each: `tests/faults` has all of them on a bucket."""
ON_A_BUCKET = ("the upload is half done", "the pointer is switched", "the copies are half switched")
"""Points at which the storage makes a difference."""


@pytest.fixture(autouse=True)
def ends(url: str) -> Iterator[None]:
    """The database notes the ends of runs."""
    with ends_noted(url):
        yield


@pytest.mark.slow
@pytest.mark.proves("I2", "I5", "I6", "I9", "I12", kind="worker killed")
@pytest.mark.parametrize(
    "kept_in, point", [("folder", point) for point in ON_A_FOLDER] + [("bucket", point) for point in ON_A_BUCKET]
)
def test_a_run_whose_worker_is_killed_when(point: str, town: Town, tmp_path: Path) -> None:
    good, at = town.run(), POINTS[point]
    town.publish(120)
    run_id = town.queued()
    if at.sends:
        assert town.work(run_id) is SUCCEEDED
    if point == "it downloads":
        town.web.responses["/a.csv"] = Response(b"no,street", stops_after=5, silent=True)
    with Reader(town.opened.storage, SOURCE, "addresses", "town") as reader:
        below = kill_when(point, run_id)
        assert below >= (2 if point == "it downloads" else bool(at.stage)), "a fork server, and the child that waits"
        town.web.responses.clear()
        assert town.row(run_id).status is at.status
        assert town.latest == good.id or at.status is SUCCEEDED, "the last good output is still there"
        assert (town.work(run_id) is None) is (at.status in (RUNNING, SUCCEEDED)), "nobody else has it meanwhile"
        let_time_pass(town, run_id)
        swept(town)
        assert (town.work(run_id) is SUCCEEDED) is (at.status is RUNNING)
        swept(town)
    assert (ends_of(town, run_id), town.row(run_id).rows) == (["succeeded"], 120)
    assert town.last_good == town.latest == run_id
    assert (reader.breaches, {*reader.shown} - {good.id}) == ([], {run_id})
    everything = stored(town, run_id)
    swept(town)
    assert town.work(run_id) is None and stored(town, run_id) == everything, "nothing is published twice"
    workshop.sweep(tmp_path / "work", {"openaddr-run-": 0.0})
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.proves("I2", "I6", kind="worker killed")
def test_a_run_whose_workers_are_all_killed_is_lost_and_the_latest_stays(town: Town) -> None:
    good = town.run()
    town.publish(120)
    run_id = town.queued()
    for point in ("it is claimed", "it conforms", "it is uploaded"):
        kill_when(point, run_id)
        let_time_pass(town, run_id)
        swept(town)
    lost = town.row(run_id)
    assert (lost.status, ends_of(town, run_id), town.latest) == (RunStatus.LOST, ["lost"], good.id)
    assert lost.problem is not None and lost.problem["code"] == "RUN_LOST"
    assert town.work(run_id) is None


@pytest.mark.proves("I12", kind="worker killed")
def test_the_next_attempt_goes_on_with_the_download_of_the_one_that_was_killed(town: Town, tmp_path: Path) -> None:
    town.publish(50_000)
    town.web.cuts, town.web.silence_after_cut = [500_000], True
    run_id = town.queued()
    with victim("it conforms", run_id):
        parts = "openaddr-run-*/**/.partial-*/*.part"
        eventually(lambda: any(path.stat().st_size for path in (tmp_path / "work").glob(parts)))
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
