"""The database of one build: all rows on disk, in DuckDB, with a limit to its memory."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa

from openaddr.deduping.inputs import COLUMNS, Input
from openaddr.deduping.places import places
from openaddr.deduping.tiles import Block, blocks
from openaddr.errors import Code, ProblemError

MEMORY = "1GB"
"""For DuckDB; what it has beyond that is on disk. A batch of rows, Arrow and numpy come on top, some 500 MB."""
THREADS = 2
PART_ROWS = 2_000_000
"""Rows whose keys are compared at once."""
_HEADING = re.compile(r"^-- name: (\w+)\n", re.M)
_QUOTED = {"columns": ", ".join(COLUMNS), "definitions": ", ".join(f"{name} varchar" for name in COLUMNS)}
_, *_PARTS = _HEADING.split(Path(__file__).with_name("queries.sql").read_text(encoding="utf-8"))
SQL = {name: text.format(**_QUOTED) for name, text in zip(_PARTS[::2], _PARTS[1::2], strict=True)}


class Database:
    """Rows come in by `add`, `group` finds which are one address, `rows` gives those of one place back."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.ask("create")

    def ask(self, name: str, **values: object) -> list[tuple[Any, ...]]:
        """Run a query of `queries.sql`; all that it gives."""
        return self._connection.execute(SQL[name], values or None).fetchall()

    @contextmanager
    def whole(self) -> Iterator[None]:
        """What is added in the block counts only if all of it is."""
        self._connection.begin()
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()

    def add(self, member: int, frame: pl.DataFrame) -> None:
        """Take rows of the input of that number, as `inputs.batches` gives them."""
        self._connection.register("batch", frame.to_arrow())
        self.ask("add", member=member)
        self._connection.unregister("batch")

    def name(self, members: Sequence[Input]) -> None:
        """Say what the numbers of inputs mean: their places in this order."""
        for number, found in enumerate(members):
            values = (found.source, found.name, found.run, int(found.locality), found.share_alike, found.licence)
            self._connection.execute("insert into members values (?, ?, ?, ?, ?, ?, ?)", (number, *values))

    def group(self, part_rows: int = PART_ROWS, breathe: Callable[[], None] = lambda: None) -> None:
        """Find which rows are one address, so many at a time: those of one key always together.

        `breathe` is called in between: it raises when there is no more time.
        """
        count = self.ask("count")[0][0]
        parts = max(1, -(-count // part_rows))
        for part in range(parts):
            breathe()
            candidates = self._relation("candidates", parts=parts, part=part).to_arrow_table()
            key, lon, lat = (candidates[name].to_numpy() for name in ("key", "lon", "lat"))
            self._connection.register("placed", candidates.append_column("place", pa.array(places(key, lon, lat))))
            for statement in ("rank", "note_groups", "note_lost"):
                self.ask(statement)
            self._connection.unregister("placed")
        self.ask("note_loose")
        self.ask("sort_found")

    def blocks(self, most: int) -> list[Block]:
        """The places that the rows are in, each with at most so many rows unless it is as small as can be."""
        return list(blocks(dict(self.ask("tiles")), most))

    def bounds(self, block: Block) -> tuple[float, float, float, float]:
        """The box around the rows of a block."""
        west, south, east, north = self.ask("bounds", first=block.first, end=block.end)[0]
        return west, south, east, north

    def rows(self, block: Block, at_once: int) -> Iterator[pa.RecordBatch]:
        """The rows of a block in order, with what is known of their groups."""
        yield from self._relation("block", first=block.first, end=block.end).to_arrow_reader(at_once)

    def _relation(self, name: str, **values: object) -> duckdb.DuckDBPyRelation:
        """What a query gives, for Arrow without a copy."""
        return self._connection.sql(SQL[name], params=values)


@contextmanager
def opened(folder: Path, memory: str = MEMORY) -> Iterator[Database]:
    """A new database in a folder that goes away with it. Raises ProblemError when the disk is full."""
    config = {"memory_limit": memory, "threads": str(THREADS), "temp_directory": str(folder / "spilled")}
    try:
        with duckdb.connect(
            str(folder / "build.duckdb"), config={**config, "preserve_insertion_order": "false"}
        ) as conn:
            yield Database(conn)
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        words = str(error).splitlines()[0]
        full = isinstance(error, duckdb.IOException) or "temp_directory" in str(error)
        raise ProblemError(Code.DISK_FULL if full else Code.MEMORY_LIMIT, f"DuckDB in {folder}: {words}") from error
