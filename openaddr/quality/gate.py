"""The gate: a run that is worse than the last good one is held until somebody decides.

Small sources have a slack, so that one lost row of five holds nothing; half of the rows is never within it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from openaddr.errors import Code, Problem
from openaddr.quality.figures import Figures
from openaddr.settings import Settings

WATCHED = ("geometry", "number", "street", "pid", "name")
"""Attributes without which the rows of a layer are of little use."""


@dataclass(frozen=True)
class Verdict:
    """What the gate says: the run is held when there are problems."""

    problems: tuple[Problem, ...] = ()

    @property
    def held(self) -> bool:
        """Whether the run has to wait for a decision."""
        return bool(self.problems)


def judge(new: Figures, last: Figures | None, settings: Settings | None = None) -> Verdict:
    """Compare a finished run with the last good one, None when there is none, and with what its source covers."""
    settings = settings or Settings()
    return Verdict(tuple(_problems(new, last, settings)))


def _problems(new: Figures, last: Figures | None, settings: Settings) -> Iterator[Problem]:
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
    # What lay outside in the last good run was accepted by somebody, or was little.
    more = new.share_outside - (last.share_outside if last else 0.0)
    if round(more * new.rows, 6) > _allowed(new.rows, settings.gate_outside_share, settings):
        yield _outside(new, last, settings)


def _allowed(rows: int, share: float, settings: Settings) -> float:
    """How many of so many rows may be lost."""
    return round(max(share * rows, min(settings.gate_slack_rows, rows // 3)), 6)


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


def _outside(new: Figures, last: Figures | None, settings: Settings) -> Problem:
    had = f"; {_run(last)} had {last.outside or 0:,} of {last.rows:,} there" if last else ""
    return Problem(
        Code.OUTSIDE_COVERAGE,
        f"{new.outside:,} of {new.rows:,} rows ({_percent(new.share_outside)}) lie outside of what the source "
        f"covers{had}; {_percent(settings.gate_outside_share)} are allowed.",
        pointer="/coverage",
    )


def _run(last: Figures | None) -> str:
    return "the last good run" + (f" {last.day}" if last and last.day else "")


def _percent(share: float) -> str:
    """A share with at most one decimal: `10 %`, `-33.3 %`."""
    return f"{share * 100:.1f}".removesuffix(".0") + " %"
