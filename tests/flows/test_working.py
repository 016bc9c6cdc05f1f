"""One run from its claim to its final status, on a real database and storage."""

import json
import threading
from pathlib import Path

import pytest

from demo.servers.serving import Response
from flows import policies
from openaddr.db import runs
from openaddr.db.records import Decision, RunStatus, Trust
from openaddr.deciding import decide
from openaddr.publication import make_latest
from openaddr.storage.keys import latest_stem
from openaddr.storage.latest import read_latest
from openaddr.storage.objects import MissingError
from tests.buckets import KINDS
from tests.flows.conftest import Town


@pytest.fixture(params=KINDS)
def kept_in(request: pytest.FixtureRequest) -> str:
    """Each kind of storage in turn."""
    return str(request.param)


def test_a_good_run_is_stored_recorded_and_the_latest(town: Town) -> None:
    run = town.run()
    assert (run.status, run.rows, run.problem) == (RunStatus.SUCCEEDED, 100, None)
    assert town.files(run.id) >= {"run.json", "log.txt", "addresses.zip", "extract.parquet", "manifest.json"}
    assert town.last_good == town.latest == run.id
    assert run.record is not None and run.record["rows"] == 100


@pytest.mark.proves("I5")
def test_the_latest_names_every_file_of_its_run_or_stays_as_it_is(town: Town) -> None:
    run, storage = town.run(), town.opened.storage
    stem = latest_stem(run.source_id, run.layer, run.name)
    before = read_latest(storage, stem)
    storage.delete(f"runs/{run.id}/addresses.zip")
    with pytest.raises(MissingError, match=f"runs/{run.id}/addresses.zip"):
        make_latest(storage, run)
    assert read_latest(storage, stem) == before and storage.head(f"{stem}.zip")


@pytest.mark.proves("I6")
def test_a_failed_run_is_stored_with_its_log_and_moves_nothing(town: Town) -> None:
    good = town.run()
    town.web.responses["/a.csv"] = Response(status=404)
    failed = town.run()
    assert failed.status is RunStatus.FAILED
    assert failed.problem is not None and failed.problem["code"] == "HTTP_404"
    assert town.files(failed.id) == {"run.json", "log.txt"}
    assert town.last_good == town.latest == good.id


def test_a_source_file_of_which_nothing_can_be_used_says_why(town: Town) -> None:
    run = town.run(content=b'{"schema": 2,', layer="", name="")
    assert run.status is RunStatus.FAILED
    assert run.problem is not None and run.problem["code"] == "SOURCE_JSON_INVALID"


def test_a_source_keeps_its_name_when_that_has_a_dot(town: Town) -> None:
    run = town.run(source_id="xx/st.town")
    assert run.record is not None and (run.status, run.record["source"]) == (RunStatus.SUCCEEDED, "xx/st.town")


def test_data_that_has_not_changed_costs_one_request_and_the_latest_stays(town: Town) -> None:
    first = town.run()
    town.web.requests.clear()
    again = town.run()
    assert (again.status, again.rows, again.copy_of, again.files_of) == (RunStatus.SUCCEEDED, 100, first.id, first.id)
    assert len(town.web.requests) == 1
    assert again.record is not None and again.record["unchanged"] is True
    assert town.latest == first.id


def test_a_run_asked_to_be_fresh_is(town: Town) -> None:
    town.run()
    again = town.run(fresh=True)
    assert (again.status, again.copy_of) == (RunStatus.SUCCEEDED, None)
    assert town.latest == again.id


@pytest.mark.proves("I6")
def test_a_source_that_drops_by_half_never_moves_the_latest_until_it_is_approved(town: Town) -> None:
    good = town.run()
    town.publish(50)
    held = town.run()
    assert held.status is RunStatus.HELD
    assert held.problem is not None and held.problem["code"] == "ROWS_DROPPED"
    assert "50 rows" in held.problem["message"] and "100" in held.problem["message"]
    assert town.last_good == town.latest == good.id
    assert "addresses.zip" in town.files(held.id), "it is published all the same, where it can be looked at"
    with town.opened.storage.open(f"runs/{held.id}/run.json") as file:
        assert json.loads(file.read())["status"] == "held"
    told = decide(town.opened.settings, held.id, Decision.APPROVED, "somebody", "the town was divided")
    assert "now the latest" in told
    assert town.last_good == town.latest == held.id
    with pytest.raises(LookupError, match="is held and approved"):
        decide(town.opened.settings, held.id, Decision.REJECTED, "somebody else", "no")


def test_a_rejected_run_never_becomes_the_latest(town: Town) -> None:
    good = town.run()
    town.publish(50)
    held = town.run()
    decide(town.opened.settings, held.id, Decision.REJECTED, "somebody", "half is gone")
    assert town.latest == good.id
    assert town.row(held.id).decided_reason == "half is gone"


def test_streets_that_are_gone_hold_a_run_too(town: Town) -> None:
    town.run()
    town.publish(100, street="")
    held = town.run()
    assert held.problem is not None and (held.status, held.problem["code"]) == (RunStatus.HELD, "FIELD_EMPTIED")


def test_rows_outside_of_what_a_source_covers_hold_even_its_first_run(town: Town) -> None:
    elsewhere = json.loads(town.source()) | {"coverage": {"country": "us", "US Census": {"geoid": "33"}}}
    held = town.run(content=json.dumps(elsewhere, indent=1).encode())
    assert held.problem is not None and (held.status, held.problem["code"]) == (RunStatus.HELD, "OUTSIDE_COVERAGE")
    assert held.problem["message"].startswith("100 of 100 rows (100 %) lie outside"), held.problem
    assert held.problem["line"] == 3, "the line of `coverage` in the source file"
    assert held.record is not None and held.record["misplaced"]["outside"] == 100
    assert (town.last_good, town.latest) == (None, None)


@pytest.mark.proves("I7")
@pytest.mark.parametrize("trust", [Trust.UNMERGED, Trust.UNKNOWN])
def test_what_is_not_merged_is_stored_and_never_the_latest(town: Town, trust: Trust) -> None:
    run = town.run(trust=trust)
    assert (run.status, town.last_good, town.latest) == (RunStatus.SUCCEEDED, None, None)
    assert "addresses.zip" in town.files(run.id)


@pytest.mark.proves("I9")
def test_of_two_who_work_on_a_run_one_leaves(town: Town) -> None:
    run_id = town.queued()
    answers: list[RunStatus | None] = []
    threads = [threading.Thread(target=lambda: answers.append(town.work(run_id))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, answers)) == ["None", "succeeded"]
    assert town.work(run_id) is None, "and one that is final is nobody's"


@pytest.mark.proves("I2")
def test_who_has_lost_the_lease_stops_working_and_publishes_nothing(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policies, "RENEW_SECONDS", 0.05)
    town.web.responses["/a.csv"] = Response(b"no,street", stops_after=5, silent=True)
    run_id = town.queued()
    answers: list[RunStatus | None] = []
    zombie = threading.Thread(target=lambda: answers.append(town.work(run_id)))
    zombie.start()
    town.web.wait_until(lambda: bool(town.web.requests))
    with town.opened.pool.connection() as conn:
        conn.execute("update runs set lease_until = clock_timestamp() - interval '1s' where id = %s", [run_id])
        lease = runs.claim(conn, run_id, "another", None, 60, 60)
    assert lease is not None
    zombie.join(20)
    assert answers == [None]
    # What it had logged while the run was its own stays until the next one has something to say.
    assert (town.files(run_id), town.row(run_id).status) == ({"log.txt"}, RunStatus.RUNNING)


@pytest.mark.proves("I12")
def test_work_folders_are_gone_afterwards(town: Town, tmp_path: Path) -> None:
    town.run()
    town.run(content=b"{}", layer="", name="")
    assert list((tmp_path / "work").iterdir()) == []
