"""Tables as text with tabs: one line a row, whatever is in a cell, and nothing that a spreadsheet would run."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from openaddr.run import printable

MEDIA_TYPE = "text/tab-separated-values; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"
FORMULA = ("=", "+", "-", "@")
"""What a cell begins with that spreadsheets take for a formula."""

Cell = str | int | float | None


def tabbed(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """UTF-8 with CRLF. Words that look like a formula get a quote in front, which spreadsheets hide."""
    text = StringIO()
    writer = csv.writer(text, dialect="excel-tab")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: Cell) -> Cell:
    if not isinstance(value, str):
        return value
    plain = printable(value)
    return f"'{plain}" if plain.lstrip().startswith(FORMULA) else plain
