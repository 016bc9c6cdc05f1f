"""A layer of many sources as one GeoParquet file, with the source of each row in front of its columns.

Rows stay in the order of their sources, within each in that of its own file, which is sorted by place; a source has row
groups of its own unless it is small, so a reader of one source or of a small area skips most of the file.
"""

import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from openaddr.collecting.checking import bad, disk_problem
from openaddr.collecting.licences import licences
from openaddr.collecting.manifest import Contents, Item
from openaddr.collecting.members import Member
from openaddr.collecting.plans import PARQUET, Plan
from openaddr.collecting.shelf import Shelf, incomplete
from openaddr.errors import Code, ProblemError
from openaddr.extract import text_columns
from openaddr.outputs.geoparquet import BOX, EDGES, EPSG_4326, UNIQUE, ZSTD_LEVEL
from openaddr.stages import Layer
from openaddr.storage.objects import MissingError, Writer
from openaddr.storage.publishing import get
from openaddr.storage.ranged import seekable

EXTRACT = "extract.parquet"
ROW_GROUP, GROUP_BYTES, BATCH = 65_536, 48 << 20, 8_192
"""Rows and bytes of a row group at most, and rows that are read at once: shapes of parcels may be large."""
SOURCE, NAME = "source", "source_name"


class Bundle:
    """Makes one such file; the published one has what cannot be read from its own run."""

    media_type = "application/vnd.apache.parquet"

    def __init__(self, shelf: Shelf, plan: Plan) -> None:
        self._shelf, self._plan = shelf, plan
        self._columns = text_columns(Layer(plan.layer))
        self._schema = _schema(self._columns)

    def contents(self) -> Contents:
        """What goes in. Raises ProblemError when a source cannot be read and is in no file before."""
        items = []
        for member in self._plan.members:
            problem = self._shelf.broken.get((member.run, PARQUET))
            rows = member.rows
            if problem:
                rows = self._rows_before(member)
                if not rows:
                    raise incomplete(self._plan, problem)
            mark = f"kept {rows}" if problem else f"{member.run}"
            items.append(Item(member, rows, mark, problem.message if problem else ""))
        return Contents(items)

    def texts(self) -> tuple[str, ...]:
        """The licences, which are in its metadata."""
        return (licences(self._plan.members),)

    def write(self, contents: Contents, out: Writer) -> None:
        """Write all of it. Raises ProblemError; a member that is not as it was is on the shelf as broken then."""
        about = _About()
        repeated = [SOURCE, NAME, *(name for name in self._columns if name not in UNIQUE)]
        with pq.ParquetWriter(
            pa.PythonFile(_Sink(out), mode="w"),
            self._schema,
            compression="zstd",
            compression_level=ZSTD_LEVEL,
            use_dictionary=repeated,
            use_byte_stream_split=BOX,
            write_page_index=True,
            # Readers look for `geo` in the schema, and take it from the file only where no schema of Arrow's is stored.
            store_schema=False,
        ) as file:
            for table in _groups(self._batches(contents, about)):
                file.write_table(table)
            file.add_key_value_metadata({"geo": json.dumps(about.geo()), "license": self.texts()[0]})

    def _batches(self, contents: Contents, about: "_About") -> Iterator[pa.Table]:
        for item in contents.items:
            self._shelf.breathe()
            yield from self._kept(item.member, about) if item.kept_because else self._fresh(item.member, about)

    def _fresh(self, member: Member, about: "_About") -> Iterator[pa.Table]:
        """The rows of a run."""
        path = self._shelf.work / f"{member.run}.parquet"
        try:
            get(self._shelf.storage, member.key(EXTRACT), path)
            yield from self._tables(member, path, about)
        except MissingError:
            raise self._broke(member, f"{member.key(EXTRACT)} is not in storage") from None
        except pa.ArrowException as error:
            raise self._broke(member, f"{member.key(EXTRACT)} cannot be read: {_said(error)}") from error
        except ProblemError as error:
            if error.problem.code is Code.STORAGE_CORRUPT:
                raise self._broke(member, error.problem.message.rstrip(".")) from error
            raise
        except OSError as error:
            # Arrow says so of damaged files, without a number.
            if error.errno is None:
                raise self._broke(member, f"{member.key(EXTRACT)} cannot be read: {_said(error)}") from error
            raise disk_problem(error) from error
        finally:
            path.unlink(missing_ok=True)

    def _broke(self, member: Member, what: str) -> ProblemError:
        return self._shelf.broke(member, PARQUET, bad(member, what))

    def _tables(self, member: Member, path: Path, about: "_About") -> Iterator[pa.Table]:
        with pq.ParquetFile(path) as file:
            missing = {*self._columns, "geometry", "bbox"} - set(file.schema_arrow.names)
            if missing:
                raise self._broke(member, f"{member.key(EXTRACT)} has no column {', '.join(sorted(missing))}")
            about.add(file.metadata.metadata)
            for batch in file.iter_batches(BATCH, columns=[*self._columns, "geometry", "bbox"]):
                names = [pa.repeat(word, batch.num_rows) for word in (member.source_id, member.name)]
                columns = [batch.column(name) for name in (*self._columns, "geometry", "bbox")]
                arrays = zip([*names, *columns], self._schema, strict=True)
                yield pa.table([array.cast(field.type) for array, field in arrays], schema=self._schema)

    def _kept(self, member: Member, about: "_About") -> Iterator[pa.Table]:
        """The rows of a member in the published file."""
        with pq.ParquetFile(seekable(self._shelf.storage, self._plan.key)) as file:
            about.add(file.metadata.metadata)
            for batch in file.iter_batches(BATCH):
                table = pa.Table.from_batches([batch])
                of_member = table.filter((pc.field(SOURCE) == member.source_id) & (pc.field(NAME) == member.name))
                if of_member.num_rows:
                    yield of_member.cast(self._schema)

    def _rows_before(self, member: Member) -> int:
        try:
            with pq.ParquetFile(seekable(self._shelf.storage, self._plan.key)) as file:
                names = (batch.to_pylist() for batch in file.iter_batches(ROW_GROUP, columns=[SOURCE, NAME]))
                wanted = {SOURCE: member.source_id, NAME: member.name}
                return sum(row == wanted for rows in names for row in rows)
        except (MissingError, pa.ArrowException, OSError):
            return 0


class _About:
    """What GeoParquet has to say of all rows: their box and kinds of geometry."""

    def __init__(self) -> None:
        self._boxes: list[list[float]] = []
        self._types: set[str] = set()

    def add(self, metadata: dict[bytes, bytes] | None) -> None:
        """Take what one file says of its rows, which are our own files."""
        column = json.loads((metadata or {}).get(b"geo", b"{}")).get("columns", {}).get("geometry", {})
        self._types |= set(column.get("geometry_types", []))
        if box := column.get("bbox"):
            self._boxes.append(box)

    def geo(self) -> dict[str, Any]:
        """The metadata `geo` of the file."""
        column: dict[str, Any] = {
            "encoding": "WKB",
            "geometry_types": sorted(self._types),
            "crs": EPSG_4326,
            "covering": {"bbox": {edge: ["bbox", edge] for edge in EDGES}},
        }
        if self._boxes:
            west, south, east, north = zip(*self._boxes, strict=True)
            column["bbox"] = [min(west), min(south), max(east), max(north)]
        return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}


class _Sink(io.RawIOBase):
    """A stream into storage as Arrow wants a file."""

    def __init__(self, out: Writer) -> None:
        self._out = out

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, block: Any) -> int:
        """Take more bytes."""
        return self._out.write(bytes(block))


def _schema(columns: Iterable[str]) -> pa.Schema:
    text = [pa.field(name, pa.string(), nullable=False) for name in (SOURCE, NAME, *columns)]
    box = pa.struct([(edge, pa.float32()) for edge in EDGES])
    return pa.schema([*text, ("geometry", pa.binary()), ("bbox", box)])


def _groups(batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Row groups: as many batches as fit into one."""
    waiting: list[pa.Table] = []
    for batch in batches:
        waiting.append(batch)
        if sum(map(len, waiting)) + BATCH > ROW_GROUP or sum(table.nbytes for table in waiting) > GROUP_BYTES:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
