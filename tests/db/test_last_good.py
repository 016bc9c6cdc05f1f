"""The latest good run of a layer source."""

from typing import Any

import pytest
from psycopg import Connection

from openaddr.db import last_good, runs
from openaddr.db.records import Decision, Run, RunStatus, Trust
from tests.db.conftest import Rows
from tests.db.racing import race


def latest(conn: Connection[Any]) -> int | None:
    found = last_good.get(conn, "xx/town", "addresses", "town")
    return found.run_id if found else None


def of_town(rows: Rows, status: RunStatus = RunStatus.SUCCEEDED, **changes: Any) -> Run:
    return rows.finished(status, source_id="xx/town", **changes)


def test_the_latest_moves_forward_to_good_runs(conn: Connection[Any], rows: Rows) -> None:
    assert latest(conn) is None
    for run in (of_town(rows), of_town(rows)):
        assert last_good.move(conn, run.id)
        assert latest(conn) == run.id


@pytest.mark.proves("I6")
def test_the_latest_never_moves_back_or_to_where_it_is(conn: Connection[Any], rows: Rows) -> None:
    old, new = of_town(rows), of_town(rows)
    assert last_good.move(conn, new.id)
    assert not last_good.move(conn, old.id)
    assert not last_good.move(conn, new.id)
    assert latest(conn) == new.id


@pytest.mark.proves("I6")
@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.SKIPPED, RunStatus.HELD])
def test_a_run_that_did_not_succeed_is_never_the_latest(conn: Connection[Any], rows: Rows, status: RunStatus) -> None:
    assert not last_good.move(conn, of_town(rows, status).id)
    assert latest(conn) is None


@pytest.mark.proves("I7")
@pytest.mark.parametrize("trust", [Trust.UNMERGED, Trust.UNKNOWN])
def test_a_run_that_is_not_known_to_be_merged_is_never_the_latest(
    conn: Connection[Any], rows: Rows, trust: Trust
) -> None:
    assert not last_good.move(conn, of_town(rows, trust=trust).id)


@pytest.mark.parametrize(("decision", "moves"), [(Decision.APPROVED, True), (Decision.REJECTED, False)])
def test_a_run_that_was_held_is_the_latest_only_when_approved(
    conn: Connection[Any], rows: Rows, decision: Decision, moves: bool
) -> None:
    held = of_town(rows, RunStatus.HELD)
    runs.decide(conn, held.id, decision, "somebody", "Because.")
    assert last_good.move(conn, held.id) is moves


def test_a_run_that_goes_on_or_does_not_exist_is_not_the_latest(conn: Connection[Any], rows: Rows) -> None:
    assert not last_good.move(conn, rows.claimed().run_id)
    assert not last_good.move(conn, 12345)


def test_of_an_older_and_a_newer_run_at_once_the_newer_stays(
    conn: Connection[Any], other: Connection[Any], rows: Rows
) -> None:
    old, new = of_town(rows), of_town(rows)

    def move(who: Connection[Any]) -> bool:
        return last_good.move(who, new.id if who is conn else old.id)

    assert race(conn, other, move) == (True, False)
    assert latest(conn) == new.id
