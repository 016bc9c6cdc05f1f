"""What the bench answers, as blocks of lines, tables and JSON: in colours where there is a terminal, plain elsewhere.

What strangers say stands in it with control characters and changes of direction as escapes.
"""

import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from openaddr.run import printable
from openaddr.terminal import allow_any_text

GAP = "  "
WIDEST = 60
"""Letters of a cell; the rest is left out."""
BREAK = "\n"
NOT_PRINTABLE = re.compile(r"[^\x20-\x7e]")


@dataclass(frozen=True)
class Line:
    """One line; `style` is one of Rich, for terminals."""

    text: str = ""
    style: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of cells below a header, or none."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Json:
    """A value as it stands in a source file."""

    value: Any


Block = Line | Table | Json


def show(blocks: Iterable[Block], stream: TextIO | None = None) -> None:
    """Write the blocks to standard output."""
    stream = stream or sys.stdout
    allow_any_text()
    if stream.isatty():
        console = Console(file=stream, highlight=False, soft_wrap=False)
        for block in blocks:
            _print(block, console)
        return
    for block in blocks:
        print(plain(block), file=stream, flush=True)


def plain(block: Block) -> str:
    """A block as text, columns aligned."""
    match block:
        case Line(text):
            return _clean(text)
        case Json(value):
            return json_text(value)
        case Table(header, rows):
            return BREAK.join(_aligned([header, *rows] if any(header) else rows))


def json_text(value: Any) -> str:
    """JSON as source files have it: indented by 4, other scripts as they are, what cannot be seen as escapes."""
    text = json.dumps(value, indent=4, ensure_ascii=False)
    return NOT_PRINTABLE.sub(lambda found: found[0] if found[0] == BREAK else _shown(found[0]), text)


def _shown(letter: str) -> str:
    return letter if letter.isprintable() else json.dumps(letter)[1:-1]


def _clean(text: str) -> str:
    return printable(text)


def _cell(text: str) -> str:
    cut = text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"
    return _clean(cut)


def _aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    cells = [[_cell(text) for text in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    return [GAP.join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - _width(cell))


def _width(text: str) -> int:
    """Columns of a terminal: letters of East Asia take two, accents of their own none."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 for letter in text)


def _print(block: Block, console: Console) -> None:
    match block:
        case Line(text, style):
            # Addresses are to be copied, so no line is broken.
            console.print(Text(_clean(text), style=style), soft_wrap=True)
        case Json():
            console.print(Text(plain(block), style="cyan"), soft_wrap=True)
        case Table(header, rows):
            table = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=any(header))
            for name in header:
                table.add_column(Text(name, style="bold"), overflow="fold")
            for row in rows:
                table.add_row(*(Text(_cell(text)) for text in row))
            console.print(table)
