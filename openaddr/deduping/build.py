"""From the runs of all layer sources to the files of one build."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from openaddr.deduping.database import Database
from openaddr.deduping.inputs import Input, batches
from openaddr.deduping.writing import Shard, write
from openaddr.errors import Code, Problem, ProblemError

FILE_ROWS = 2_000_000
"""Rows of one file, about 120 MB; a degree with more people than that has a larger one."""
Breathe = Callable[[], None]
"""Called between two steps: it raises when there is no more time."""
Fetch = Callable[[Input, Path], Path]
"""Brings the GeoParquet of an input into a folder. Raises ProblemError, COLLECTION_MEMBER_BAD when it has none."""


def no_hurry() -> None:
    """For whoever has all the time."""


@dataclass(frozen=True)
class Taken:
    """What was read of one input: `rows`, so many of them `nowhere` on earth; or the problem, and nothing of it."""

    input: Input
    rows: int = 0
    nowhere: int = 0
    problem: Problem | None = None


def read(
    database: Database, inputs: Iterable[Input], fetch: Fetch, work: Path, breathe: Breathe = no_hurry
) -> list[Taken]:
    """Take the rows of all inputs, in an order of their own; what cannot be read of one is its problem alone.

    Raises ProblemError when nothing is left to build from.
    """
    ordered = sorted(inputs, key=lambda found: (found.id, found.run))
    taken = [_taken(database, number, found, fetch, work, breathe) for number, found in enumerate(ordered)]
    database.name(ordered)
    if not sum(found.rows - found.nowhere for found in taken):
        problems = sum(found.problem is not None for found in taken)
        message = f"None of {len(taken):,} layer sources has an address at a place; {problems:,} cannot be read."
        raise ProblemError(Code.COLLECTION_EMPTY, message)
    return taken


def _taken(database: Database, number: int, found: Input, fetch: Fetch, work: Path, breathe: Breathe) -> Taken:
    breathe()
    rows = nowhere = 0
    try:
        path = fetch(found, work)
        with database.whole():
            for frame in batches(path):
                database.add(number, frame)
                rows += frame.height
                nowhere += frame["lon"].null_count()
    except ProblemError as error:
        if error.problem.code is not Code.COLLECTION_MEMBER_BAD:
            raise
        return Taken(found, problem=error.problem)
    path.unlink()
    return Taken(found, rows, nowhere)


def write_all(database: Database, folder: Path, most: int = FILE_ROWS, breathe: Breathe = no_hurry) -> Iterator[Shard]:
    """Write the files of a build, one after the other: whoever has taken one may remove it."""
    for block in database.blocks(most):
        breathe()
        yield write(database, block, folder)
