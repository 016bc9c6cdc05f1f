"""The features of a GeoJSON file in lists of whole features, without holding the file.

A block is cut where one feature seems to end and the next to begin. The place is only believed when the decoder takes
everything before it as whole JSON values: the text starts at a known border, so what parses as a whole is whole.
Where that fails (odd values, broken JSON, an end inside the block) Python's json module walks from feature to feature
and tells exactly where it stops.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from openaddr.conform.readers.text import Utf8File
from openaddr.errors import Code, ProblemError

BLOCK = 2 << 20
MAX_FEATURE = 64 << 20
"""Bytes of one feature, and of everything before the first one."""

_SPACE = re.compile(r"[ \t\r\n\x1e]*")
_LINE_BORDER = re.compile(rb"\}[ \t\r]*\n[ \t\r\n\x1e]*\{")
_BLANK = b" \t\r\n\x1e"
_TRIES = 3
_CUT_SLACK = 12
"""A cut literal or escape fails at most this many characters before the end of the text."""
_json = json.JSONDecoder(strict=False)

Decode = Callable[[bytes], list[Any] | None]
"""Bytes of a JSON array to typed features; None when they are not a whole array of what the types allow."""


class Form(Enum):
    """How features follow each other."""

    ARRAY = "array"
    """Separated by commas, ended by `]`: a FeatureCollection or a bare array."""
    SEQUENCE = "sequence"
    """One object after the other: a single feature, lines, or RFC 8142 records."""


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, small ones for tests of block borders."""

    block: int = BLOCK
    feature: int = MAX_FEATURE


class FeatureStream:
    """Reads from the start of a file; call `enter` once, then `lists`.

    `members` are the members of the collection that come before its features.
    """

    def __init__(self, file: Utf8File, limits: Limits) -> None:
        self._file = file
        self._limits = limits
        self._buffer = b""
        self._offset = 0
        self._count = 0
        self._form = Form.SEQUENCE
        self._closing = False
        self._done = False
        self.members: dict[str, Any] = {}

    def enter(self) -> None:
        """Find the first feature. Raises ProblemError where the file is not GeoJSON."""
        while not self._buffer.strip(_BLANK):
            self._offset += len(self._buffer)
            self._buffer = b""
            if self._file.at_end:
                raise ProblemError(Code.DATA_EMPTY, f"The file has {self._offset:,} bytes and no JSON in them.")
            self._more()
        start = self._buffer.lstrip(_BLANK)
        if start.startswith(b"["):
            self._form = Form.ARRAY
            self._drop(len(self._buffer) - len(start) + 1)
        elif start.startswith(b"{"):
            self._enter_object()
        else:
            raise ProblemError(Code.DATA_UNREADABLE, f"The file is not JSON; it starts with {start[:40]!r}.")

    def _enter_object(self) -> None:
        while True:
            text = self._buffer.decode()
            try:
                end = self._read_members(text)
            except _Cut:
                if self._file.at_end:
                    raise self._truncated() from None
                self._check_length("The part before the features")
                self._more()
                continue
            if end is None:
                return self._check_object()
            self._form, self._closing = Form.ARRAY, True
            return self._drop(len(text[:end].encode()))

    def _read_members(self, text: str) -> int | None:
        """Members up to the features; gives where the first feature may begin, None when there is no such array."""
        self.members = {}
        at = _skip(text, text.index("{") + 1)
        while _sign(text, at) != "}":
            name, at = self._value(text, at)
            at = _skip(text, at)
            if _sign(text, at) != ":" or not isinstance(name, str):
                raise self._unreadable(text, at)
            at = _skip(text, at + 1)
            if name == "features" and _sign(text, at) == "[" and self.members.get("type") != "Feature":
                return at + 1
            self.members[name], at = self._value(text, at)
            at = _skip(text, at)
            if _sign(text, at) not in ",}":
                raise self._unreadable(text, at)
            at = _skip(text, at + 1) if text[at] == "," else at
        return None

    def _check_object(self) -> None:
        """An object without a list of features is one itself, or the first of many, or not GeoJSON."""
        if self.members.get("type") == "FeatureCollection" and self.members.get("features") is None:
            self._done = True
        elif self.members.get("type") != "Feature" and not {"geometry", "properties"} & self.members.keys():
            names = ", ".join(list(self.members)[:10])
            raise ProblemError(
                Code.DATA_UNREADABLE, f"The file is JSON, but no GeoJSON: an object with {names or 'no members'}."
            )

    def lists(self, decode: Decode) -> Iterator[list[Any]]:
        """Features in file order, each list either wholly typed by `decode` or wholly plain JSON values.

        Raises ProblemError: DATA_UNREADABLE for broken JSON, TRUNCATED where the file ends too early.
        """
        while not self._done:
            if len(self._buffer) < self._limits.block and not self._file.at_end:
                self._more()
            items = self._typed(decode)
            if items is None:
                items = self._walk()
            if items:
                yield items
            elif not self._done:
                self._check_length(f"Feature {self._count + 1:,}")
                self._more()

    def _typed(self, decode: Decode) -> list[Any] | None:
        """Typed features of the buffer up to a proven border; None when no border is found or proven."""
        for start, end in self._borders():
            chunk = self._buffer[:start]
            if self._form is Form.SEQUENCE:
                chunk = _LINE_BORDER.sub(b"},{", chunk.strip(_BLANK))
            items = decode(b"[" + chunk + b"]")
            if items is not None:
                self._take(end, len(items))
                return items
        return None

    def _borders(self) -> Iterator[tuple[int, int]]:
        """Likely borders, last ones first, as (end of the features before, start of what follows)."""
        data, at_end = self._buffer, self._file.at_end
        if self._form is Form.SEQUENCE and at_end:
            yield len(data), len(data)
            return
        if at_end:
            end = len(data)
            for _ in range(_TRIES):
                end = data.rfind(b"]", 0, end)
                if end < 0:
                    return
                yield end, end
            return
        between = b"," if self._form is Form.ARRAY else b"\n"
        place, found = len(data), 0
        while found < _TRIES and (place := data.rfind(b"{", 0, place)) > 0:
            before = data[max(0, place - 256) : place]
            gap = before.rstrip(_BLANK + b",")
            if gap.endswith(b"}") and between in before[len(gap) :]:
                found += 1
                yield place - len(before) + len(gap), place

    def _walk(self) -> list[Any]:
        """Whole features of the buffer by Python's json module, which also takes NaN and lone surrogates."""
        text, items = self._buffer.decode(), list[Any]()
        done = _skip(text, 0)
        try:
            while done < len(text) and not (self._form is Form.ARRAY and text[done] == "]"):
                value, done = self._item(text, done)
                items.append(value)
        except _Cut:
            if not items and self._file.at_end:
                raise self._truncated() from None
        except ProblemError:
            if not items:
                raise
        else:
            if self._form is Form.ARRAY and done == len(text) and self._file.at_end and not items:
                raise self._truncated()
        self._take(len(text[:done].encode()), len(items))
        return items

    def _item(self, text: str, at: int) -> tuple[Any, int]:
        """One feature and where the next one begins."""
        value, at = self._value(text, at)
        at = _skip(text, at)
        if self._form is Form.ARRAY and not (at == len(text) and self._file.at_end):
            if _sign(text, at) not in ",]":
                raise self._unreadable(text, at)
            at = _skip(text, at + 1) if text[at] == "," else at
        return value, at

    def _take(self, end: int, count: int) -> None:
        """Go on at `end` after `count` features: an array is over at a `]`, a sequence where nothing is left."""
        self._count += count
        self._drop(end)
        if self._form is Form.ARRAY and self._buffer.startswith(b"]"):
            self._finish()
        elif self._form is Form.SEQUENCE and self._file.at_end and not self._buffer.strip(_BLANK):
            self._done = True

    def _finish(self) -> None:
        """Read to the end of the file, where the collection has to be closed."""
        self._done = True
        closed = not self._closing
        while True:
            closed = closed or b"}" in self._buffer
            self._drop(len(self._buffer))
            if self._file.at_end:
                break
            self._more()
        if not closed:
            raise self._truncated()

    def _value(self, text: str, at: int) -> tuple[Any, int]:
        """One JSON value; raises _Cut when the text may end before the value does."""
        try:
            value, end = _json.raw_decode(text, at)
        except json.JSONDecodeError as error:
            if error.msg.startswith("Unterminated string") or error.pos >= len(text) - _CUT_SLACK:
                raise _Cut from None
            raise self._unreadable(text, error.pos) from None
        except ValueError:  # an integer of more digits than Python reads
            raise self._unreadable(text, at) from None
        except RecursionError:
            raise self._problem(Code.DATA_UNREADABLE, "JSON is nested too deeply", text[:at]) from None
        if end == len(text) and not self._file.at_end:
            raise _Cut
        return value, end

    def _unreadable(self, text: str, at: int) -> ProblemError:
        return self._problem(Code.DATA_UNREADABLE, f"JSON is broken ({text[at : at + 30]!r})", text[:at])

    def _truncated(self) -> ProblemError:
        return self._problem(Code.TRUNCATED, "The file ends inside its JSON", self._buffer.decode())

    def _problem(self, code: Code, what: str, before: str) -> ProblemError:
        at = self._offset + len(before.encode())
        return ProblemError(code, f"{what} at byte {at:,}, after {self._count:,} whole features.")

    def _check_length(self, what: str) -> None:
        if len(self._buffer) > self._limits.feature:
            raise ProblemError(
                Code.DATA_UNREADABLE,
                f"{what} is longer than {self._limits.feature:,} bytes, from byte {self._offset:,} on.",
            )

    def _drop(self, size: int) -> None:
        self._offset += size
        self._buffer = self._buffer[size:]

    def _more(self) -> None:
        self._buffer += self._file.read(max(self._limits.block, len(self._buffer)))


class _Cut(Exception):
    """The text ends where more is needed."""


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _sign(text: str, at: int) -> str:
    if at >= len(text):
        raise _Cut
    return text[at]
