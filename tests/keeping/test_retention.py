"""What is let go of, what never is, and that no page links to nothing meanwhile."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg import Connection

from openaddr.db import collections, jobs, keeping, runs
from openaddr.db.records import Decision, NewCollection, NewRun, Trust
from openaddr.errors import Code, Problem
from openaddr.keeping.retention import lines, list_old
from openaddr.storage.objects import About
from tests.db.racing import wait_until_blocked
from tests.keeping.conftest import Attic

NEWER: dict[str, Callable[[Attic], int]] = {
    "the last good run, however old": lambda attic: attic.old(),
    "a young run": lambda attic: attic.old("xx/young", days=80, trust="unmerged"),
    "a run of the newest complete set": lambda attic: attic.old(set_id=attic.set(), status="failed"),
    "a run of a set that goes on": lambda attic: attic.old(set_id=attic.set(done=False), status="failed"),
    "a run of a job that goes on": lambda attic: attic.old(job_id=attic.job(), trust="unmerged"),
    "a run that goes on": lambda attic: attic.run(status="running"),
    "a run of a layer source of which another one goes on": lambda attic: _with_another(attic),
    "an original of which a young run is a copy": lambda attic: _with_copy(attic, days=1),
    "a run that was the last good one until yesterday": lambda attic: _replaced(attic, days=1),
    "a run that a published collection names": lambda attic: _collected(attic),
}
OLDER: dict[str, Callable[[Attic], int]] = {
    "a run that is not the last good one": lambda attic: _replaced(attic, days=3),
    "a failed run": lambda attic: attic.old(status="failed"),
    "a held run": lambda attic: attic.old(status="held"),
    "a run of a pull request": lambda attic: attic.old(trust="unmerged"),
    "a run of a job that is over": lambda attic: attic.old(job_id=_over(attic), trust="unmerged"),
    "a run of an earlier set": lambda attic: (attic.old(set_id=attic.set(), status="failed"), attic.set())[0],
    "an original whose copies are old as well": lambda attic: _with_copy(attic, days=100),
    "a run that the storage had no room for, however young": lambda attic: attic.failed(code=Code.STORAGE_FULL),
}


def _with_another(attic: Attic) -> int:
    run_id = attic.old(trust="unmerged")
    attic.run(status="queued")
    return run_id


def _with_copy(attic: Attic, days: float) -> int:
    run_id = attic.old(trust="unmerged")
    attic.old(trust="unmerged", copy_of=run_id, days=days)
    return run_id


def _replaced(attic: Attic, days: float) -> int:
    run_id = attic.old()
    attic.age("last_good", attic.old(days=days), days)
    attic.conn.execute("update last_good set moved_at = clock_timestamp() - make_interval(days => %s)", [int(days)])
    attic.conn.commit()
    return run_id


def _collected(attic: Attic) -> int:
    run_id, key = attic.old(trust="unmerged"), "collections/global-addresses.manifest.json"
    attic.storage.put(key, json.dumps({"sources": [{"run": run_id, "rows": 10}]}).encode(), About())
    new = NewCollection("global-addresses", "collections/a.parquet", "ab", 1, 1, {"manifest": key})
    collections.publish(attic.conn, new)
    attic.conn.commit()
    return run_id


def _over(attic: Attic, days: float = 100) -> UUID:
    job_id = attic.job()
    assert jobs.finish_done(attic.conn, job_id)
    attic.age("jobs", job_id, days)
    return job_id


@pytest.mark.parametrize("storage", ["folder"], indirect=True)
@pytest.mark.parametrize("name", NEWER)
def test_what_somebody_needs_is_kept(attic: Attic, name: str) -> None:
    run_id = NEWER[name](attic)
    attic.remove()
    assert run_id not in attic.expired()


@pytest.mark.parametrize("storage", ["folder"], indirect=True)
@pytest.mark.parametrize("name", OLDER)
def test_what_nobody_needs_goes(attic: Attic, name: str) -> None:
    run_id = OLDER[name](attic)
    attic.store(run_id)
    attic.remove()
    assert run_id in attic.expired() and run_id not in attic.with_files()


@pytest.mark.parametrize("storage", ["folder"], indirect=True)
def test_with_no_days_nothing_goes_for_its_age(attic: Attic) -> None:
    attic.old(status="failed", days=10_000)
    attic.settings = replace(attic.settings, keep_runs_days=0, keep_jobs_days=0)
    assert attic.remove().runs == 0


@pytest.mark.proves("I5")
def test_no_page_links_to_nothing_at_any_moment_and_the_page_of_a_run_stays(attic: Attic) -> None:
    job_id, problem = _over(attic, 400), Problem(Code.HTTP_404, "404 at https://data.town.example/a.csv").as_json()
    gone = [attic.old(trust="unmerged", job_id=job_id), attic.old(status="failed", problem=problem)]
    attic.store(gone[1])
    kept = attic.old("xx/kept")
    attic.render()
    assert attic.dangling() == [] and "First rows" in attic.page(f"runs/{gone[0]}/map/index.html")
    looks: list[list[str]] = []
    removed = attic.remove(breathe=lambda: looks.append(attic.dangling()))
    assert len(looks) == 2 and looks == [[], []] and attic.dangling() == []
    assert (removed.runs, removed.jobs, removed.emptied, removed.files) == (2, 1, 2, 18)
    assert attic.with_files() == {kept}
    for run_id in gone:
        page = attic.page(f"runs/{run_id}/index.html")
        assert "Its files are not kept any more" in page and "log.txt" not in page
    assert "404 at https://data.town.example" in attic.page(f"runs/{gone[1]}/index.html")
    assert "whose page is not kept any more" in attic.page(f"runs/{gone[0]}/index.html")


@pytest.mark.proves("I5", "I9")
@pytest.mark.parametrize("storage", ["folder"], indirect=True)
@pytest.mark.parametrize("at", range(4))
def test_whoever_is_stopped_at_any_step_is_followed_by_one_that_goes_on(
    attic: Attic, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openaddr.keeping.retention.AT_ONCE", 1)
    for number in range(2):
        attic.old(f"xx/town-{number}", status="held")
    attic.render()
    steps = iter(range(100))

    def stop() -> None:
        if next(steps) == at:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        attic.remove(breathe=stop)
    assert attic.dangling() == []
    attic.remove()
    assert attic.with_files() == set() and attic.dangling() == []
    assert attic.remove().files == 0


@pytest.mark.parametrize("storage", ["folder"], indirect=True)
def test_files_stay_when_the_pages_cannot_be_rendered(attic: Attic) -> None:
    run_id = attic.old(status="failed")
    attic.store(run_id)

    def broken() -> None:
        raise RuntimeError("no pages")

    attic.render, render = broken, attic.render  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        attic.remove()
    assert attic.with_files() == {run_id}
    attic.render = render  # type: ignore[method-assign]
    attic.remove()
    assert attic.with_files() == set()


@pytest.mark.parametrize("storage", ["folder"], indirect=True)
def test_rows_that_are_done_with_go_and_others_stay(attic: Attic) -> None:
    for number, (status, days) in enumerate(
        [("handled", 100), ("ignored", 100), ("parked", 100), ("waiting", 100), ("started", 100), ("handled", 80)]
    ):
        attic.conn.execute(
            "insert into deliveries (id, event, payload, status) values (%s, 'push', '{}', %s)", [str(number), status]
        )
        attic.age("deliveries", str(number), days)
    for column, days in [("sent_at", 40), ("parked_at", 40), ("sent_at", 20), ("", 40)]:
        names, values = (f", {column}", ", clock_timestamp()") if column else ("", "")
        statement = f"insert into outbox (kind, key, payload{names}) values ('site', 'a', '{{}}'{values}) returning id"
        row = attic.conn.execute(statement.encode()).fetchone()
        assert row
        attic.age("outbox", row[0], days)
    removed = attic.remove()
    assert (removed.deliveries, removed.messages) == (3, 2)
    assert attic.conn.execute("select id from deliveries order by id").fetchall() == [("3",), ("4",), ("5",)]


def test_cached_files_go_unless_a_source_file_names_them(attic: Attic, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["cache/uploads/anna/ab12/town.zip", "cache/uploads/anna/cd34/straße.zip", "cache/uploads/bert/ef56/a.zip"]
    for name in names:
        attic.storage.put(name, b"PK", About())
    named = {"data": "https://data.example/cache/uploads/anna/ab12/town.zip?a=1", "more": "//b/" + names[1]}
    attic.run(content=json.dumps(named, ensure_ascii=False).encode())
    assert attic.remove().cached == 0
    monkeypatch.setattr("openaddr.keeping.caches.timedelta", lambda days: timedelta(days=days - 91))
    assert attic.remove().cached == 1
    assert [found.key for found in attic.storage.list("cache/")] == names[:2]


@pytest.mark.parametrize("storage", ["folder"], indirect=True)
def test_a_dry_run_lists_what_then_goes_and_changes_nothing(attic: Attic) -> None:
    job_id = _over(attic, 400)
    held, copied = attic.old(status="held", job_id=job_id), _with_copy(attic, days=100)
    attic.render()
    old = list_old(attic.shelves)
    assert attic.expired() == set() and {found.id for found in old.runs} == {held, copied, copied + 1}
    assert list(lines(old))[-1].startswith(f"job {job_id} openaddresses/openaddresses")
    assert attic.remove() == old.counts


@pytest.mark.parametrize("storage", ["folder"], indirect=True)
def test_a_held_run_without_files_cannot_be_approved(attic: Attic) -> None:
    run_id = attic.old(status="held")
    attic.remove()
    assert not runs.decide(attic.conn, run_id, Decision.APPROVED, "me", "looks fine")


@pytest.mark.parametrize("storage", ["folder"], indirect=True)
def test_a_run_that_is_just_copied_is_not_let_go_of(attic: Attic, conn: Connection[Any]) -> None:
    run_id = attic.old(trust="unmerged")
    like = _like(attic, run_id)
    with attic.conn.transaction():
        runs.copy(attic.conn, run_id, like)
        # The copy is not to be seen yet, and its original not to be had.
        assert keeping.expire_runs(conn, 90, [], 10) == []
    assert keeping.expire_runs(conn, 90, [], 10) == []


@pytest.mark.parametrize("storage", ["folder"], indirect=True)
def test_a_run_that_is_just_let_go_of_is_not_copied(attic: Attic, conn: Connection[Any]) -> None:
    run_id = attic.old(trust="unmerged")
    like = _like(attic, run_id)
    with ThreadPoolExecutor(1) as thread:
        with conn.transaction():
            assert [found.id for found in keeping.expire_runs(conn, 90, [], 10)] == [run_id]
            copying = thread.submit(runs.copy, attic.conn, run_id, like)
            wait_until_blocked(conn, attic.conn, copying)
        with pytest.raises(ValueError, match="no original"):
            copying.result(timeout=20)


def _like(attic: Attic, run_id: int) -> NewRun:
    run = runs.get(attic.conn, run_id)
    assert run
    attic.conn.commit()
    return NewRun(run.source_id, run.layer, run.name, run.source_sha, Trust.UNMERGED, "small")
