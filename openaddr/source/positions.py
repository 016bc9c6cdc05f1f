"""Where each value of a JSON text stands, so that a problem can name the line of the source file.

Python's own parser keeps no positions. This scanner reads the tokens of a text that `json` has already accepted; the
tests hold its pointers equal to those of the parsed value.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from json import decoder

_TOKEN = re.compile(r'[ \t\r\n]*(?:(?P<string>")|(?P<mark>[{}\[\],:])|(?P<word>[^\s{}\[\],:"]+))')


@dataclass(frozen=True)
class Position:
    """Line and column of the first character of a value, both counted from 1."""

    line: int
    column: int


@dataclass
class _Open:
    """A container that is being read: the pointer of the container and the member that comes next."""

    pointer: str
    is_object: bool
    index: int = 0
    key: str | None = None

    def member(self) -> str:
        name = self.key if self.is_object else str(self.index)
        return f"{self.pointer}/{escape(name or '')}"


def escape(name: str) -> str:
    """A member name as a step of an RFC 6901 pointer."""
    return name.replace("~", "~0").replace("/", "~1")


@lru_cache(maxsize=1)
def positions(text: str) -> dict[str, Position]:
    """Pointer of every value to its position; of a repeated member the last one counts, as in `json`.

    Kept for the text at hand: a source of a thousand mistakes asks a thousand times.
    """
    starts = [match.end() for match in re.finditer(r"\n", text)]
    return {pointer: _position(starts, offset) for pointer, offset in _offsets(text)}


def line_of(text: str, pointer: str) -> int | None:
    """The line of a value, or of its nearest ancestor that is in the text; None when the text is not JSON."""
    try:
        known = positions(text)
    except ValueError:
        return None
    while pointer and pointer not in known:
        pointer = pointer.rpartition("/")[0]
    found = known.get(pointer)
    return found.line if found else None


def _position(starts: list[int], offset: int) -> Position:
    line = bisect_right(starts, offset)
    return Position(line + 1, offset - (starts[line - 1] if line else 0) + 1)


def _offsets(text: str) -> Iterator[tuple[str, int]]:
    """Pointer and offset of every value, parents before children."""
    opened: list[_Open] = []
    offset = 0
    while match := _TOKEN.match(text, offset):
        offset = match.end()
        start = match.start(match.lastgroup or 0)
        mark = match["mark"]
        string = None
        if match["string"]:
            string, offset = decoder.scanstring(text, offset)  # type: ignore[attr-defined]
        inside = opened[-1] if opened else None
        if mark in ("}", "]"):
            opened.pop()
        elif mark == ",":
            _next_member(inside)
        elif string is not None and inside and inside.is_object and inside.key is None:
            inside.key = string
        elif mark != ":":
            pointer = inside.member() if inside else ""
            yield pointer, start
            if mark in ("{", "["):
                opened.append(_Open(pointer, mark == "{"))


def _next_member(inside: _Open | None) -> None:
    if inside is None:
        raise ValueError("a comma outside of any container")
    inside.index += 1
    inside.key = None
