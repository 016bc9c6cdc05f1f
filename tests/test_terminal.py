"""What people read on the terminal."""

import io
from pathlib import Path

import pytest

from openaddr.errors import Code, Problem, RowReason
from openaddr.run import Run, Status
from openaddr.stages import RowAccount
from openaddr.terminal import SECONDS_BETWEEN_LINES, Ticker, describe, duration, report


class Screen(io.StringIO):
    """A stream that says whether it is a terminal."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize(
    ("done", "total", "unit", "seconds", "expected"),
    [
        (2_500_000, 10_000_000, "bytes", 5.0, "s: 2.5 MB of 10.0 MB (25%), 0.5 MB/s, 15 s left"),
        (1_000, None, "rows", 2.0, "s: 1,000 rows, 500 rows/s"),
        (1_000, 1_000, "rows", 2.0, "s: 1,000 rows of 1,000 rows (100%), 500 rows/s"),
        (0, 10, "rows", 0.0, "s: 0 rows of 10 rows (0%), 0 rows/s"),
    ],
)
def test_progress_says_how_much_how_fast_and_how_long_still(
    done: int, total: int | None, unit: str, seconds: float, expected: str
) -> None:
    assert describe("s", done, total, unit, seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.4, "0 s"), (59, "59 s"), (61, "1 min 01 s"), (3_599, "59 min 59 s"), (7_300, "2 h 01 min")],
)
def test_times_are_said_in_the_units_of_people(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


def ticked(terminal: bool, monkeypatch: pytest.MonkeyPatch, *times: float) -> str:
    """What a ticker has written when it was called at these times."""
    clock = iter(times)
    monkeypatch.setattr("openaddr.terminal.time.monotonic", lambda: next(clock))
    screen = Screen(terminal)
    ticker = Ticker(screen)
    for number in range(len(times)):
        ticker("conform", number, None, "rows")
    ticker.clear()
    return screen.getvalue()


def test_without_a_terminal_a_plain_line_comes_every_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    late = SECONDS_BETWEEN_LINES
    written = ticked(False, monkeypatch, 0.0, 1.0, late, late + 1, 2 * late)
    assert written == "conform: 2 rows, 0 rows/s\nconform: 4 rows, 0 rows/s\n"


def test_on_a_terminal_one_line_is_drawn_again_and_taken_away_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    written = ticked(True, monkeypatch, 0.0, 0.1, 0.5, 1.0)
    assert "\n" not in written
    assert written.count("conform") == 2
    assert written.endswith("\r\x1b[2K")


def test_a_report_says_how_it_ended_why_where_and_what_to_do() -> None:
    problem = Problem(Code.FIELD_NOT_FOUND, "`number` needs the column 'no'.", "Nearest: num.", "/conform/number", 7)
    run = Run("us/x", "addresses", "city", Status.FAILED, problem, folder=Path("out/us/x"))
    assert report(run, "us/x.json") == (
        "✗ us/x/addresses/city: failed\n"
        "  FIELD_NOT_FOUND: `number` needs the column 'no'. (us/x.json:7 /conform/number)\n"
        "    Nearest: num.\n"
        "  → out/us/x"
    )


def test_a_report_of_success_counts_rows_and_what_was_left_out() -> None:
    account = RowAccount(received=1_200, kept=1_199)
    account.reject(RowReason.ROW_TOO_LONG, 1, [(1_100, "5,Main St,extra")])
    run = Run("us/x", "addresses", "city", Status.SUCCEEDED, account=account, seconds={"conform": 2.0})
    assert report(run, "us/x.json") == (
        "✓ us/x/addresses/city: succeeded, 1,199 of 1,200 rows in 2 s\n"
        "  1 left out, the row has more values than the header has names, as in row 1,100: 5,Main St,extra"
    )
