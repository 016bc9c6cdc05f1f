"""What is held, what passes, and the rules that hold for any figures."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openaddr.errors import Code, ExitCode
from openaddr.quality.figures import Figures, declared_bounds, figures_of
from openaddr.quality.gate import judge
from openaddr.run import Record, Run
from openaddr.settings import Settings
from openaddr.stages import Bounds, RowAccount

TOWN: Bounds = (10.0, 50.0, 11.0, 51.0)
ELSEWHERE: Bounds = (-11.0, 50.0, -10.0, 51.0)


def figures(rows: int, number: int | None = None, bounds: Bounds | None = TOWN, **fills: int) -> Figures:
    filled = {"number": rows if number is None else number, "street": rows, "unit": 0, "geometry": rows} | fills
    return Figures(rows, filled, bounds, "2026-11-17")


R, F, C = Code.ROWS_DROPPED, Code.FIELD_EMPTIED, Code.OUTSIDE_COVERAGE
CASES: list[tuple[str, Figures, Figures | None, Bounds | None, list[Code]]] = [
    ("the first run", figures(100), None, None, []),
    ("the first run with nothing", figures(0), None, None, [R]),
    ("the same", figures(100), figures(100), TOWN, []),
    ("more rows", figures(200), figures(100), TOWN, []),
    ("10 % fewer", figures(900), figures(1_000), None, []),
    ("a little more than 10 % fewer", figures(899), figures(1_000), None, [R]),
    ("half", figures(500), figures(1_000), None, [R]),
    ("nothing left", figures(0), figures(1_000), None, [R]),
    ("one row of five lost", figures(4), figures(5), None, []),
    ("two rows of five lost", figures(3), figures(5), None, [R]),
    ("one row of two lost", figures(1), figures(2), None, [R]),
    ("half of ten", figures(5), figures(10), None, [R]),
    ("five of thirty lost", figures(25), figures(30), None, []),
    ("six of thirty lost", figures(24), figures(30), None, [R]),
    ("numbers down by 10 points", figures(1_000, 900), figures(1_000), None, []),
    ("numbers down by more", figures(1_000, 899), figures(1_000), None, [F]),
    ("numbers of a small source", figures(5, 4), figures(5), None, []),
    ("more numbers of a small source", figures(5, 3), figures(5), None, [F]),
    ("streets all gone", figures(1_000, street=0), figures(1_000), None, [F]),
    ("geometry all gone", figures(1_000, geometry=0, bounds=None), figures(1_000), TOWN, [F]),
    ("an attribute of less weight gone", figures(1_000, unit=0), figures(1_000, unit=900), None, []),
    ("never had numbers", figures(1_000, 0), figures(1_000, 0), None, []),
    ("fewer numbers of more rows, the same share", figures(2_000, 1_000), figures(1_000, 500), None, []),
    ("the empty rows left out", figures(950, 500), figures(1_000, 500), None, []),
    ("an older record that counts no fills", figures(1_000, 0), Figures(1_000), None, []),
    ("rows and numbers", figures(500, 100), figures(1_000), None, [R, F]),
    ("inside", figures(100), None, TOWN, []),
    ("within the margin", figures(100, bounds=(9.95, 50.0, 11.0, 51.0)), None, TOWN, []),
    ("beyond the margin", figures(100, bounds=(9.85, 50.0, 11.0, 51.0)), None, TOWN, [C]),
    ("elsewhere", figures(100, bounds=ELSEWHERE), figures(100), TOWN, [C]),
    ("elsewhere, as was accepted", figures(100, bounds=ELSEWHERE), figures(100, bounds=ELSEWHERE), TOWN, []),
    ("no geometry at all", figures(100, geometry=0, bounds=None), None, TOWN, []),
]


@pytest.mark.parametrize(("new", "last", "coverage", "codes"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_the_gate_on(new: Figures, last: Figures | None, coverage: Bounds | None, codes: list[Code]) -> None:
    verdict = judge(new, last, coverage)
    assert [problem.code for problem in verdict.problems] == codes
    assert verdict.held == bool(codes)
    assert all(problem.explanation.exit_code is ExitCode.HELD for problem in verdict.problems)


MESSAGES = [
    (
        figures(12_345), figures(24_690), None,
        "12,345 rows; the last good run 2026-11-17 had 24,690 (-50 %); 10 % fewer are allowed.",
    ),
    (figures(0), figures(5), None, "No rows are left; the last good run 2026-11-17 had 5."),
    (
        figures(3_000, 1_000), figures(3_000), None,
        "`number` is filled in 1,000 of 3,000 rows (33.3 %); the last good run 2026-11-17 had 3,000 of 3,000 (100 %); "
        "10 % of the rows may lose it.",
    ),
    (
        figures(9, bounds=ELSEWHERE), None, TOWN,
        "Rows lie between longitude -11.00 to -10.00 and latitude 50.00 to 51.00; the source covers "
        "longitude 10.00 to 11.00 and latitude 50.00 to 51.00, and 0.1 degrees around it are allowed.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("new", "last", "coverage", "message"), MESSAGES)
def test_a_message_has_both_figures(new: Figures, last: Figures | None, coverage: Bounds | None, message: str) -> None:
    (problem,) = judge(new, last, coverage).problems
    assert problem.message == message


def test_the_settings_say_how_much_is_allowed() -> None:
    new, last = figures(40, 20), figures(100)
    assert not judge(new, last, None, Settings(gate_rows_share=0.6, gate_fill_share=0.5)).held
    assert judge(figures(99), last, None, Settings(gate_rows_share=0.0, gate_slack_rows=0)).held


@st.composite
def any_figures(draw: st.DrawFn) -> Figures:
    rows = draw(st.integers(0, 200) | st.integers(0, 10**9))
    fills = {name: draw(st.integers(0, rows)) for name in ("number", "street", "city", "geometry")}
    west, south = draw(st.floats(-180, 180)), draw(st.floats(-90, 90))
    return Figures(rows, fills, (west, south, west + draw(st.floats(0, 9)), south + draw(st.floats(0, 9))))


@given(any_figures())
def test_a_run_equal_to_the_last_good_one_is_never_held(run: Figures) -> None:
    assert judge(run, run, TOWN).held == (run.rows == 0)


@given(any_figures(), any_figures(), st.integers(0, 10**9))
def test_dropping_more_rows_never_opens_the_gate(new: Figures, last: Figures, fewer: int) -> None:
    rows = max(new.rows - fewer, 0)
    # Rows go whatever they say: shares of filled ones stay, or get a little worse.
    worse = replace(new, rows=rows, fills={name: count * rows // max(new.rows, 1) for name, count in new.fills.items()})
    assert judge(worse, last, TOWN).held or not judge(new, last, TOWN).held


@given(any_figures(), any_figures())
def test_half_of_the_rows_is_never_let_through(new: Figures, last: Figures) -> None:
    if last.rows > 0 and new.rows <= last.rows / 2:
        assert judge(new, last, None).held


SQUARE = {"type": "Polygon", "coordinates": [[[10, 50], [11, 50], [11, 51], [10, 51], [10, 50]]]}


@pytest.mark.parametrize(
    ("coverage", "expected"),
    [
        ({"geometry": SQUARE}, TOWN),
        ({"geometry": {"type": "GeometryCollection", "geometries": [SQUARE]}}, TOWN),
        ({"geometry": {"type": "Point", "coordinates": [10, 50]}}, None),
        ({"geometry": {}}, None),
        ({"geometry": None}, None),
        ({"geometry": "us"}, None),
        ({"geometry": {"type": "Polygon", "coordinates": [[[10]]]}}, None),
        ({"geometry": {"type": "Polygon", "coordinates": []}}, None),
        ({"country": "us"}, None),
    ],
)
def test_a_source_covers_the_area_that_it_draws(coverage: dict[str, Any], expected: Bounds | None) -> None:
    assert declared_bounds(coverage) == expected


def test_a_run_and_its_record_have_the_same_figures() -> None:
    run = Run("xx/town", "addresses", "town", account=RowAccount(3, 2), fills={"number": 1}, bounds=TOWN)
    record = msgspec.json.decode(json.dumps(run.as_json()), type=Record)
    assert figures_of(record, "2026-11-17") == figures_of(run, "2026-11-17")
    assert figures_of(run).share("number") == 0.5
