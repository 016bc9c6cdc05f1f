"""How a delimited file is to be read: its encoding, what stands between values, and whether it has a header."""

import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from openaddr.bench.columns import number_in
from openaddr.bench.encodings import LOOKED_AT, encoding_of
from openaddr.conform.readers.text import codec_from_bytes

SEPARATORS = (",", ";", "\t", "|")
LINES = 50
TABLES = (".csv", ".tsv")
ALIKE = 0.8


@dataclass(frozen=True)
class TableShape:
    """What a conform has to say of a file; None where it need not say anything."""

    encoding: str | None
    separator: str | None
    headers: int | None


def shape_of(path: Path) -> TableShape | None:
    """How to read a file as a table, None when it does not look like one."""
    with path.open("rb") as file:
        start = file.read(LOOKED_AT)
    encoding = encoding_of(start)
    text = start.decode(encoding or codec_from_bytes(start) or "utf-8", "replace").removeprefix("\ufeff")
    lines = text.splitlines()[:LINES]
    if len(start) == LOOKED_AT and len(lines) < LINES:
        del lines[-1:]  # it is cut
    # Of a file that is called a table, a header is enough.
    least = 1 if path.suffix.lower() in TABLES else 2
    found = [(*_alike(lines, separator), separator) for separator in SEPARATORS]
    width, separator = max((width if share >= ALIKE else 0, separator) for share, width, separator in found)
    if width < 2 or len(lines) < least:
        return None
    first = next(csv.reader(lines, delimiter=separator), [])
    is_data = any(number_in(value) is not None for value in first)
    return TableShape(encoding, None if separator == "," else separator, -1 if is_data else None)


def _alike(lines: list[str], separator: str) -> tuple[float, int]:
    """In which share of the rows there is the most frequent number of values, and which number that is."""
    try:
        widths = [len(row) for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=separator) if row]
    except csv.Error:
        return 0.0, 0
    if not widths:
        return 0.0, 0
    width, count = Counter(widths).most_common(1)[0]
    return count / len(widths), width
