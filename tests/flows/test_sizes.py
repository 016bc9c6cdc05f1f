"""Runs for which their size class is too small, and size classes by what the last good run took."""

from dataclasses import replace

import pytest

from demo.servers.serving import Response
from flows.listing import list_set
from flows.origins import asked_for
from flows.reporting import report_of
from flows.working import work_on
from openaddr.db import last_good, runs, sets
from openaddr.db.records import Run, RunStatus, Trust
from openaddr.sizes import SIZE_CLASSES
from openaddr.stages import silent
from tests.flows.conftest import Town

TOO_LONG = Response(length=600_000_000)
"""More than a small source may have, and less than a medium one may."""
ENDLESS = Response(length=6_000_000_000)


@pytest.fixture
def kept_in() -> str:
    """The storage does not matter."""
    return "folder"


def codes(run: Run) -> list[str]:
    """The codes of the warnings of a run."""
    assert run.record is not None
    return [warning["code"] for warning in run.record["warnings"]]


def test_a_run_that_outgrows_its_class_is_tried_once_more_in_the_next_and_says_so(town: Town) -> None:
    run_id = town.queued()
    town.web.responses["/a.csv"] = TOO_LONG
    assert town.work(run_id) is RunStatus.QUEUED
    again = town.row(run_id)
    assert (again.size_class, again.attempt, again.dispatched_at, again.lease_token) == ("medium", 2, None, None)
    assert "As a small source it ended with TOO_LARGE" in report_of(town.opened, run_id).sentence
    town.web.responses.clear()
    assert town.work(run_id) is RunStatus.SUCCEEDED
    done = town.row(run_id)
    assert codes(done)[-1] == "SIZE_CLASS_RAISED" and town.last_good == run_id
    with town.opened.storage.open(f"runs/{run_id}/run.json") as stream:
        assert b"SIZE_CLASS_RAISED" in stream.read()


def test_it_is_tried_once_more_and_not_again(town: Town) -> None:
    run_id = town.queued()
    town.web.responses["/a.csv"] = ENDLESS
    assert (town.work(run_id), town.work(run_id)) == (RunStatus.QUEUED, RunStatus.FAILED)
    failed = town.row(run_id)
    assert failed.size_class == "medium" and failed.problem is not None and failed.problem["code"] == "TOO_LARGE"
    assert codes(failed) == ["SIZE_CLASS_RAISED"]


@pytest.mark.parametrize(
    ("trust", "size_class", "response"),
    [
        (Trust.UNMERGED, "small", TOO_LONG),
        (Trust.MERGED, "large", Response(length=60_000_000_000)),
        (Trust.MERGED, "small", Response(status=404)),
    ],
)
def test_strangers_the_largest_class_and_other_problems_have_one_try(
    town: Town, trust: Trust, size_class: str, response: Response
) -> None:
    run_id = town.queued(trust=trust, size_class=size_class)
    town.web.responses["/a.csv"] = response
    assert town.work(run_id) is RunStatus.FAILED
    assert (town.row(run_id).size_class, town.row(run_id).outgrown) == (size_class, "")


@pytest.mark.parametrize(("work_pool", "expected"), [("process", RunStatus.FAILED), ("kubernetes", RunStatus.QUEUED)])
def test_where_each_run_has_a_machine_a_larger_one_may_have_the_memory(
    town: Town, work_pool: str, expected: RunStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SIZE_CLASSES, "small", replace(SIZE_CLASSES["small"], memory_bytes=1_000_000))
    opened = replace(town.opened, settings=replace(town.opened.settings, work_pool=work_pool))
    run_id = town.queued()
    assert work_on(opened, run_id, "test", None, silent) is expected
    row = town.row(run_id)
    assert "MEMORY_LIMIT" in (row.outgrown or str(row.problem))


def test_who_lost_the_lease_puts_nothing_into_a_larger_class(town: Town) -> None:
    run_id = town.queued()
    with town.opened.pool.connection() as conn:
        old = runs.claim(conn, run_id, "old", None, 0, 60)
        new = runs.claim(conn, run_id, "new", None, 60, 60)
        assert old and new
        assert not runs.enlarge(conn, old, "medium", "it was too small")
        assert runs.enlarge(conn, new, "medium", "it was too small")
        assert not runs.enlarge(conn, new, "large", "it was too small")


def test_a_set_gives_each_source_the_class_that_its_last_good_run_asks_for(
    town: Town, tmp_path_factory: pytest.TempPathFactory
) -> None:
    origin = asked_for(town.opened.settings, "", "", str(town.checkout(tmp_path_factory.mktemp("sources"))))
    key = ("xx/town", "addresses", "town")
    town.run(size_class="large")
    with town.opened.pool.connection() as conn:
        assert last_good.size_classes(conn) == {key: "small"}
        conn.execute("update runs set record = jsonb_set(record, '{downloaded}', '1000000000')")
        assert last_good.size_classes(conn) == {key: "medium"}
        conn.execute("update runs set record = jsonb_set(record, '{downloaded}', '9000000000')")
        found = sets.start(conn, origin.repository, origin.head(), folder=origin.folder, fresh=True)
        assert found is not None
    list_set(town.opened, found, origin)
    with town.opened.pool.connection() as conn:
        classes = {run.source_id: run.size_class for run in runs.of_set(conn, found.id)}
    assert classes == {"xx/town": "large", "xx/gone": "medium", "xx/skipped": "medium", "xx/broken": "medium"}
