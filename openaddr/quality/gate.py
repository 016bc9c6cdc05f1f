"""The gate: a run that is worse than the last good one is held until somebody decides.

Small sources have a slack, so that one lost row of five holds nothing; half of the rows is never within it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from openaddr.errors import Code, Problem
from openaddr.quality.figures import Figures
from openaddr.settings import Settings
from openaddr.stages import Bounds

WATCHED = ("geometry", "number", "street", "pid", "name")
"""Attributes without which the rows of a layer are of little use."""
COVERAGE_MARGIN = 0.1
"""Degrees, about 10 km, by which rows may reach beyond the area that a source draws, often with few corners."""


@dataclass(frozen=True)
class Verdict:
    """What the gate says: the run is held when there are problems."""

    problems: tuple[Problem, ...] = ()

    @property
    def held(self) -> bool:
        """Whether the run has to wait for a decision."""
        return bool(self.problems)


def judge(new: Figures, last: Figures | None, coverage: Bounds | None, settings: Settings | None = None) -> Verdict:
    """Compare a finished run with the last good one, None when there is none, and with what its source covers."""
    settings = settings or Settings()
    return Verdict(tuple(_problems(new, last, coverage, settings)))


def _problems(new: Figures, last: Figures | None, coverage: Bounds | None, settings: Settings) -> Iterator[Problem]:
    if not new.rows:
        had = f"; {_run(last)} had {last.rows:,}" if last else ""
        yield Problem(Code.ROWS_DROPPED, f"No rows are left{had}.")
        return
    if last is not None and last.rows:
        if last.rows - new.rows > _allowed(last.rows, settings.gate_rows_share, settings):
            yield _rows_dropped(new, last, settings)
        for attribute in WATCHED:
            lost = last.share(attribute) - new.share(attribute) if attribute in new.fills else 0.0
            # Shares are compared as rows of the last run: what counts as few does not depend on how many are left.
            if round(lost * last.rows, 6) > _allowed(last.rows, settings.gate_fill_share, settings):
                yield _field_emptied(attribute, new, last, settings)
    if coverage is not None and new.bounds is not None and _sticks_out(new.bounds, coverage, last):
        yield _outside(new.bounds, coverage)


def _allowed(rows: int, share: float, settings: Settings) -> float:
    """How many of so many rows may be lost."""
    return round(max(share * rows, min(settings.gate_slack_rows, rows // 3)), 6)


def _sticks_out(bounds: Bounds, coverage: Bounds, last: Figures | None) -> bool:
    """Whether rows reach beyond the coverage, further than those of the last good run, which somebody accepted."""
    west, south, east, north = last.bounds if last and last.bounds else coverage
    return (
        bounds[0] < min(coverage[0] - COVERAGE_MARGIN, west)
        or bounds[1] < min(coverage[1] - COVERAGE_MARGIN, south)
        or bounds[2] > max(coverage[2] + COVERAGE_MARGIN, east)
        or bounds[3] > max(coverage[3] + COVERAGE_MARGIN, north)
    )


def _rows_dropped(new: Figures, last: Figures, settings: Settings) -> Problem:
    change = _percent(new.rows / last.rows - 1)
    return Problem(
        Code.ROWS_DROPPED,
        f"{new.rows:,} rows; {_run(last)} had {last.rows:,} ({change}); "
        f"{_percent(settings.gate_rows_share)} fewer are allowed.",
    )


def _field_emptied(attribute: str, new: Figures, last: Figures, settings: Settings) -> Problem:
    now, then = new.share(attribute), last.share(attribute)
    return Problem(
        Code.FIELD_EMPTIED,
        f"`{attribute}` is filled in {new.fills[attribute]:,} of {new.rows:,} rows ({_percent(now)}); {_run(last)} had "
        f"{last.fills[attribute]:,} of {last.rows:,} ({_percent(then)}); "
        f"{_percent(settings.gate_fill_share)} of the rows may lose it.",
    )


def _outside(bounds: Bounds, coverage: Bounds) -> Problem:
    return Problem(
        Code.OUTSIDE_COVERAGE,
        f"Rows lie between {_corners(bounds)}; the source covers {_corners(coverage)}, "
        f"and {COVERAGE_MARGIN:g} degrees around it are allowed.",
        pointer="/coverage/geometry",
    )


def _run(last: Figures | None) -> str:
    return "the last good run" + (f" {last.day}" if last and last.day else "")


def _percent(share: float) -> str:
    """A share with at most one decimal: `10 %`, `-33.3 %`."""
    return f"{share * 100:.1f}".removesuffix(".0") + " %"


def _corners(bounds: Bounds) -> str:
    west, south, east, north = bounds
    return f"longitude {west:.2f} to {east:.2f} and latitude {south:.2f} to {north:.2f}"
