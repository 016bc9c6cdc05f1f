"""Named queries, what becomes of their rows, and that files and modules agree."""

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection

from openaddr.db import statements
from openaddr.db.records import Trust
from openaddr.db.statements import named, one

MODULES = {path.stem: path for path in Path(statements.__file__).parent.glob("*.py")}


def test_every_query_is_run_by_one_function_and_every_function_has_its_query() -> None:
    used: dict[str, list[str]] = {}
    for path in MODULES.values():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
        tables = [call.args[0].value for call in calls if ast.unparse(call.func) == "named"]  # type: ignore[attr-defined]
        lookups = (node for node in ast.walk(tree) if isinstance(node, ast.Subscript))
        names = {look.slice.value for look in lookups if ast.unparse(look.value) == "SQL"}  # type: ignore[attr-defined]
        used |= {table: sorted(names) for table in tables}
    written = {path.stem: sorted(named(path.stem)) for path in statements.FOLDER.glob("*.sql")}
    assert used == written


@pytest.mark.parametrize(
    "text",
    ["", "select 1", "select 0\n-- name: one\nselect 1", "-- name: one\nselect 1\n-- name: one\nselect 2\n"],
)
def test_a_file_without_names_or_with_one_twice_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / "table.sql").write_text(text)
    monkeypatch.setattr(statements, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match="each under a name of its own"):
        named("table")


@dataclass(frozen=True)
class Known:
    """A record of three columns."""

    number: int
    trust: Trust
    other: Trust | None


def test_a_row_becomes_a_record_with_members_of_enums_and_without_newer_columns(conn: Connection[Any]) -> None:
    statement = b"select 1 as number, 'merged'::trust as trust, null::trust as other, 5 as newer"
    record = one(conn, statement, Known)
    assert record == Known(1, Trust.MERGED, None)
    assert record.trust is Trust.MERGED


def test_the_enums_of_the_database_are_those_of_the_records(conn: Connection[Any]) -> None:
    labels = conn.execute("select unnest(enum_range(null::trust))::text").fetchall()
    assert [label for (label,) in labels] == [str(trust) for trust in Trust]
