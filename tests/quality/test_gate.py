"""What is held, what passes, and the rules that hold for any figures."""

import json
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openaddr.errors import Code, ExitCode
from openaddr.quality.figures import Figures, figures_of
from openaddr.quality.gate import judge
from openaddr.run import Record, Run
from openaddr.settings import Settings
from openaddr.stages import Misplaced, RowAccount


def figures(rows: int, number: int | None = None, outside: int | None = 0, **fills: int) -> Figures:
    filled = {"number": rows if number is None else number, "street": rows, "unit": 0, "geometry": rows} | fills
    return Figures(rows, filled, outside, "2026-11-17")


R, F, C = Code.ROWS_DROPPED, Code.FIELD_EMPTIED, Code.OUTSIDE_COVERAGE
CASES: list[tuple[str, Figures, Figures | None, list[Code]]] = [
    ("the first run", figures(100), None, []),
    ("the first run with nothing", figures(0), None, [R]),
    ("the same", figures(100), figures(100), []),
    ("more rows", figures(200), figures(100), []),
    ("10 % fewer", figures(900), figures(1_000), []),
    ("a little more than 10 % fewer", figures(899), figures(1_000), [R]),
    ("half", figures(500), figures(1_000), [R]),
    ("nothing left", figures(0), figures(1_000), [R]),
    ("one row of five lost", figures(4), figures(5), []),
    ("two rows of five lost", figures(3), figures(5), [R]),
    ("one row of two lost", figures(1), figures(2), [R]),
    ("half of ten", figures(5), figures(10), [R]),
    ("five of thirty lost", figures(25), figures(30), []),
    ("six of thirty lost", figures(24), figures(30), [R]),
    ("numbers down by 10 points", figures(1_000, 900), figures(1_000), []),
    ("numbers down by more", figures(1_000, 899), figures(1_000), [F]),
    ("numbers of a small source", figures(5, 4), figures(5), []),
    ("more numbers of a small source", figures(5, 3), figures(5), [F]),
    ("streets all gone", figures(1_000, street=0), figures(1_000), [F]),
    ("geometry all gone", figures(1_000, geometry=0), figures(1_000), [F]),
    ("an attribute of less weight gone", figures(1_000, unit=0), figures(1_000, unit=900), []),
    ("never had numbers", figures(1_000, 0), figures(1_000, 0), []),
    ("fewer numbers of more rows, the same share", figures(2_000, 1_000), figures(1_000, 500), []),
    ("the empty rows left out", figures(950, 500), figures(1_000, 500), []),
    ("an older record that counts no fills", figures(1_000, 0), Figures(1_000), []),
    ("rows and numbers", figures(500, 100), figures(1_000), [R, F]),
    ("none outside", figures(1_000), None, []),
    ("10 % outside", figures(1_000, outside=100), None, []),
    ("a little more than 10 % outside", figures(1_000, outside=101), None, [C]),
    ("all outside", figures(1_000, outside=1_000), figures(1_000), [C]),
    ("all outside, as was accepted", figures(1_000, outside=1_000), figures(1_000, outside=1_000), []),
    ("more outside than was accepted", figures(1_000, outside=401), figures(1_000, outside=300), [C]),
    ("a little more outside than was accepted", figures(1_000, outside=400), figures(1_000, outside=300), []),
    ("five of thirty outside", figures(30, outside=5), None, []),
    ("two of five outside", figures(5, outside=2), None, [C]),
    ("nobody knows what is outside", figures(1_000, outside=None), figures(1_000, outside=1_000), []),
    ("an older record that counts none outside", figures(1_000, outside=200), Figures(1_000), [C]),
]


@pytest.mark.parametrize(("new", "last", "codes"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_the_gate_on(new: Figures, last: Figures | None, codes: list[Code]) -> None:
    verdict = judge(new, last)
    assert [problem.code for problem in verdict.problems] == codes
    assert verdict.held == bool(codes)
    assert all(problem.explanation.exit_code is ExitCode.HELD for problem in verdict.problems)


MESSAGES = [
    (
        figures(12_345), figures(24_690),
        "12,345 rows; the last good run 2026-11-17 had 24,690 (-50 %); 10 % fewer are allowed.",
    ),
    (figures(0), figures(5), "No rows are left; the last good run 2026-11-17 had 5."),
    (
        figures(3_000, 1_000), figures(3_000),
        "`number` is filled in 1,000 of 3,000 rows (33.3 %); the last good run 2026-11-17 had 3,000 of 3,000 (100 %); "
        "10 % of the rows may lose it.",
    ),
    (
        figures(9_000, outside=4_500), None,
        "4,500 of 9,000 rows (50 %) lie outside of what the source covers; 10 % are allowed.",
    ),
    (
        figures(9_000, outside=4_500), figures(8_000, outside=80),
        "4,500 of 9,000 rows (50 %) lie outside of what the source covers; the last good run 2026-11-17 had 80 of "
        "8,000 there; 10 % are allowed.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("new", "last", "message"), MESSAGES)
def test_a_message_has_both_figures(new: Figures, last: Figures | None, message: str) -> None:
    (problem,) = judge(new, last).problems
    assert problem.message == message


def test_the_settings_say_how_much_is_allowed() -> None:
    new, last = figures(40, 20), figures(100)
    assert not judge(new, last, Settings(gate_rows_share=0.6, gate_fill_share=0.5)).held
    assert judge(figures(99), last, Settings(gate_rows_share=0.0, gate_slack_rows=0)).held


@st.composite
def any_figures(draw: st.DrawFn) -> Figures:
    rows = draw(st.integers(0, 200) | st.integers(0, 10**9))
    fills = {name: draw(st.integers(0, rows)) for name in ("number", "street", "city", "geometry")}
    return Figures(rows, fills, draw(st.none() | st.integers(0, rows)))


@given(any_figures())
def test_a_run_equal_to_the_last_good_one_is_never_held(run: Figures) -> None:
    assert judge(run, run).held == (run.rows == 0)


@given(any_figures(), any_figures(), st.integers(0, 10**9))
def test_dropping_more_rows_never_opens_the_gate(new: Figures, last: Figures, fewer: int) -> None:
    rows = max(new.rows - fewer, 0)
    # Rows go whatever they say: shares of filled ones stay, or get a little worse.
    worse = replace(new, rows=rows, fills={name: count * rows // max(new.rows, 1) for name, count in new.fills.items()})
    assert judge(worse, last).held or not judge(new, last).held


@pytest.mark.proves("I6")
@given(any_figures(), any_figures())
def test_half_of_the_rows_is_never_let_through(new: Figures, last: Figures) -> None:
    if last.rows > 0 and new.rows <= last.rows / 2:
        assert judge(new, last).held


def test_a_run_and_its_record_have_the_same_figures() -> None:
    run = Run("xx/town", "addresses", "town", account=RowAccount(3, 2), fills={"number": 1}, misplaced=Misplaced(1))
    record = msgspec.json.decode(json.dumps(run.as_json()), type=Record)
    assert figures_of(record, "2026-11-17") == figures_of(run, "2026-11-17")
    assert figures_of(run).share("number") == 0.5
