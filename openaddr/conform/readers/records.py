"""Delimited text cut into runs of whole records, exactly where Python's csv module would cut it.

A line end is only a record's end outside quotes. Counting quotes tells inside from outside as long as every quote that
opens follows a separator, a line end or the quote before it; where one does not (`5" pipe`, a space before a quote),
the csv module itself finds the records.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from openaddr.conform.readers.text import Utf8File, open_utf8
from openaddr.errors import Code, ProblemError
from openaddr.stages import RowAccount

BLOCK = 2 << 20
"""Bytes read at a time: with 8 MiB memory grows with the file, with 1 MiB it does not."""
MAX_RECORD = 16 << 20
"""A record longer than this is an open quote, not a record."""

QUOTE, LINE_END = ord('"'), ord("\n")
Rows = list[list[str]]


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, small ones for tests of block borders."""

    block: int = BLOCK
    record: int = MAX_RECORD


class Records:
    """An open delimited file. Every line end, in quotes too, is LF, as Python's text mode makes it."""

    def __init__(self, path: Path, encoding: str | None, separator: str, limits: Limits) -> None:
        csv.field_size_limit(2**31 - 1)  # one limit for the process; ours is the record's
        self.file: Utf8File = open_utf8(path, encoding)
        self._separator = separator
        self._limits = limits
        self._buffer = b""
        self._held = b""
        self.lines_taken = 0
        """Physical lines that `skip_lines` and `first_record` have passed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.__exit__(kind, error, trace)

    def skip_lines(self, count: int) -> None:
        """Pass physical lines, whatever quotes they have, until `count` of them are taken."""
        while self.lines_taken < count:
            end = self._buffer.find(b"\n") + 1
            if end:
                self._buffer = self._buffer[end:]
                self.lines_taken += 1
            elif self.file.at_end:
                self._buffer = b""
                return
            else:
                self._check_length(RowAccount())
                self._more()

    def first_record(self) -> list[str] | None:
        """Take the next record that is not blank, None when there is none."""
        while True:
            text = self._buffer.decode()
            lines = io.StringIO(text, newline="\n")
            record = next((record for record in csv.reader(lines, delimiter=self._separator) if record), None)
            if lines.tell() < len(text) or self.file.at_end:
                taken = text[: lines.tell()]
                self.lines_taken += taken.count("\n") + (taken[-1:] not in ("", "\n"))
                self._buffer = text[lines.tell() :].encode()
                return record
            self._check_length(RowAccount())
            self._more()

    def runs(self, account: RowAccount) -> Iterator[bytes | Rows]:
        """Whole records in file order: bytes that any csv parser reads alike, or rows that the csv module has read.

        Raises ProblemError(DATA_UNREADABLE) for an endless record, naming the row after `account.received`.
        """
        while self._buffer or not self.file.at_end:
            if len(self._buffer) < self._limits.block and not self.file.at_end:
                self._more()
            yield from self._whole_records()
            if self._buffer:
                self._check_length(account)
                self._more()

    def _whole_records(self) -> Iterator[bytes | Rows]:
        data, at_end = self._buffer, self.file.at_end
        cut = _border(data, self._separator, at_end)
        if cut is None:
            rows, self._buffer = self._read_rows(data, at_end)
            if rows:
                yield rows
        elif cut:
            self._buffer = data[cut:]
            yield data[:cut]

    def _read_rows(self, data: bytes, at_end: bool) -> tuple[Rows, bytes]:
        """Rows and the bytes after them; the last record of a block may go on in the next, so it stays there."""
        lines = list(io.StringIO(data.decode(), newline="\n"))
        rows: Rows = []
        ends = [0]
        reader = csv.reader(lines, delimiter=self._separator)
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num)
        if at_end:
            return rows, b""
        return rows[:-1], "".join(lines[ends[-2] if rows else 0 :]).encode()

    def read_rows(self, data: bytes) -> Rows:
        """What the csv module makes of whole records."""
        return self._read_rows(data, True)[0]

    def _check_length(self, account: RowAccount) -> None:
        if len(self._buffer) > self._limits.record:
            start = self._buffer[:60].decode(errors="replace").partition("\n")[0]
            raise ProblemError(
                Code.DATA_UNREADABLE,
                f"Row {account.received + 1:,} is longer than {self._limits.record:,} bytes; it starts with {start!r}.",
                hint="Most often a quote opens in that row and never closes, or `csvsplit` or `encoding` is wrong.",
            )

    def _more(self) -> None:
        """Read on; twice as much when one record fills the buffer, so that its cost stays linear."""
        block = self._held + self.file.read(max(self._limits.block, len(self._buffer)))
        self._held = b""
        if block.endswith(b"\r") and not self.file.at_end:
            block, self._held = block[:-1], b"\r"
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        self._buffer += block


def _border(data: bytes, separator: str, at_end: bool) -> int | None:
    """Where the last whole record ends (0 = nowhere), None where only the csv module can tell."""
    if len(separator.encode()) > 1:
        return None
    if QUOTE not in data:
        return len(data) if at_end else data.rfind(b"\n") + 1
    codes = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(codes == QUOTE)
    opening = quotes[0::2]
    before = codes[opening[opening > 0] - 1]
    if not np.all((before == ord(separator)) | (before == LINE_END) | (before == QUOTE)):
        return None
    if at_end:
        return len(data) if len(quotes) % 2 == 0 else None
    ends = np.flatnonzero(codes == LINE_END)
    outside = ends[np.searchsorted(quotes, ends) % 2 == 0]
    return int(outside[-1]) + 1 if len(outside) else 0
