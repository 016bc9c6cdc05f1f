"""From one release to the next: a database or a backup that any of them left is brought to now with its rows."""

from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection

from dashboards.site import publish
from openaddr.db import copying, deliveries, keeping, outbox, runs, sets
from openaddr.db.connections import connect, open_pool
from openaddr.db.migrating import migrate, migrations, require_current
from openaddr.db.records import RunStatus
from openaddr.errors import Code, ProblemError
from openaddr.keeping.backup import write_backup
from openaddr.keeping.restoring import read_backup, restore
from openaddr.storage.folder import Folder
from tests.dashboards.making import site
from tests.databases import NAME
from tests.db.test_migrating import dump
from tests.postgres import create_database

LEFT_BY = Path(__file__).parent / "left_by"
STEPS = range(1, len(migrations()) + 1)


def left_by(conn: Connection[Any], step: int) -> dict[str, int]:
    """Have a database as a release left it whose newest step was this one; how many rows each table has."""
    migrate(conn, up_to=step)
    for number in range(1, step + 1):
        conn.execute((LEFT_BY / f"{number:04}.sql").read_bytes())
    found = counted(conn)
    conn.commit()
    return found


def counted(conn: Connection[Any]) -> dict[str, int]:
    """How many rows each table has that has any."""
    names = (table.name for table in copying.tables(conn))
    found = {name: conn.execute(f"select count(*) from {name}".encode()).fetchone() for name in names}
    return {name: row[0] for name, row in found.items() if row and row[0]}


def check(url: str, before: dict[str, int]) -> None:
    """The rows are all there, and the record can be worked with."""
    with open_pool(url) as pool, pool.connection() as conn:
        require_current(conn)
        assert counted(conn) == before
        assert {run.status for run in runs.recent(conn, 100)} == set(RunStatus)
        assert [found.id for found in sets.unfinished(conn)] == [2]
        assert deliveries.waiting(conn, 10) == ["one"]
        assert [message.key for message in outbox.due(conn, 10)] == ["site"]
        assert runs.release_expired(conn)[0].status is RunStatus.QUEUED
        assert keeping.expire_runs(conn, 1, [], 10) == []


def check_site(url: str, storage: Folder) -> None:
    """The site is rendered from it."""
    with open_pool(url) as pool:
        assert publish(pool, storage)
    pages = site(storage)
    assert "approved" in pages["runs/3/index.html"].decode().lower() and "index.html" in pages
    assert "HTTP_404" in pages["sources/xx/gone/index.html"].decode()


def test_every_step_has_rows_of_its_time() -> None:
    assert [path.stem for path in sorted(LEFT_BY.glob("*.sql"))] == [f"{step:04}" for step in STEPS]


@pytest.mark.parametrize("step", STEPS)
def test_a_database_of_any_release_is_brought_to_now(
    bare_url: str, migrated_url: str, tmp_path: Path, step: int
) -> None:
    with connect(bare_url) as conn:
        before = left_by(conn, step)
        assert len(migrate(conn)) == len(STEPS) - step
    assert dump(bare_url) == dump(migrated_url)
    check(bare_url, before)
    check_site(bare_url, Folder(tmp_path))


@pytest.mark.parametrize("step", STEPS)
def test_a_backup_of_any_release_is_restored_and_brought_to_now(
    bare_url: str, migrated_url: str, tmp_path: Path, step: int
) -> None:
    path = tmp_path / "record.zip"
    old = create_database(migrated_url, f"{NAME}_old")
    with connect(old) as conn, path.open("wb") as out:
        before = left_by(conn, step)
        write_backup(conn, out)
    with connect(bare_url) as conn:
        migrate(conn)
        conn.commit()
        assert len(restore(conn, read_backup(path), {})) == len(STEPS) - step
    assert dump(bare_url) == dump(migrated_url)
    check(bare_url, before)


@pytest.mark.parametrize("step", [0, *STEPS[:-1]])
def test_code_says_that_a_database_is_older(bare_url: str, step: int) -> None:
    with connect(bare_url) as conn:
        if step:
            migrate(conn, up_to=step)
        with pytest.raises(ProblemError, match=Code.DATABASE_OLDER) as raised:
            require_current(conn)
    assert (f"{step} of {len(STEPS)} steps" if step else "none of its tables") in str(raised.value)


def test_code_says_that_a_database_is_newer_and_touches_nothing(bare_url: str, tmp_path: Path) -> None:
    with connect(bare_url) as conn:
        migrate(conn)
        conn.execute("insert into migrations (number, name) values (9999, 'of_tomorrow')")
        conn.commit()
        with (tmp_path / "record.zip").open("wb") as out:
            for attempt in (require_current, migrate, lambda conn: write_backup(conn, out)):
                with pytest.raises(ProblemError, match=r"DATABASE_NEWER: .* 9999 steps"):
                    attempt(conn)
                conn.rollback()
