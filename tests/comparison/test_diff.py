"""`openaddr diff` through the command: what differs between two outputs, and between two source files."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from openaddr.cli import app
from openaddr.comparison.rows import compare
from openaddr.outputs.geoparquet import GeoParquet
from openaddr.source.changes import Kind, changes
from openaddr.source.parse import parse_source
from tests.outputs.extracts import Row, extract, fed, points

Diff = Callable[..., tuple[int, dict[str, Any]]]


def output(folder: Path, rows: Sequence[Row]) -> Path:
    """Rows as the folder of a run."""
    folder.mkdir(parents=True)
    made = extract(folder, *([points(rows)] if rows else []))
    fed(GeoParquet(made, folder, folder), made)
    return folder


def row(identity: int, **values: object) -> Row:
    return {"hash": f"{identity:016x}", "number": str(identity), "lon": 10.5, "lat": 50.5, **values}


@pytest.fixture
def diff() -> Diff:
    """The command with `--json`: its exit code and object."""

    def run(*arguments: str | Path) -> tuple[int, dict[str, Any]]:
        result = CliRunner().invoke(app, ["diff", "--json", "--exit-code", *map(str, arguments)])
        return result.exit_code, json.loads(result.stdout) if result.stdout else {"stderr": result.stderr}

    return run


OLD = [row(1), row(2), row(3, street="Main"), row(4), row(4)]
CASES: list[tuple[str, list[Row], tuple[int, int, int]]] = [
    ("the same", OLD, (0, 0, 0)),
    ("the same in another order", OLD[::-1], (0, 0, 0)),
    ("one added", [*OLD, row(9)], (1, 0, 0)),
    ("one removed", OLD[1:], (0, 1, 0)),
    ("an attribute changed", [*OLD[:2], row(3, street="High"), *OLD[3:]], (0, 0, 1)),
    ("a place changed", [row(1, lon=10.6), *OLD[1:]], (0, 0, 1)),
    ("a place lost", [row(1, lon=None, lat=None), *OLD[1:]], (0, 0, 1)),
    ("a repeated row once more", [*OLD, row(4)], (1, 0, 0)),
    ("a repeated row once less", OLD[:4], (0, 1, 0)),
    ("repeated rows changed", [*OLD[:3], row(4, unit="A"), row(4, unit="A")], (0, 0, 2)),
    ("all removed", [], (0, 5, 0)),
]


@pytest.mark.parametrize(("new", "numbers"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_rows_are_told_apart_by_their_ids(
    diff: Diff, tmp_path: Path, new: list[Row], numbers: tuple[int, int, int]
) -> None:
    code, found = diff(output(tmp_path / "old", OLD), output(tmp_path / "new", new))
    assert (found["added"], found["removed"], found["changed"]) == numbers
    assert code == (1 if any(numbers) else 0)
    assert (found["old"]["rows"], found["new"]["rows"]) == (5, len(new))


def test_examples_show_what_a_row_was_and_is(diff: Diff, tmp_path: Path) -> None:
    new = [row(1), row(3, street="High"), row(4), row(4), row(9, city="Böblingen")]
    _, found = diff(output(tmp_path / "old", OLD), output(tmp_path / "new", new))
    assert found["changed_rows"] == [{"id": f"{3:016x}", "values": {"street": ["Main", "High"]}}]
    assert [item["city"] for item in found["added_rows"]] == ["Böblingen"]
    assert [item["number"] for item in found["removed_rows"]] == ["2"]
    assert (found["old"]["fills"]["street"], found["new"]["fills"]["city"]) == (1, 1)


def test_people_read_the_numbers_first(tmp_path: Path) -> None:
    old, new = output(tmp_path / "old", OLD), output(tmp_path / "new", [*OLD[1:], row(9, city="A\nB")])
    lines = CliRunner().invoke(app, ["diff", str(old), str(new)]).stdout.splitlines()
    assert lines[1:4] == [
        f"+ {new}: 5 rows", "1 added, 1 removed, 0 changed, 4 the same", "filled  city 0.0 % → 20.0 %",
    ]  # fmt: skip
    assert lines[4:] == [
        f"  + {9:016x}: 9, A\\nB at 10.5 50.5", f"  - {1:016x}: 1 at 10.5 50.5",
    ]  # fmt: skip


identities = st.lists(st.integers(0, 9), max_size=12)


@given(identities, identities)
def test_added_less_removed_is_the_difference_of_the_rows(
    tmp_path_factory: pytest.TempPathFactory, old: list[int], new: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("diff")
    sides = [output(folder / name, [row(identity) for identity in rows]) for name, rows in (("a", old), ("b", new))]
    found, back = compare(sides[0], sides[1]), compare(sides[1], sides[0])
    assert found.added - found.removed == len(new) - len(old)
    assert (found.added, found.removed, found.changed) == (back.removed, back.added, 0)


def test_what_is_no_output_is_refused(diff: Diff, tmp_path: Path) -> None:
    good = output(tmp_path / "good", OLD)
    other = tmp_path / "other.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(other)
    text = tmp_path / "text.parquet"
    text.write_text("hello")
    for bad in (tmp_path / "none", other, text):
        code, found = diff(good, bad)
        assert (code, "OUTPUT_UNREADABLE" in found["stderr"]) == (2, True)


ENTRY = {"name": "city", "protocol": "http", "data": "http://example.com/a.csv", "conform": {"format": "csv"}}
ENTRY["conform"] |= {"lon": "x", "lat": "y", "number": "no"}  # type: ignore[operator]


def text_of(*entries: dict[str, Any], indent: int | None = None) -> bytes:
    return json.dumps({"schema": 2, "coverage": {}, "layers": {"addresses": list(entries)}}, indent=indent).encode()


def kinds(old: bytes | None, new: bytes | None) -> dict[str, Kind]:
    sides = [parse_source("xx/a", text) if text else None for text in (old, new)]
    return {change.name: change.kind for change in changes(*sides)}


OTHER = ENTRY | {"name": "other"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (text_of(ENTRY), text_of(ENTRY, indent=4), {"city": "same"}),
        (text_of(ENTRY), text_of(dict(reversed(ENTRY.items()))), {"city": "same"}),
        (text_of(ENTRY, OTHER), text_of(OTHER, ENTRY), {"city": "same", "other": "same"}),
        (text_of(ENTRY), text_of(ENTRY, OTHER), {"city": "same", "other": "added"}),
        (text_of(ENTRY, OTHER), text_of(ENTRY), {"city": "same", "other": "removed"}),
        (text_of(ENTRY), text_of(ENTRY | {"data": "http://example.com/b.csv"}), {"city": "changed"}),
        (text_of(ENTRY), text_of(ENTRY | {"license": {"url": "http://example.com"}}), {"city": "changed"}),
        (text_of(ENTRY), text_of(ENTRY | {"protocol": "gopher"}), {"city": "changed"}),
        (text_of(ENTRY | {"protocol": "gopher"}), text_of(ENTRY | {"protocol": "gopher"}), {"city": "same"}),
        (None, text_of(ENTRY), {"city": "added"}),
        (text_of(ENTRY), None, {"city": "removed"}),
    ],
)
def test_a_layer_source_has_changed_when_its_run_would(
    old: bytes | None, new: bytes | None, expected: dict[str, str]
) -> None:
    assert kinds(old, new) == expected


def test_the_command_names_the_values_that_changed(diff: Diff, tmp_path: Path) -> None:
    for name, data in (("old", "http://example.com/a.csv"), ("new", "http://example.com/b.csv")):
        (tmp_path / f"{name}.json").write_bytes(text_of(ENTRY | {"data": data}))
    code, found = diff(tmp_path / "old.json", tmp_path / "new.json")
    (change,) = found["layer_sources"]
    assert (code, change["kind"]) == (1, "changed")
    assert change["differences"] == [
        {"pointer": "/data", "before": '"http://example.com/a.csv"', "after": '"http://example.com/b.csv"'}
    ]
