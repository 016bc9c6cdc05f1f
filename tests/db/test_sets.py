"""Sets."""

from typing import Any

from psycopg import Connection

from openaddr.db import sets
from openaddr.db.records import RunStatus, Set
from openaddr.errors import Code, Problem
from tests.db.conftest import Rows
from tests.db.racing import race


def started(conn: Connection[Any], repository: str = "openaddresses/openaddresses") -> Set:
    new = sets.start(conn, repository, "abc")
    assert new
    return new


def test_a_second_set_of_a_repository_starts_only_when_the_first_is_complete(conn: Connection[Any]) -> None:
    first = started(conn)
    assert sets.start(conn, first.repository, "def") is None
    assert sets.resume(conn, first.repository) == first
    sets.mark_listed(conn, first.id)
    assert sets.complete_if_done(conn, first.id)
    assert sets.resume(conn, first.repository) is None
    assert started(conn).id > first.id


def test_sets_of_two_repositories_go_on_side_by_side(conn: Connection[Any]) -> None:
    assert started(conn, "one/repository").id != started(conn, "another/repository").id


def test_of_two_sets_started_at_once_the_second_leaves(conn: Connection[Any], other: Connection[Any]) -> None:
    first, second = race(conn, other, lambda conn: sets.start(conn, "openaddresses/openaddresses", "abc"))
    assert first is not None
    assert second is None


def test_a_set_is_listed_once(conn: Connection[Any]) -> None:
    new = started(conn)
    assert sets.mark_listed(conn, new.id)
    assert not sets.mark_listed(conn, new.id)


def test_a_set_that_is_not_listed_is_not_complete_although_nothing_runs(conn: Connection[Any]) -> None:
    assert not sets.complete_if_done(conn, started(conn).id)


def test_a_set_is_complete_once_when_every_run_is_final(conn: Connection[Any], rows: Rows) -> None:
    new = started(conn)
    rows.finished(set_id=new.id)
    lease = rows.claimed(set_id=new.id)
    sets.mark_listed(conn, new.id)
    assert not sets.complete_if_done(conn, new.id)
    rows.finish(lease, RunStatus.FAILED)
    assert sets.complete_if_done(conn, new.id)
    assert not sets.complete_if_done(conn, new.id)
    completed = sets.get(conn, new.id)
    assert completed and completed.completed_at


def test_of_two_that_complete_a_set_at_once_one_does(conn: Connection[Any], other: Connection[Any]) -> None:
    new = started(conn)
    sets.mark_listed(conn, new.id)
    assert race(conn, other, lambda conn: sets.complete_if_done(conn, new.id)) == (True, False)


def test_progress_counts_every_status(conn: Connection[Any], rows: Rows) -> None:
    new = started(conn)
    rows.queued()
    rows.queued(set_id=new.id)
    rows.claimed(set_id=new.id)
    for status in (RunStatus.HELD, RunStatus.SKIPPED, RunStatus.SKIPPED):
        rows.finished(status, set_id=new.id)
    progress = sets.progress(conn, new.id)
    assert list(progress) == list(RunStatus)
    assert {status: count for status, count in progress.items() if count} == {
        RunStatus.QUEUED: 1,
        RunStatus.RUNNING: 1,
        RunStatus.HELD: 1,
        RunStatus.SKIPPED: 2,
    }


def test_the_latest_complete_set_is_not_the_one_under_way(conn: Connection[Any]) -> None:
    first = started(conn)
    assert sets.latest_complete(conn, first.repository) is None
    sets.mark_listed(conn, first.id)
    sets.complete_if_done(conn, first.id)
    started(conn)
    latest = sets.latest_complete(conn, first.repository)
    assert latest and latest.id == first.id


def test_one_connection_holds_a_repository_until_it_closes(conn: Connection[Any], other: Connection[Any]) -> None:
    assert not sets.is_held(conn, "openaddresses/openaddresses")
    assert sets.hold(other, "openaddresses/openaddresses")
    assert not sets.hold(conn, "openaddresses/openaddresses")
    assert sets.is_held(conn, "openaddresses/openaddresses")
    assert not sets.is_held(other, "another/repository")
    assert sets.hold(conn, "another/repository")
    assert sets.is_held(other, "another/repository")
    conn.execute("select pg_terminate_backend(%s, 5000)", [other.info.backend_pid])
    assert not sets.is_held(conn, "openaddresses/openaddresses")
    assert sets.hold(conn, "openaddresses/openaddresses")


PROBLEM = Problem(Code.SOURCES_CHANGED, "The files are others now.")


def test_a_set_keeps_what_it_takes_to_begin_again(conn: Connection[Any]) -> None:
    sets.start(conn, "folder", "abc", folder="/srv/folder", fresh=True)
    found = sets.resume(conn, "folder")
    assert found and (found.folder, found.fresh, found.is_closed) == ("/srv/folder", True, False)
    other = started(conn)
    assert (other.folder, other.fresh) == ("", False)


def test_a_set_that_is_abandoned_stands_in_nobodys_way(conn: Connection[Any]) -> None:
    first = started(conn)
    assert sets.unfinished(conn) == [first]
    assert sets.abandon(conn, first.id, PROBLEM)
    assert not sets.abandon(conn, first.id, PROBLEM)
    assert not sets.mark_listed(conn, first.id)
    assert sets.resume(conn, first.repository) is None
    assert sets.unfinished(conn) == []
    found = sets.get(conn, first.id)
    assert found and found.is_closed and found.problem == PROBLEM.as_json()
    assert started(conn).id > first.id
    assert sets.latest_complete(conn, first.repository) is None


def test_a_set_that_is_listed_cannot_be_abandoned(conn: Connection[Any]) -> None:
    first = started(conn)
    sets.mark_listed(conn, first.id)
    assert not sets.abandon(conn, first.id, PROBLEM)
    assert [found.id for found in sets.unfinished(conn)] == [first.id]
