"""What looks like a mistake, and what does not."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from openaddr.errors import Code, Problem
from openaddr.extract import sample
from openaddr.quality.profile import profile_of
from openaddr.quality.suspicions import suspicions
from openaddr.stages import NOWHERE_ELSE, Bounds, Extract, GeometryKind, Layer, Misplaced, RowAccount
from tests.outputs.extracts import extract, points, shapes

TOWN: Bounds = (10.0, 50.0, 11.0, 51.0)


def found(columns: dict[str, list[str]], misplaced: Misplaced = NOWHERE_ELSE, rows: int = 1_000) -> list[Problem]:
    """The suspicions on rows whose columns repeat the values given."""
    filled = {name: (values * rows)[:rows] for name, values in columns.items()}
    frame = pl.DataFrame(filled | {"lon": [10 + row / 10_000 for row in range(rows)], "lat": [50.0] * rows})
    made = Extract(
        Path(), Layer.ADDRESSES, GeometryKind.POINT, rows, TOWN, frozenset(), RowAccount(), misplaced=misplaced
    )
    return list(suspicions(made, frame, "/layers/addresses/0/conform"))


VALUES = [
    ("number", ["1", "2", "3A"], None),
    ("number", ["1.0", "2.0", "3.5"], Code.NUMBER_FORMATTED),
    ("postcode", ["24,348", "1,024"], Code.NUMBER_FORMATTED),
    ("number", ["1,2", "3,4"], None),
    ("number", ["0", "1", "2"], Code.PLACEHOLDER),
    ("number", ["-9", "1", "2"], Code.PLACEHOLDER),
    ("number", ["1-9", "10", "2"], None),
    ("street", ["High Street", "NULL"], Code.PLACEHOLDER),
    ("street", ["Unknown Soldier Way", "Null Lane"], None),
    ("city", ["12345 Springfield", "Springfield"], Code.PREFIX_LEAKED),
    ("city", ["2nd Creek", "4 Corners", "Springfield"], None),
    ("street", ["Vaca Ln Ln", "Main St"], Code.WORD_DOUBLED),
    ("street", ["Vaca LN Ln", "Main St"], Code.WORD_DOUBLED),
    ("street", ["Walla Walla", "Main St"], None),
    ("street", ["Main Street"], Code.ONE_VALUE),
    ("city", ["Springfield"], None),
    ("number", [""], None),
    ("street", ["N/A", *(f"Street {count}" for count in range(200))], None),
]


@pytest.mark.parametrize(("name", "values", "code"), VALUES, ids=[f"{name} {values[0]}" for name, values, _ in VALUES])
def test_values_of(name: str, values: list[str], code: Code | None) -> None:
    assert [problem.code for problem in found({name: values})] == ([code] if code else [])


def test_a_suspicion_says_how_many_and_shows_one_and_its_place() -> None:
    (problem,) = found({"number": ["1.0", "2.0", "3"]})
    assert problem.message == "667 of 1,000 values of `number` are written as decimals or with commas, such as '1.0'."
    assert problem.pointer == "/layers/addresses/0/conform/number"


@pytest.mark.parametrize(
    ("misplaced", "codes"),
    [
        (Misplaced(None), []),
        (Misplaced(0), []),
        (Misplaced(0, 0, 1), [Code.NULL_ISLAND]),
        (Misplaced(900, 900), [Code.AXIS_SWAPPED]),
        (Misplaced(900, 400), []),
        (Misplaced(40, 40), []),
    ],
)
def test_rows_that_are_where_they_hardly_can_be(misplaced: Misplaced, codes: list[Code]) -> None:
    assert [problem.code for problem in found({"number": ["1", "2"]}, misplaced)] == codes


def test_rows_that_all_have_one_point_are_told() -> None:
    rows = pl.DataFrame({"lon": [10.5] * 30 + [11.0 + row / 100 for row in range(70)], "lat": [50.0] * 100})
    made = Extract(Path(), Layer.ADDRESSES, GeometryKind.POINT, 100, TOWN, frozenset(), RowAccount())
    (problem,) = suspicions(made, rows, "")
    assert (problem.code, problem.message) == (Code.ONE_PLACE, "30 of 100 rows have the point 10.5, 50.0.")
    assert list(suspicions(replace(made, rows=90), rows[20:], "")) == []


def at(*places: tuple[float, float]) -> pl.DataFrame:
    return points([{"lon": lon, "lat": lat} for lon, lat in places])


def test_a_writer_counts_what_is_misplaced_over_all_batches(tmp_path: Path) -> None:
    frames = at((10.5, 50.5), (50.5, 10.5)), at((0.0, 0.0), (-120.0, 30.0)), points([{}])
    assert extract(tmp_path, *frames, within=TOWN).misplaced == Misplaced(outside=3, swapped=1, null_island=1)
    assert extract(tmp_path, *frames).misplaced == Misplaced(None, 0, 1)


def test_shapes_that_reach_into_what_is_covered_are_not_outside(tmp_path: Path) -> None:
    frame = shapes(Layer.PARCELS, ["LINESTRING (9 50, 10 50)", "POINT (9 50)", None])
    assert extract(tmp_path, frame, layer=Layer.PARCELS, within=TOWN).misplaced == Misplaced(1)


def test_a_profile_has_the_most_frequent_values_of_an_even_sample(tmp_path: Path) -> None:
    batches = [points([{"number": str(batch), "street": "Main"}] * 100) for batch in range(40)]
    profile = profile_of(sample(extract(tmp_path, *batches).path, 500), Layer.ADDRESSES)
    assert 250 <= profile.rows <= 500
    assert profile.attributes["street"].top == (("Main", profile.rows),)
    assert (profile.attributes["number"].distinct, profile.attributes["city"].filled) == (14, 0)
