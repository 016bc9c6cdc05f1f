"""The first bytes of a file, for those who want to see what it is and not to have it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from openaddr.download.kinds import Kind, kind_of
from openaddr.download.store import HEAD

CUTTABLE = (Kind.TEXT, Kind.JSON, Kind.GZIP)
"""Kinds of which the beginning can be read without the rest."""


@dataclass(frozen=True)
class Beginning:
    """The first `size` bytes, in a file of ours; `total` is how many there are, None when nobody says."""

    path: Path
    size: int
    total: int | None

    @property
    def is_whole(self) -> bool:
        """Whether that is all."""
        return self.size == self.total

    @property
    def is_enough(self) -> bool:
        """Whether something can be read without the rest."""
        if self.is_whole:
            return True
        with self.path.open("rb") as file:
            return kind_of(file.read(HEAD)) in CUTTABLE


def first_of(blocks: Iterable[bytes], most: int) -> Iterator[bytes]:
    """The first `most` bytes of the blocks; no more is asked for once they are there."""
    if most <= 0:
        return
    for block in blocks:
        yield block[:most]
        most -= len(block)
        if most <= 0:
            return
