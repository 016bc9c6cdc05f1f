"""The command `openaddr new`."""

import json
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from openaddr.bench.answering import answered, print_json, say_problem
from openaddr.bench.asking import Asker
from openaddr.bench.choosing import (
    Given,
    choose_attributes,
    choose_layer,
    choose_place,
    choose_suggestions,
    choose_table,
    choose_terms,
)
from openaddr.bench.explore import Explored, located
from openaddr.bench.place import country_of
from openaddr.bench.records import Fetched, Found, Suggested, Wish
from openaddr.bench.sample import row_blocks
from openaddr.bench.session import Session, session
from openaddr.bench.sheet import Line, json_text, show
from openaddr.bench.target import entry_of
from openaddr.bench.writing import source_json
from openaddr.errors import Code, ExitCode, Problem, ProblemError
from openaddr.outputs.folder import disk_problem
from openaddr.settings import Settings
from openaddr.source.model import LayerSource
from openaddr.source.parse import parse_source
from openaddr.terminal import Ticker

ROWS_LOOKED_AT = 500
ROWS_SHOWN = 3


@dataclass(frozen=True)
class Order:
    """What a source file is to be made of, and where it goes; None = where those of its place are."""

    address: str
    output: Path | None
    given: Given
    takes_all: bool
    max_bytes: int


def run_new(order: Order, *, as_json: bool) -> int:
    """Begin a source file for the data at an address; gives the exit code."""
    return answered(partial(_new, order, as_json), partial(_tell, as_json))


def _tell(as_json: bool, problem: Problem) -> None:
    if as_json:
        print_json({"path": None, "problem": problem.as_json(), "source": None})
    say_problem(problem)


def _new(order: Order, as_json: bool, settings: Settings, ticker: Ticker) -> int:
    if order.output is not None:
        _require_absent(order.output)
    asker = Asker(order.takes_all)
    entry, settings = entry_of(order.address, settings)
    with session(settings, ticker, order.max_bytes) as sitting:
        explored = _explored(sitting, entry, order, asker)
        ticker.clear()
        suggestions = _suggestions(sitting, explored, asker)
    place = choose_place(explored.place, order.given, asker)
    source = source_json(place, choose_terms(explored.origin, order.given, asker), suggestions)
    path = order.output or Path(asker.text("Write it to (.json)", str(place.path), lambda text: text.endswith(".json")))
    _write(path, source)
    if as_json:
        print_json({"path": str(path), "problem": None, "source": source})
    else:
        print(path)
        following = (f"openaddr lint {path}", f"openaddr sample {path}", f"openaddr process {path} --output out")
        print(f"Next: {'; '.join(following)}", file=sys.stderr)
    return ExitCode.DONE


def _explored(sitting: Session, entry: LayerSource, order: Order, asker: Asker) -> Explored:
    """What is at the address, or at that of the layer that is chosen below it."""
    fetched = sitting.look(entry, ROWS_LOOKED_AT)
    if fetched.directory is not None:
        address = choose_layer(fetched.directory, asker, order.given.layer)
        entry, _ = entry_of(address, sitting.settings)
        fetched = sitting.look(entry, ROWS_LOOKED_AT)
    wish = Wish(ROWS_LOOKED_AT, order.given.layer, order.given.country or country_of(entry.data))
    return located(Explored(entry, fetched, sitting.examine(entry, fetched, wish)))


def _suggestions(sitting: Session, explored: Explored, asker: Asker) -> list[Suggested]:
    """What is to be in the file, after somebody has seen what becomes of the first rows."""
    if explored.examined is None:
        raise ValueError("a directory was explored where a layer was chosen")
    table = choose_table(explored.examined, asker)
    return [_agreed(sitting, explored, table, each, asker) for each in choose_suggestions(table, asker)]


def _agreed(sitting: Session, explored: Explored, table: Found, suggested: Suggested, asker: Asker) -> Suggested:
    """One suggestion as somebody wants it; its rules have been tried."""
    while True:
        suggested = choose_attributes(table, suggested, asker)
        source = source_json(explored.place, explored.origin, [suggested])
        try:
            _show_rows(sitting, explored.fetched, source, quiet=asker.takes_all)
        except ProblemError as error:
            if asker.takes_all:
                raise
            say_problem(error.problem)
            continue
        if asker.confirmed("Are these rows right"):
            return suggested


def _show_rows(sitting: Session, fetched: Fetched, source: dict[str, Any], *, quiet: bool) -> None:
    parsed = parse_source("new", json.dumps(source).encode())
    (entry,) = parsed.entries
    if not isinstance(entry, LayerSource):
        raise ProblemError(entry.problem.code, entry.problem.message, hint=entry.problem.hint)
    found = sitting.rows_of(parsed, entry, fetched, ROWS_SHOWN)
    if not quiet:
        show([block for row in found.rows for block in row_blocks(row, found.used)] + [Line()], sys.stderr)


def _require_absent(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise ProblemError(Code.FILE_EXISTS, f"{path} is there already; nothing was written.")


def _write(path: Path, source: dict[str, Any]) -> None:
    """Write a new file, never over another one. Raises ProblemError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _require_absent(path)
        with path.open("x", encoding="utf-8") as file:
            file.write(json_text(source) + "\n")
    except OSError as error:
        found = disk_problem(error, path.parent)
        message = found.message if found else f"{path} cannot be written: {error.strerror}."
        raise ProblemError(found.code if found else Code.OUTPUT_NOT_WRITABLE, message) from None
