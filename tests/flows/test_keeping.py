"""Retention and backups as flows; and the site of a restored record, which is the same to the last byte."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.alone import alone
from flows.backup import backup
from flows.batch_set import batch_set
from flows.collection import collection
from flows.publish_site import publish_site
from flows.retention import retention, tidy
from flows.services import services
from flows.sweep import sweep
from openaddr.cli import app
from openaddr.db.connections import connect
from openaddr.db.keeping import Work
from openaddr.errors import ExitCode, ProblemError
from openaddr.keeping.places import backups
from openaddr.storage.folder import Folder
from tests.dashboards.making import site
from tests.databases import NAME
from tests.flows.conftest import Town, state_of
from tests.postgres import create_database

pytestmark = [
    pytest.mark.usefixtures("prefect", "connections_of_prefect"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Where backups are."""
    monkeypatch.setenv("OPENADDR_BACKUP_FOLDER", str(tmp_path / "backups"))
    return Folder(tmp_path / "backups")


def aged(town: Town, days: int) -> None:
    """Let everything have happened so much earlier."""
    with town.opened.pool.connection() as conn:
        conn.execute("update runs set finished_at = finished_at - make_interval(days => %s)", [days])
        conn.execute("update last_good set moved_at = moved_at - make_interval(days => %s)", [days])


def moved_long_ago(town: Town) -> None:
    """Nobody reads any more what was the last good run before."""
    with town.opened.pool.connection() as conn:
        conn.execute("update last_good set moved_at = moved_at - interval '3 days'")


@pytest.mark.proves("I9")
def test_the_site_of_a_restored_record_is_byte_identical(
    town: Town, place: Folder, migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert state_of(batch_set, folder=str(town.checkout(tmp_path))).is_completed()
    assert state_of(collection).is_completed()
    town.publish(95)
    expired = town.run().id
    aged(town, 100)
    town.publish(90)
    town.run()
    moved_long_ago(town)
    assert state_of(retention).is_completed() and state_of(publish_site).is_completed()
    before, storage = site(town.opened.storage), town.opened.storage
    assert [path for path, page in before.items() if b"not kept any more" in page] == [f"runs/{expired}/index.html"]
    done = state_of(backup)
    assert done.is_completed() and " rows of " in str(done.message), done
    (made,) = backups(place)
    assert made.key in str(done.message)

    for prefix in ("site/", "published/"):
        storage.delete_many([found.key for found in storage.list(prefix)])
    monkeypatch.setenv("DATABASE_URL", create_database(migrated_url, f"{NAME}_restored"))
    answer = CliRunner().invoke(app, ["restore", made.key])
    assert answer.exit_code == ExitCode.DONE, answer.stderr
    assert state_of(publish_site).is_completed()
    assert site(storage) == before
    # What comes now does not take the place of what was there.
    assert town.last_good is not None
    with services() as opened:
        assert replace(town, opened=opened).run().id > town.last_good


def test_retention_removes_what_is_old_and_says_so(town: Town) -> None:
    first = town.run().id
    aged(town, 100)
    town.publish(90)
    second = town.run().id
    moved_long_ago(town)
    assert town.files(first) and state_of(publish_site).is_completed()
    listed = CliRunner().invoke(app, ["retention", "--dry-run"])
    assert listed.stdout.startswith(f"run {first} xx/town addresses town, succeeded on 2") and town.files(first)
    done = state_of(retention)
    assert "1 run and 0 jobs expired" in str(done.message) and "files of 1 run," in str(done.message)
    assert not town.files(first) and town.files(second) and town.latest == town.last_good == second
    page = site(town.opened.storage)[f"runs/{first}/index.html"].decode()
    assert "Its files are not kept any more" in page


def test_of_two_at_once_the_second_leaves(town: Town, place: Folder) -> None:
    with alone(town.opened, Work.RETENTION) as first, alone(town.opened, Work.BACKUP) as other:
        assert first and other and tidy(town.opened, threading.Event()) is None
        assert state_of(retention).name == state_of(backup).name == "Left"
    assert backups(place) == []


def test_retention_ends_when_nobody_waits_for_it_any_more(town: Town) -> None:
    stop = threading.Event()
    stop.set()
    town.run()
    town.run()
    aged(town, 100)
    with pytest.raises(ProblemError, match="TIME_LIMIT"):
        tidy(town.opened, stop)


def test_without_a_place_for_backups_the_flow_fails(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENADDR_BACKUP_FOLDER", raising=False)
    done = state_of(backup.with_options(retries=0))
    assert done.is_failed() and "BACKUP_UNSET" in str(done.message)


@pytest.mark.parametrize("number", [9999, 5])
def test_a_flow_says_when_the_database_is_of_another_release(
    town: Town, migrated_url: str, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    url = create_database(migrated_url, f"{NAME}_other")
    with connect(url) as conn:
        conn.execute("create table migrations (number integer, name text)")
        conn.execute("insert into migrations select generate_series(1, %s), 'step'", [number])
        if number == 5:
            conn.execute("delete from migrations where number = 5")
    monkeypatch.setenv("DATABASE_URL", url)
    done = state_of(sweep)
    assert done.is_failed() and ("DATABASE_OLDER" if number == 5 else "DATABASE_NEWER") in str(done.message)
