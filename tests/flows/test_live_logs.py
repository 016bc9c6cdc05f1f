"""The log of a run is in storage while it goes on, and stays there when its worker is killed."""

import threading
from typing import Any

import pytest

from dashboards.site import publish
from flows import live_logs, policies
from flows.live_logs import Lines, LiveLog, bounded
from openaddr.db import runs
from openaddr.db.records import Lease, RunStatus
from openaddr.storage.keys import run_log
from openaddr.storage.objects import ALWAYS_ASK, NEVER_CHANGES, Stored
from tests.buckets import KINDS
from tests.deployments.processes import eventually
from tests.flows.conftest import Town
from tests.flows.killing import let_time_pass, swept, victim


@pytest.fixture(params=KINDS)
def kept_in(request: pytest.FixtureRequest) -> str:
    """Each kind of storage in turn."""
    return str(request.param)


def log_of(town: Town, run_id: int) -> str:
    """What is in storage of the log of a run, '' when there is none."""
    if town.opened.storage.head(run_log(run_id)) is None:
        return ""
    with town.opened.storage.open(run_log(run_id)) as file:
        return file.read().decode()


def page_of(town: Town, run_id: int) -> str:
    """The page of a run as it would be published now."""
    publish(town.opened.pool, town.opened.storage)
    with town.opened.storage.open(f"site/runs/{run_id}/index.html") as file:
        return file.read().decode()


def test_the_log_of_a_worker_that_is_killed_is_there_and_on_the_page_of_its_lost_run(town: Town) -> None:
    run_id = town.queued()
    with victim("it conforms", run_id) as process:
        assert process.stdout is not None and process.stdout.readline() == b"there\n"
        eventually(lambda: "conform\n" in log_of(town, run_id))
        going_on = page_of(town, run_id)
    assert f"runs/{run_id}/log.txt" in going_on and "stored every ten seconds" in going_on
    with town.opened.pool.connection() as conn:
        conn.execute("update runs set attempt = %s where id = %s", [runs.ATTEMPTS, run_id])
    let_time_pass(town, run_id)
    swept(town)
    assert town.row(run_id).status is RunStatus.LOST
    text, page = log_of(town, run_id), page_of(town, run_id)
    assert text.startswith("Attempt 1, by victim\n") and text.splitlines()[-1].endswith(" INFO conform")
    assert "a.csv by http" in page and "stopped without a word" in page
    assert f"runs/{run_id}/log.txt" in page and f"runs/{run_id}/run.json" not in page


def test_the_next_attempt_goes_on_with_the_log_and_the_whole_one_takes_its_place(town: Town) -> None:
    run_id = town.queued()
    for _ in range(2):
        live(town, run_id).flush()
    assert log_of(town, run_id) == "Attempt 1\nAttempt 2\n"
    let_time_pass(town, run_id)
    kept = town.opened.storage.head(run_log(run_id))
    assert kept is not None and kept.about.cache_control == ALWAYS_ASK
    assert town.work(run_id) is RunStatus.SUCCEEDED
    kept = town.opened.storage.head(run_log(run_id))
    assert kept is not None and kept.about.cache_control == NEVER_CHANGES
    assert "Attempt" not in log_of(town, run_id) and "addresses.zip" in log_of(town, run_id)


def live(town: Town, run_id: int) -> LiveLog:
    """The log of whoever gets the run now."""
    with town.opened.pool.connection() as conn:
        conn.execute("update runs set lease_until = clock_timestamp() - interval '1s' where id = %s", [run_id])
        lease = runs.claim(conn, run_id, "somebody", None, 60, 60)
    assert isinstance(lease, Lease)
    return LiveLog(town.opened, lease, Lines(f"Attempt {lease.attempt}\n"))


def test_whoever_has_lost_the_run_writes_nothing_more(town: Town) -> None:
    run_id = town.queued()
    first = live(town, run_id)
    first.flush()
    second = live(town, run_id)
    second.flush()
    assert log_of(town, run_id) == "Attempt 1\nAttempt 2\n"
    first.lines.is_new = True
    first.flush()
    assert first.is_lost and log_of(town, run_id) == "Attempt 1\nAttempt 2\n"


def test_one_that_was_held_up_between_asking_and_writing_writes_nothing_either(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = town.queued()
    first = live(town, run_id)
    first.flush()
    put = town.opened.storage.put

    def held_up(*arguments: Any, **keywords: Any) -> Stored:
        monkeypatch.setattr(town.opened.storage, "put", put)
        live(town, run_id).flush()
        return put(*arguments, **keywords)

    monkeypatch.setattr(town.opened.storage, "put", held_up)
    first.lines.is_new = True
    first.flush()
    assert log_of(town, run_id) == "Attempt 1\nAttempt 2\n"
    first.flush()
    assert first.is_lost and log_of(town, run_id) == "Attempt 1\nAttempt 2\n"


def test_a_log_that_cannot_be_stored_costs_the_run_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "LOG_SECONDS", 0.05)
    # No key: every try to store it is an error.
    monkeypatch.setattr(live_logs, "run_log", lambda run: f"runs/{run}/a b")
    assert town.run().status is RunStatus.SUCCEEDED


def test_runs_side_by_side_do_not_write_into_each_others_log(town: Town) -> None:
    ids = [town.queued(), town.queued(content=town.source().replace(b"a.csv", b"other.csv"))]
    threads = [threading.Thread(target=town.work, args=[run_id]) for run_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    texts = [log_of(town, run_id) for run_id in ids]
    assert ["/a.csv" in text for text in texts] == [True, False]
    assert ["/other.csv" in text for text in texts] == [False, True]


@pytest.mark.parametrize("count", [0, 1, 10, 1_000])
def test_of_a_long_log_the_beginning_and_the_end_are_kept(count: int) -> None:
    text = "".join(f"line {number}\n" for number in range(count))
    for _ in range(3):
        found = bounded(text, 800)
        assert len(found) <= 800 and found.count("[…]") == (count == 1_000)
        assert found.startswith(text[:60]) and found.endswith(text[-60:])
        text = found + "".join(f"line {number}\n" for number in range(count)) * (count == 1_000)
