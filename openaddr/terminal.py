"""What people see on the terminal: progress while it runs, then each run in a few lines. Data never goes here."""

import io
import sys
import time
from dataclasses import dataclass, field
from typing import TextIO

from openaddr.errors import ROW_REASONS, Code, Problem
from openaddr.run import Run, Status, printable

SECONDS_BETWEEN_LINES = 10.0
SECONDS_BETWEEN_REDRAWS = 0.2
BYTES_PER_MB = 1_000_000
MARKS = {Status.SUCCEEDED: "✓", Status.HELD: "‖", Status.SKIPPED: "-", Status.FAILED: "✗"}


@dataclass
class Ticker:
    """Progress on a stream: one line redrawn on a terminal, otherwise a plain line every 10 seconds."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    _stage: str = ""
    _started: float = 0.0
    _shown: float = 0.0
    _drawn: bool = False

    def __call__(self, stage: str, done: int, total: int | None, unit: str) -> None:
        """Take note of progress, and show it when it is time to."""
        now = time.monotonic()
        if stage != self._stage:
            self.clear()
            self._stage, self._started, self._shown = stage, now, now
        pause = SECONDS_BETWEEN_REDRAWS if self.stream.isatty() else SECONDS_BETWEEN_LINES
        if now - self._shown < pause:
            return
        self._shown = now
        line = describe(stage, done, total, unit, now - self._started)
        if self.stream.isatty():
            self.stream.write(f"\r\x1b[2K{line}")
            self._drawn = True
        else:
            self.stream.write(f"{line}\n")
        self.stream.flush()

    def clear(self) -> None:
        """Take the redrawn line away."""
        if self._drawn:
            self.stream.write("\r\x1b[2K")
            self._drawn = False
        self._stage = ""


def describe(stage: str, done: int, total: int | None, unit: str, seconds: float) -> str:
    """Progress in words: what is done, how fast, and how long it still takes where the total is known."""
    rate = done / seconds if seconds > 0 else 0.0
    words = f"{stage}: {_amount(done, unit)}"
    if total:
        words += f" of {_amount(total, unit)} ({min(done / total, 1):.0%})"
    words += f", {_amount(round(rate), unit)}/s"
    if total and rate and done < total:
        words += f", {duration((total - done) / rate)} left"
    return words


def _amount(number: int, unit: str) -> str:
    return f"{number / BYTES_PER_MB:,.1f} MB" if unit == "bytes" else f"{number:,} {unit}"


def duration(seconds: float) -> str:
    """Seconds in the units that a person would use."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def counted(number: int, noun: str) -> str:
    """A number of things: `1 file`, `2,676 files`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def allow_any_text() -> None:
    """Let standard output write letters that its encoding lacks as escapes."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def report(run: Run, file: str) -> str:
    """One run in a few lines: how it ended, why, what to do, and where the files are."""
    label = "/".join(part for part in (run.source, run.layer, run.name) if part)
    lines = [f"{MARKS[run.status]} {label}: {run.status.value}{_rows(run)}"]
    if run.problem is not None:
        lines += _problem_lines(run.problem, file, "")
    if run.status is not Status.FAILED and not run.unchanged:
        lines += _fill_lines(run)
    for reason, count in run.account.rejected.most_common():
        example = next(
            (f", as in row {at.row:,}: {at.value}" for at in run.account.examples if at.reason == reason), ""
        )
        lines.append(f"  {count:,} left out, {ROW_REASONS[reason]}{example}")
    for warning in run.warnings:
        if warning.code is not Code.ROWS_REJECTED:  # the lines before say the same with examples
            lines += _problem_lines(warning, file, "warning ")
    if run.folder is not None:
        lines.append(f"  → {run.folder}")
    return "\n".join(map(printable, lines))


def _rows(run: Run) -> str:
    if run.status is not Status.SUCCEEDED:
        return ""
    how = ", unchanged since the last run" if run.unchanged else f" in {duration(sum(run.seconds.values()))}"
    return f", {run.account.kept:,} of {run.account.received:,} rows{how}"


def _fill_lines(run: Run) -> list[str]:
    """In which share of the rows each attribute is filled, for those that are filled at all."""
    shares = ", ".join(f"{name} {_percent(count, run.account.kept)}" for name, count in run.fills.items() if count)
    return [f"  filled: {shares}"] if shares else []


def _percent(count: int, whole: int) -> str:
    """A share in whole percents that says neither all nor none unless it is."""
    percent = round(100 * count / whole)
    if count < whole and percent == 100:
        return "> 99 %"
    return "< 1 %" if count and not percent else f"{percent} %"


def _problem_lines(problem: Problem, file: str, kind: str) -> list[str]:
    place = f" ({file}:{problem.line} {problem.pointer})" if problem.line else ""
    hint = problem.hint or problem.explanation.hint
    return [f"  {kind}{problem.code}: {problem.message}{place}", f"    {hint}"]
