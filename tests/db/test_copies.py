"""Runs that are not done again because an earlier one had the same to do."""

from typing import Any

import pytest
from psycopg import Connection

from openaddr.db import runs, sets, source_files
from openaddr.db.records import NewRun, Run, RunStatus, Trust
from tests.db.conftest import Rows


@pytest.fixture
def original(rows: Rows) -> Run:
    """A run that succeeded."""
    return rows.finished(source_id="xx/town", trust=Trust.UNMERGED)


def like(conn: Connection[Any], **changes: Any) -> NewRun:
    """The same work as the original's."""
    values = {"source_id": "xx/town", "layer": "addresses", "name": "town", "trust": Trust.UNMERGED}
    return NewRun(**values | {"size_class": "small", "source_sha": source_files.save(conn, b"{}")} | changes)


def test_a_run_with_the_same_to_do_is_used_again(conn: Connection[Any], original: Run) -> None:
    assert runs.reusable(conn, like(conn), "11") == original


@pytest.mark.parametrize(
    "changes",
    [
        {"source_id": "xx/other"},
        {"layer": "parcels"},
        {"name": "other"},
        {"trust": Trust.MERGED},
        {"fresh": True},
        {"source_sha": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    ],
)
def test_a_run_with_something_else_to_do_is_not_used(
    conn: Connection[Any], original: Run, changes: dict[str, Any]
) -> None:
    source_files.save(conn, b"")
    assert runs.reusable(conn, like(conn, **changes), "11") is None
    if "fresh" not in changes:
        with pytest.raises(ValueError, match=f"run {original.id} is no original"):
            runs.copy(conn, original.id, like(conn, **changes))


def test_a_run_of_other_code_or_long_ago_is_not_used(conn: Connection[Any], original: Run) -> None:
    assert runs.reusable(conn, like(conn), "12") is None
    conn.execute("update runs set finished_at = finished_at - interval '10 days'")
    assert runs.reusable(conn, like(conn), "11") is None
    assert runs.reusable(conn, like(conn), "11", days=11)


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.HELD, RunStatus.SKIPPED])
def test_only_success_is_used_again(conn: Connection[Any], rows: Rows, status: RunStatus) -> None:
    failed = rows.finished(status, source_id="xx/town")
    assert runs.reusable(conn, like(conn), "11") is None
    with pytest.raises(ValueError, match="no original"):
        runs.copy(conn, failed.id, like(conn))


@pytest.mark.parametrize(
    ("had", "wanted", "used"),
    [
        (Trust.MERGED, Trust.MERGED, True),
        (Trust.MERGED, Trust.UNMERGED, True),
        (Trust.UNMERGED, Trust.MERGED, False),
        (Trust.UNKNOWN, Trust.MERGED, False),
        (Trust.UNKNOWN, Trust.UNMERGED, False),
        (Trust.UNKNOWN, Trust.UNKNOWN, True),
    ],
)
def test_the_trust_of_a_run_does_not_grow_by_using_it_again(
    conn: Connection[Any], rows: Rows, had: Trust, wanted: Trust, used: bool
) -> None:
    rows.finished(source_id="xx/town", trust=had)
    assert bool(runs.reusable(conn, like(conn, trust=wanted), "11")) is used


def test_a_copy_is_final_at_once_and_names_its_original(conn: Connection[Any], original: Run) -> None:
    copy = runs.copy(conn, original.id, like(conn, commit_sha="def"))
    assert (copy.status, copy.copy_of, copy.files_of) == (RunStatus.SUCCEEDED, original.id, original.id)
    assert (copy.rows, copy.code_version, copy.commit_sha) == (original.rows, original.code_version, "def")
    assert copy.finished_at and original.files_of == original.id


def test_a_copy_has_no_copies_and_does_not_make_an_original_younger(conn: Connection[Any], original: Run) -> None:
    copy = runs.copy(conn, original.id, like(conn))
    assert runs.reusable(conn, like(conn), "11") == original
    with pytest.raises(ValueError, match="no original"):
        runs.copy(conn, copy.id, like(conn))


def test_the_time_of_a_copy_is_not_expected_of_the_next_run(conn: Connection[Any], original: Run) -> None:
    expected = runs.queue(conn, like(conn)).expected_seconds
    assert expected and expected > 0
    runs.copy(conn, original.id, like(conn))
    assert runs.queue(conn, like(conn)).expected_seconds == expected


def test_a_set_has_a_copy_once(conn: Connection[Any], original: Run) -> None:
    new = sets.start(conn, "openaddresses/openaddresses", "abc")
    assert new
    copy = runs.copy(conn, original.id, like(conn, set_id=new.id))
    assert runs.copy(conn, original.id, like(conn, set_id=new.id)) == copy
    assert runs.queue(conn, like(conn, set_id=new.id)) == copy
