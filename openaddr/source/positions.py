"""Where each value of a JSON text stands, so that a problem can name the line of the source file.

Python's own parser keeps no positions. This scanner reads the tokens of a text that `json` has already accepted; the
tests hold its pointers equal to those of the parsed value.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from json import decoder

_TOKEN = re.compile(r'[ \t\r\n]*(?:(?P<string>")|(?P<mark>[{}\[\],:])|(?P<word>[^\s{}\[\],:"]+))')


@dataclass(frozen=True)
class Position:
    """Line and column of a character, both counted from 1, the column in characters."""

    line: int
    column: int


@dataclass(frozen=True)
class Span:
    """Offsets in the text of a value, the end exclusive, and of the name of the member that it is, quotes included."""

    start: int
    end: int
    name: tuple[int, int] | None = None


@dataclass(frozen=True)
class Layout:
    """A JSON text taken apart: the span of every value by its pointer, of a repeated member that of the last one.

    `repeated` are the pointers and spans of members whose name an earlier member of the same object has, too.
    """

    spans: dict[str, Span]
    repeated: tuple[tuple[str, Span], ...]
    line_starts: tuple[int, ...]

    def position(self, offset: int) -> Position:
        """Line and column of a character of the text."""
        line = bisect_right(self.line_starts, offset)
        return Position(line, offset - self.line_starts[line - 1] + 1)

    def nearest(self, pointer: str) -> str:
        """The pointer itself, or that of its nearest ancestor that is in the text."""
        while pointer and pointer not in self.spans:
            pointer = pointer.rpartition("/")[0]
        return pointer


@dataclass
class _Open:
    """A container that is being read: its place, how many values came before it, and the member that comes next."""

    pointer: str
    is_object: bool
    start: int
    name: tuple[int, int] | None
    known_before: int
    index: int = 0
    key: str | None = None
    key_span: tuple[int, int] | None = None
    keys: set[str] = field(default_factory=set)

    def member(self) -> str:
        name = self.key if self.is_object else str(self.index)
        return f"{self.pointer}/{escape(name or '')}"

    def next(self) -> None:
        self.index += 1
        self.key = self.key_span = None


@dataclass
class _Scan:
    """One pass over the tokens of a text; values are noted when they end, so children come before parents."""

    spans: dict[str, Span] = field(default_factory=dict)
    repeated: list[tuple[str, Span]] = field(default_factory=list)
    _order: list[str] = field(default_factory=list)
    _blocks: dict[str, tuple[int, int]] = field(default_factory=dict)
    _opened: list[_Open] = field(default_factory=list)

    def run(self, text: str) -> None:
        offset = 0
        while match := _TOKEN.match(text, offset):
            offset = match.end()
            start = match.start(match.lastgroup or 0)
            mark = match["mark"]
            string = None
            if match["string"]:
                string, offset = decoder.scanstring(text, offset)  # type: ignore[attr-defined]
            inside = self._opened[-1] if self._opened else None
            if mark in ("}", "]"):
                self._close(offset)
            elif mark == ",":
                self._opened[-1].next()
            elif string is not None and inside and inside.is_object and inside.key is None:
                self._read_name(inside, string, (start, offset))
            elif mark != ":":
                self._begin(inside, mark, Span(start, offset, inside.key_span if inside else None))

    def _begin(self, inside: _Open | None, mark: str | None, span: Span) -> None:
        pointer = inside.member() if inside else ""
        if mark:
            self._opened.append(_Open(pointer, mark == "{", span.start, span.name, len(self._order)))
        else:
            self._note(pointer, span, len(self._order))

    def _close(self, offset: int) -> None:
        closed = self._opened.pop()
        self._note(closed.pointer, Span(closed.start, offset, closed.name), closed.known_before)

    def _note(self, pointer: str, span: Span, first: int) -> None:
        self.spans[pointer] = span
        self._order.append(pointer)
        self._blocks[pointer] = (first, len(self._order))

    def _read_name(self, inside: _Open, name: str, span: tuple[int, int]) -> None:
        inside.key, inside.key_span = name, span
        if name in inside.keys:
            pointer = inside.member()
            self.repeated.append((pointer, Span(*span, span)))
            first, end = self._blocks[pointer]
            for below in self._order[first:end]:
                self.spans.pop(below, None)
        inside.keys.add(name)


def escape(name: str) -> str:
    """A member name as a step of an RFC 6901 pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def unescape(step: str) -> str:
    """The member name that a step of an RFC 6901 pointer stands for."""
    return step.replace("~1", "/").replace("~0", "~")


@lru_cache(maxsize=1)
def layout(text: str) -> Layout:
    """Where everything stands in a JSON text. Raises ValueError where a string of it is none.

    Kept for the text at hand: a source of a thousand mistakes asks a thousand times.
    """
    scan = _Scan()
    try:
        scan.run(text)
    except (IndexError, KeyError):
        raise ValueError("marks that do not belong together") from None
    starts = (0, *(match.end() for match in re.finditer(r"\n", text)))
    return Layout(scan.spans, tuple(scan.repeated), starts)


def positions(text: str) -> dict[str, Position]:
    """Pointer of every value to its position; of a repeated member the last one counts, as in `json`."""
    known = layout(text)
    return {pointer: known.position(span.start) for pointer, span in known.spans.items()}


def line_of(text: str, pointer: str) -> int | None:
    """The line of a value, or of its nearest ancestor that is in the text; None when the text is not JSON."""
    try:
        known = layout(text)
    except ValueError:
        return None
    found = known.spans.get(known.nearest(pointer))
    return known.position(found.start).line if found else None
