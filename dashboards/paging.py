"""Long tables as several pages, each with a stamp of its own rows."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from dashboards import links

T = TypeVar("T")
PER_PAGE = 150
"""Rows of one page: with 600 bytes each it stays below 100 kB."""


@dataclass(frozen=True)
class Part(Generic[T]):
    """Rows of one page of a table; `number` counts from 1."""

    first: str
    rows: Sequence[T]
    number: int
    count: int
    total: int

    @property
    def path(self) -> str:
        """The page with these rows."""
        return links.numbered(self.first, self.number)

    @property
    def others(self) -> list[tuple[int, str]]:
        """Pages to go to, by number: the first, the last, and those nearby."""
        near = range(self.number - 2, self.number + 3)
        wanted = sorted({1, self.count, *near} & set(range(1, self.count + 1)))
        return [(number, links.numbered(self.first, number)) for number in wanted]

    @property
    def suffix(self) -> str:
        """What makes titles of several pages different ones."""
        return f", page {self.number}" if self.number > 1 else ""


def parts(first: str, rows: Sequence[T], per_page: int = PER_PAGE) -> Iterator[Part[T]]:
    """A table in parts; one that is empty has one part all the same."""
    count = max(1, -(-len(rows) // per_page))
    for number in range(1, count + 1):
        chosen = rows[(number - 1) * per_page : number * per_page]
        yield Part(first, chosen, number, count, len(rows))


def stamp_of(*words: object) -> str:
    """One short text for many."""
    found = hashlib.blake2b(digest_size=12)
    for word in words:
        found.update(f"{word}\0".encode(errors="replace"))
    return found.hexdigest()
