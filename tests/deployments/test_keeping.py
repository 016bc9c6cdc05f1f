"""The record of a stack that does not run: backed up from one folder, restored into an empty one."""

from pathlib import Path

from typer.testing import CliRunner

from deployments.embedded import postgres
from deployments.stack import only_one
from openaddr.cli import app
from openaddr.db import sets
from openaddr.db.connections import connect
from openaddr.db.migrating import migrate
from openaddr.errors import ExitCode


def test_the_record_moves_from_one_folder_to_an_empty_one(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    with postgres.running(old / "postgres", old / "log.txt") as databases, connect(databases.ours) as conn:
        migrate(conn)
        assert sets.start(conn, "me/sources", "0" * 40)
    made = CliRunner().invoke(app, ["backup", "--folder", str(old)])
    assert made.exit_code == 0, made.stderr
    file = old / "backups" / made.stdout.strip()
    # What is there already may have files whose names are numbers.
    (new / "storage" / "sets" / "40").mkdir(parents=True)
    (new / "storage" / "sets" / "40" / "world.png").write_bytes(b"")
    answer = CliRunner().invoke(app, ["restore", str(file), "--folder", str(new)])
    assert answer.exit_code == 0 and "restored 1 row of" in answer.stderr, answer.stderr
    with postgres.running(new / "postgres", new / "log.txt") as databases, connect(databases.ours) as conn:
        assert [found.repository for found in sets.unfinished(conn)] == ["me/sources"]
        started = sets.start(conn, "me/others", "0" * 40)
        assert started and started.id == 41


def test_a_stack_that_runs_is_left_alone(tmp_path: Path) -> None:
    with only_one(tmp_path):
        answer = CliRunner().invoke(app, ["backup", "--folder", str(tmp_path)])
    assert answer.exit_code == ExitCode.CONFIGURATION and "STACK_BUSY" in answer.stderr
