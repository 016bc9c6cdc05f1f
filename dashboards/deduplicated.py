"""The page of the deduplicated build: what its manifest says, and what was in the way of a newer one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import msgspec

from dashboards.pages import Page
from dashboards.paging import stamp_of
from dashboards.printing import printed
from dashboards.snapshot import Snapshot
from openaddr.db import collections
from openaddr.db.collections import DEDUPLICATED, Trouble
from openaddr.db.records import Collection
from openaddr.recorded import Told, read_problem

PATH = "collections/deduplicated/index.html"
MOST_PAIRS, MOST_FILES = 10, 300


@dataclass(frozen=True)
class File:
    """One file of the build."""

    key: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Source:
    """A layer source in the build."""

    source: str
    name: str
    rows: int


@dataclass(frozen=True)
class LeftOut:
    """A layer source that could not be read."""

    source: str
    name: str
    problem: Told


@dataclass(frozen=True)
class Pair:
    """Rows of one layer source for which another one has a better row."""

    best: tuple[str, str]
    other: tuple[str, str]
    reason: str
    rows: int


@dataclass(frozen=True)
class Manifest:
    """What of a manifest is shown."""

    rows_read: int
    rows_nowhere: int
    rows: int
    rows_without_number_or_street: int
    best_rows: int
    groups_of_several: int
    not_best: dict[str, int]
    reasons: dict[str, str]
    sources: list[Source]
    files: list[File]
    left_out: list[LeftOut] = field(default_factory=list)
    removed: list[tuple[str, str]] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)

    @property
    def largest(self) -> File:
        """The file with the most rows, for examples."""
        return max(self.files, key=lambda file: (file.rows, file.key))


def pages(seen: Snapshot) -> Iterator[Page]:
    """The page of the build, once there is one or was something in the way of the first."""
    build = collections.get(seen.conn, DEDUPLICATED)
    troubles = [found for found in collections.problems(seen.conn) if found.name == DEDUPLICATED]
    if build or troubles:
        yield Page(PATH, stamp_of(build, *troubles), partial(_page, seen, build, troubles))


def read(build: Collection) -> Manifest | None:
    """What the manifest of the build says; None where it cannot be read."""
    try:
        found = msgspec.convert(build.manifest, Manifest)
    except msgspec.ValidationError:
        return None
    return found if found.files else None


def _page(seen: Snapshot, build: Collection | None, troubles: Sequence[Trouble]) -> bytes:
    return printed(
        "deduplicated.html",
        seen,
        PATH,
        title="Each address once: the deduplicated build",
        description="All addresses with what tells which rows are the same one, and the counts of how they were found.",
        crumbs=(("Collections", "collections/index.html"), ("Each address once", "")),
        build=build,
        found=read(build) if build else None,
        troubles=[(trouble.tried_at, read_problem(trouble.problem)) for trouble in troubles],
        most_pairs=MOST_PAIRS,
        most_files=MOST_FILES,
    )
