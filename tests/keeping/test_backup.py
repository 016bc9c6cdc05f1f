"""Backups of the record, and the record from them: all of it, or nothing."""

import io
import multiprocessing
import os
import shutil
import signal
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from psycopg import Connection
from typer.testing import CliRunner

from openaddr.cli import app
from openaddr.db import copying, keeping, migrating, outbox, runs
from openaddr.db.connections import connect
from openaddr.db.migrating import migrate
from openaddr.errors import Code, ExitCode, ProblemError
from openaddr.keeping.backup import MANIFEST, Manifest, write_backup
from openaddr.keeping.places import numbers_taken, remove_old
from openaddr.keeping.restoring import read_backup, restore
from openaddr.storage.folder import Folder
from openaddr.storage.objects import About
from openaddr.storage.s3 import S3
from tests.dashboards.making import Making
from tests.databases import NAME
from tests.db.test_migrating import dump
from tests.postgres import create_database

HOSTILE = "tab\tline\nbreak\r\\N \\. \\t 'quote' \"double\" ß 地址 \u2028 {}"


def rows_of(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    with connect(url) as conn:
        return {
            table.name: sorted(conn.execute(f"select * from {table.name}".encode()).fetchall(), key=repr)
            for table in copying.tables(conn)
        }


def filled(url: str, storage: Folder) -> None:
    """A record with rows in most tables, some of whose values would break a format that is less careful."""
    with connect(url) as conn:
        making = Making(conn, storage, content=f'{{"name": "{HOSTILE}"}}'.encode() + bytes(range(256)))
        set_id, job_id = making.set(), making.job(author=HOSTILE)
        original = making.run("xx/town", set_id=set_id)
        making.run("xx/town", copy_of=original, trust="unmerged", job_id=job_id)
        making.failed("xx/gone", line=3)
        making.run("xx/later", "queued")
        outbox.put(conn, "site", HOSTILE, {"text": HOSTILE})
        conn.execute("insert into deliveries (id, event, payload) values ('a', 'push', '{\"n\": 1e5}')")
        conn.execute("insert into checked_runs (run_id, facts) values (%s, '{}')", [original])
        conn.execute("delete from outbox where key = 'never'")
        # A number that was given and is not there any more.
        conn.execute("insert into outbox (kind, key, payload) values ('site', 'b', '{}')")
        conn.execute("delete from outbox where key = 'b'")


def backed_up(url: str, path: Path) -> Path:
    """A backup in a file."""
    with connect(url) as conn, path.open("wb") as out:
        write_backup(conn, out)
    return path


@pytest.fixture(scope="module")
def backup(migrated_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A backup, and the rows that are in it."""
    folder = tmp_path_factory.mktemp("backup")
    url = create_database(migrated_url, f"{NAME}_backed_up")
    with connect(url) as conn:
        migrate(conn)
    filled(url, Folder(folder / "storage"))
    yield backed_up(url, folder / "record.zip"), rows_of(url)


Backup = tuple[Path, dict[str, Any]]


def restored(url: str, path: Path, **changes: Any) -> list[str]:
    """Restore a file into a database."""
    with connect(url) as conn:
        return restore(conn, read_backup(path), changes.pop("taken", {}), **changes)


@pytest.mark.parametrize("is_migrated", [False, True])
def test_an_empty_database_becomes_the_same_record(
    backup: Backup, bare_url: str, migrated_url: str, is_migrated: bool
) -> None:
    with connect(bare_url) as conn:
        if is_migrated:
            migrate(conn)
    assert restored(bare_url, backup[0]) == []
    assert rows_of(bare_url) == backup[1] and dump(bare_url) == dump(migrated_url)
    assert backup[1]["runs"] and len(backup[1]["outbox"]) == 1


def test_no_number_is_given_twice(backup: Backup, bare_url: str) -> None:
    restored(bare_url, backup[0], taken={"sets": 70})
    with connect(bare_url) as conn:
        assert outbox.put(conn, "site", "new", {}) == 3
        row = conn.execute("insert into sets (repository, commit_sha) values ('a/b', 'c') returning id").fetchone()
        assert row == (71,)


@pytest.mark.parametrize("storage", ["folder", "bucket"], indirect=True)
def test_numbers_are_taken_as_far_as_there_are_files(storage: Folder | S3) -> None:
    for key in ("runs/9/log.txt", "runs/10/a.zip", "sets/3/world.png", "site/runs/99/index.html", "runs/x/y"):
        storage.put(key, b"a", About())
    assert numbers_taken(storage) == {"runs": 10, "sets": 3}


def test_a_backup_is_of_one_moment_however_much_is_written_meanwhile(url: str, bare_url: str, tmp_path: Path) -> None:
    storage = Folder(tmp_path / "storage")
    filled(url, storage)
    before = rows_of(url)

    class Busy(io.BytesIO):
        """Somebody adds a run, and finishes another one, whenever a block is written."""

        def write(self, block: Any, /) -> int:
            with connect(url) as conn:
                Making(conn, storage).run(f"xx/new-{self.tell()}", files=False)
                conn.execute("update runs set worker = 'busy'")
            return super().write(block)

    busy = Busy()
    with connect(url) as conn:
        write_backup(conn, busy)
    assert len(rows_of(url)["runs"]) > len(before["runs"])
    path = tmp_path / "record.zip"
    path.write_bytes(busy.getvalue())
    restored(bare_url, path)
    assert rows_of(bare_url) == before


@dataclass
class Damage:
    """Ways to damage a backup."""

    path: Path

    def cut(self, share: float) -> None:
        """Only the beginning."""
        content = self.path.read_bytes()
        self.path.write_bytes(content[: int(len(content) * share)])

    def flip(self, share: float) -> None:
        """One bit of what is packed."""
        content = bytearray(self.path.read_bytes())
        content[int(len(content) * share)] ^= 4
        self.path.write_bytes(content)

    def rewrite(self, change: Callable[[dict[str, bytes]], None]) -> None:
        """A whole zip with other members."""
        with zipfile.ZipFile(self.path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        change(members)
        with zipfile.ZipFile(self.path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)

    def told(self, **changes: Any) -> None:
        """Another manifest."""

        def change(members: dict[str, bytes]) -> None:
            manifest = msgspec.json.decode(members[MANIFEST], type=Manifest)
            members[MANIFEST] = msgspec.json.encode(msgspec.structs.replace(manifest, **changes))

        self.rewrite(change)


def _other_rows(members: dict[str, bytes]) -> None:
    members["tables/runs.copy"] = members["tables/runs.copy"].replace(b"xx/town", b"xx/tomb")


def _no_manifest(members: dict[str, bytes]) -> None:
    del members[MANIFEST]


def _no_runs(members: dict[str, bytes]) -> None:
    del members["tables/runs.copy"]


def _other_column(members: dict[str, bytes]) -> None:
    members[MANIFEST] = members[MANIFEST].replace(b'"expected_seconds"', b'"expected; drop"')


DAMAGES: dict[str, Callable[[Damage], None]] = {
    **{f"cut at {share:.0%}": lambda damage, share=share: damage.cut(share) for share in (0, 0.1, 0.5, 0.9, 0.999)},  # type: ignore[misc]
    **{f"a bit at {share:.0%}": lambda damage, share=share: damage.flip(share) for share in (0.05, 0.2, 0.4, 0.6)},  # type: ignore[misc]
    "other rows": lambda damage: damage.rewrite(_other_rows),
    "no manifest": lambda damage: damage.rewrite(_no_manifest),
    "a table is missing": lambda damage: damage.rewrite(_no_runs),
    "a column that never was": lambda damage: damage.rewrite(_other_column),
    "steps that never were": lambda damage: damage.told(steps=["0001 other"]),
    "no steps": lambda damage: damage.told(steps=[]),
    "no zip": lambda damage: (damage.path.write_bytes(b"PK" * 500), None)[1],
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_backup_is_refused_and_changes_nothing(
    backup: Backup, migrated_url: str, url: str, tmp_path: Path, name: str
) -> None:
    path = Path(shutil.copy(backup[0], tmp_path / "record.zip"))
    DAMAGES[name](Damage(path))
    with pytest.raises(ProblemError, match=Code.BACKUP_BAD):
        restored(url, path)
    assert not any(rows_of(url).values())


@pytest.mark.parametrize(
    "changes", [{"format": 2}, {"steps": [str(step) for step in migrating.migrations()] + ["9999 x"]}]
)
def test_a_backup_of_a_newer_release_is_refused(backup: Backup, tmp_path: Path, changes: dict[str, Any]) -> None:
    path = Path(shutil.copy(backup[0], tmp_path / "record.zip"))
    Damage(path).told(**changes)
    with pytest.raises(ProblemError, match=Code.BACKUP_NEWER):
        read_backup(path)


def test_a_record_is_replaced_only_when_that_is_said(
    backup: Backup, url: str, tmp_path: Path, migrated_url: str
) -> None:
    with connect(url) as conn:
        Making(conn, Folder(tmp_path / "storage")).run("xx/mine")
    before, schema = rows_of(url), dump(url)
    with pytest.raises(ProblemError, match=r"RECORD_NOT_EMPTY: There are rows in .*runs"):
        restored(url, backup[0])
    assert rows_of(url) == before
    restored(url, backup[0], replace=True)
    assert rows_of(url) == backup[1] and dump(url) == schema


def test_a_database_that_refuses_is_as_it_was(backup: Backup, bare_url: str, tmp_path: Path) -> None:
    with connect(bare_url) as conn:
        migrate(conn)
        conn.execute("create view mine as select id from runs")
    before = dump(bare_url)
    with pytest.raises(ProblemError, match=r"RESTORE_FAILED: The database says: .*view public.mine depends on table"):
        restored(bare_url, backup[0])
    assert dump(bare_url) == before
    assert not any(rows_of(bare_url).values())


POINTS = ("make_schema", "truncate", "write", "set_number", "replace_public", "analyze")


@contextmanager
def dying(point: str, calls: int) -> Iterator[None]:
    """This process is killed when a function of `copying` was called so often."""
    original, left = getattr(copying, point), [calls]

    def die(*arguments: Any) -> Any:
        result = original(*arguments)
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(copying, point, die)
    try:
        yield
    finally:
        setattr(copying, point, original)


def _die(url: str, path: Path, point: str, calls: int) -> None:
    with dying(point, calls):
        restored(url, path, replace=True)


def killed_while_restoring(url: str, path: Path, point: str, calls: int) -> list[str]:
    """Kill whoever restores, just after a step; what is wrong with the database then. [] when nothing is."""
    before = rows_of(url)
    process = multiprocessing.get_context("fork").Process(target=_die, args=(url, path, point, calls))
    process.start()
    process.join(60)
    breaches = [] if process.exitcode == -signal.SIGKILL else [f"{point} {calls}: it was not killed"]
    return breaches + ([] if rows_of(url) == before else [f"{point} {calls}: the record is another one"])


@pytest.mark.proves("I5", "I9", kind="restore killed")
@pytest.mark.parametrize("is_filled", [False, True])
def test_whoever_is_killed_while_restoring_has_changed_nothing(
    backup: Backup, url: str, tmp_path: Path, is_filled: bool, record_property: Callable[[str, object], None]
) -> None:
    with connect(url) as conn:
        if is_filled:
            Making(conn, Folder(tmp_path / "storage")).run("xx/mine")
    tries = [(point, 1) for point in POINTS] + [("write", 4)]
    record_property("faults", len(tries))
    assert [killed_while_restoring(url, backup[0], point, calls) for point, calls in tries] == [[]] * len(tries)
    restored(url, backup[0], replace=is_filled)
    assert rows_of(url) == backup[1]


@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_the_commands_back_up_list_and_restore(
    kind: str, url: str, bare_url: str, bucket: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "folder":
        monkeypatch.setenv("OPENADDR_BACKUP_FOLDER", str(tmp_path / "backups"))
    else:
        monkeypatch.setenv("OPENADDR_BACKUP_BUCKET", bucket.bucket)
        monkeypatch.setenv("OPENADDR_S3_ENDPOINT_URL", bucket.client.meta.endpoint_url)
    storage = Folder(tmp_path / "storage")
    filled(url, storage)
    before = rows_of(url)
    monkeypatch.setenv("OPENADDR_STORAGE_FOLDER", str(storage.root))
    monkeypatch.setenv("DATABASE_URL", url)
    made = CliRunner().invoke(app, ["backup"])
    assert made.exit_code == 0 and made.stdout.startswith("backups/20"), made.stderr
    listed = CliRunner().invoke(app, ["backup", "--list"])
    assert listed.stdout.startswith(made.stdout.strip())
    assert CliRunner().invoke(app, ["backup", str(tmp_path / "mine.zip")]).exit_code == 0
    assert (tmp_path / "mine.zip").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("DATABASE_URL", bare_url)
    answer = CliRunner().invoke(app, ["restore", made.stdout.strip()])
    assert answer.exit_code == 0 and "restored" in answer.stderr and rows_of(bare_url) == before
    again = CliRunner().invoke(app, ["restore", str(tmp_path / "mine.zip")])
    assert again.exit_code == ExitCode.CONFIGURATION and "RECORD_NOT_EMPTY" in again.stderr
    if kind == "folder":
        assert (tmp_path / "backups").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["backup"], "BACKUP_UNSET"),
        (["backup", "/nowhere/at/all.zip"], "OUTPUT_NOT_WRITABLE"),
        (["restore", "nothing.zip"], "BACKUP_MISSING"),
        (["restore", "backups/2026-11-24T030000Z.zip"], "BACKUP_UNSET"),
        (["storage", "setup"], "STORAGE_UNSET"),
    ],
)
def test_the_commands_say_what_they_lack(
    url: str, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    answer = CliRunner().invoke(app, arguments)
    assert answer.exit_code and said in answer.stderr


def test_old_backups_go_but_never_the_newest(tmp_path: Path) -> None:
    place = Folder(tmp_path)
    for day in (1, 2, 3):
        place.put(f"backups/2026-11-0{day}T030000Z.zip", b"PK", About())
        past = 1_700_000_000 - day
        os.utime(tmp_path / f"backups/2026-11-0{day}T030000Z.zip", (past, past))
    assert remove_old(place, 0) == []
    assert len(remove_old(place, 30)) == 2
    assert [found.key for found in place.list("")] == ["backups/2026-11-03T030000Z.zip"]


def test_only_one_restores_at_a_time(backup: Backup, url: str, conn: Connection[Any]) -> None:
    with connect(url) as other:
        assert keeping.hold(other, keeping.Work.BACKUP)
        with pytest.raises(ProblemError, match="Somebody else"):
            restored(url, backup[0])
    assert runs.recent(conn, 1) == []
