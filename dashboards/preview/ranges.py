"""Parts of files over HTTP (RFC 9110, 14): a map reads a few kilobytes of a large file of tiles at a time."""

import re
from dataclasses import dataclass

RANGE = re.compile(r"bytes=(\d{1,18})?-(\d{1,18})?", re.ASCII)


@dataclass(frozen=True)
class Part:
    """Bytes from `first` up to `end`, which is the first that is not wanted, of `size`."""

    first: int
    end: int
    size: int

    @property
    def length(self) -> int:
        """Bytes in it."""
        return self.end - self.first

    @property
    def content_range(self) -> str:
        """What the answer is told to have."""
        return f"bytes {self.first}-{self.end - 1}/{self.size}"


class UnsatisfiableError(ValueError):
    """The file has no byte of what is wanted."""


def part_of(wanted: str | None, size: int) -> Part | None:
    """The part that a `Range` asks for; None for the whole, also where several parts or no sense are asked for.

    Raises UnsatisfiableError.
    """
    found = RANGE.fullmatch(wanted.strip()) if wanted else None
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if first and last and int(last) < int(first):
        return None
    begin = int(first) if first else max(0, size - int(last))
    end = min(int(last) + 1, size) if first and last else size
    if begin >= end:
        raise UnsatisfiableError
    return Part(begin, end, size)
