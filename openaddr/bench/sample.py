"""The command `openaddr sample`."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path

from openaddr.bench.answering import answered, print_json, problem_of, say_problem
from openaddr.bench.exploring import came
from openaddr.bench.records import Fetched
from openaddr.bench.session import Session, session
from openaddr.bench.sheet import Block, Line, Table, show
from openaddr.box import BoxedError
from openaddr.errors import Code, ExitCode, Problem, ProblemError
from openaddr.process import select
from openaddr.settings import Settings
from openaddr.source.model import BrokenEntry, LayerSource, Source
from openaddr.source.parse import read_source
from openaddr.stages import FirstRows, RowPair
from openaddr.terminal import Ticker


@dataclass(frozen=True)
class Wanted:
    """Which layer sources of a file, how many rows of each, and how much may be fetched."""

    path: Path
    layer: str | None
    name: str | None
    rows: int
    max_bytes: int


def run_sample(path: Path, *, layer: str | None, name: str | None, rows: int, max_bytes: int, as_json: bool) -> int:
    """Show the first rows of the layer sources of a file before and after conforming; gives the exit code."""
    wanted = Wanted(path, layer, name, rows, max_bytes)
    return answered(partial(_sample, wanted, as_json), partial(_tell, str(path), layer or "", name or "", as_json))


def _tell(source: str, layer: str, name: str, as_json: bool, problem: Problem) -> None:
    if as_json:
        print_json({"source": source, "layer": layer, "name": name, "problem": problem.as_json(), "rows": []})
    say_problem(problem, "/".join(part for part in (source, layer, name) if part))


def _sample(wanted: Wanted, as_json: bool, settings: Settings, ticker: Ticker) -> int:
    source = read_source(wanted.path)
    worst = ExitCode.DONE
    for entry in select(source, wanted.layer, wanted.name):
        with session(settings, ticker, wanted.max_bytes) as sitting:
            worst = max(worst, _sample_entry(sitting, source, entry, wanted.rows, as_json))
        ticker.clear()
    return worst


def _sample_entry(
    sitting: Session, source: Source, entry: LayerSource | BrokenEntry, count: int, as_json: bool
) -> ExitCode:
    """One layer source: whatever is wrong with it does not keep the others from being shown."""
    try:
        fetched, rows = first_rows_of(sitting, source, entry, count)
    except (ProblemError, BoxedError) as error:
        problem = source.located(problem_of(error))
        _tell(source.id, str(entry.layer), entry.name, as_json, problem)
        return ExitCode.DONE if problem.code is Code.SOURCE_SKIP else problem.explanation.exit_code
    if as_json:
        print_json(_as_json(source, entry, fetched, rows))
    else:
        show(_blocks(source, entry, fetched, rows))
    return ExitCode.DONE


def first_rows_of(
    sitting: Session, source: Source, entry: LayerSource | BrokenEntry, count: int
) -> tuple[Fetched, FirstRows]:
    """Test a layer source, fetch its beginning and conform its first rows. Raises ProblemError."""
    if isinstance(entry, BrokenEntry):
        found = entry.problem
        raise ProblemError(found.code, found.message, hint=found.hint, pointer=found.pointer)
    if entry.skip:
        raise ProblemError(Code.SOURCE_SKIP, "The source says to skip.", pointer=f"{entry.pointer}/skip")
    if entry.conform is None:
        raise ProblemError(Code.CONFORM_MISSING, "The source has no `conform`.", pointer=entry.pointer)
    sitting.test(entry)
    fetched = sitting.fetch_rows(entry, count)
    return fetched, sitting.rows_of(source, entry, fetched, count)


def _as_json(source: Source, entry: LayerSource | BrokenEntry, fetched: Fetched, found: FirstRows) -> dict[str, object]:
    warnings = [source.located(warning).as_json() for warning in (*fetched.warnings, *found.warnings)]
    return {
        "source": source.id,
        "layer": str(entry.layer),
        "name": entry.name,
        "problem": None,
        "fetched": {"bytes": fetched.size, "total": fetched.total, "cut": fetched.is_cut},
        "used": list(found.used),
        "rows": [_row_json(row) for row in found.rows],
        "warnings": warnings,
    }


def _row_json(row: RowPair) -> dict[str, object]:
    lon, lat = row.place or (None, None)
    return {
        "number": row.number,
        "before": row.before,
        "after": row.after,
        "lon": lon,
        "lat": lat,
        "geometry": row.shape or None,
        "reason": row.reason or None,
    }


def _blocks(source: Source, entry: LayerSource | BrokenEntry, fetched: Fetched, found: FirstRows) -> Iterator[Block]:
    yield Line(f"{source.id} · {entry.layer} · {entry.name} · {came(fetched)}", "bold")
    for warning in (*fetched.warnings, *found.warnings):
        located = source.located(warning)
        line = f"line {located.line}, " if located.line else ""
        yield Line(f"  warning {located.code}: {line}{located.message}", "yellow")
    for row in found.rows:
        yield from row_blocks(row, found.used)
    left = len(found.rows[0].before) - len(found.used) if found.rows else 0
    if left > 0:
        yield Line()
        yield Line(f"{left:,} more columns are not used; --json has them, and `openaddr explore` says what they are.")
    yield Line()


def row_blocks(row: RowPair, used: tuple[str, ...]) -> Iterator[Block]:
    """One row, before on the left and after on the right."""
    yield Line()
    before = [(name, row.before.get(name, "")) for name in used]
    sides = zip_longest(before, _after(row), fillvalue=("", ""))
    cells = [(column, was, "→" if name else "", name, value) for (column, was), (name, value) in sides]
    yield Table((f"row {row.number}", "before", "", "after", ""), cells)


def _after(row: RowPair) -> Iterator[tuple[str, str]]:
    """The attributes that say something, and where the row is."""
    if row.after is None:
        yield "left out", row.reason
        return
    yield from ((name, value) for name, value in row.after.items() if value)
    if row.place is not None:
        yield row.shape.lower(), f"{row.place[0]:.6f} {row.place[1]:.6f}"
    else:
        yield "no geometry", ""
