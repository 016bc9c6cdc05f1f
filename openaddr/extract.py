"""The working extract on disk: an Arrow IPC file, written by conform batch by batch, read once by every output.

Its columns are described at `stages.Extract`. Nothing is published in this form.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import shapely
from pyarrow import ipc

from openaddr.stages import ATTRIBUTES, Bounds, GeometryKind, Layer, Misplaced

Column = npt.NDArray[np.float64]
AT_NULL = 0.001
"""Degrees, about 100 m: what is nearer to 0° north, 0° east was not found by whoever looked for its place."""
Boxes = tuple[Column, Column, Column, Column]


def text_columns(layer: Layer) -> tuple[str, ...]:
    """`hash` and the attributes of a layer in output order."""
    return ("hash", *ATTRIBUTES[layer])


def schema(layer: Layer, kind: GeometryKind) -> pa.Schema:
    """The Arrow schema of an extract."""
    text = [pa.field(name, pa.large_string(), nullable=False) for name in text_columns(layer)]
    if kind is GeometryKind.POINT:
        return pa.schema([*text, ("lon", pa.float64()), ("lat", pa.float64())])
    return pa.schema([*text, ("geometry", pa.large_binary())])


class ExtractWriter:
    """Appends batches to a new extract and keeps count; a context manager, the file is readable once it is left."""

    def __init__(self, path: Path, layer: Layer, kind: GeometryKind, within: Bounds | None = None) -> None:
        self.rows = 0
        self.bounds: Bounds | None = None
        self.misplaced = Misplaced(None if within is None else 0)
        self.fills = dict.fromkeys([*ATTRIBUTES[layer], "geometry"], 0)
        self._kind, self._within = kind, within
        self._schema = schema(layer, kind)
        self._file = ipc.new_file(str(path), self._schema, options=ipc.IpcWriteOptions(compression="lz4"))

    def write(self, frame: pl.DataFrame) -> None:
        """Append one record batch. Columns may be in any order; empty frames leave no trace."""
        if not frame.height:
            return
        ordered = frame.select(self._schema.names).rechunk()
        table = ordered.to_arrow(compat_level=pl.CompatLevel.oldest())
        for batch in table.to_batches():
            self._refuse_nulls(batch)
            # The types are those of the schema already; a cast would load pyarrow's kernels, 0.07 s, to find that out.
            self._file.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=self._schema))
        self.rows += frame.height
        for name, count in _filled(ordered).items():
            self.fills[name] += count
        boxes = _boxes(ordered, self._kind)
        self.bounds = _joined(self.bounds, _around(boxes))
        self.misplaced = _more(self.misplaced, boxes, self._within)

    def _refuse_nulls(self, batch: pa.RecordBatch) -> None:
        for field, column in zip(self._schema, batch.columns, strict=True):
            if column.null_count and not field.nullable:
                raise ValueError(f"{column.null_count} values of {field.name} are null")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def read_batches(path: Path, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
    """The batches of an extract in the order written; only `columns` are decompressed when they are given."""
    with ipc.open_file(str(path)) as file:
        names = file.schema.names
    included = None if columns is None else [names.index(name) for name in columns]
    with ipc.open_file(str(path), options=ipc.IpcReadOptions(included_fields=included, use_threads=False)) as file:
        for index in range(file.num_record_batches):
            yield _frame(file.get_batch(index))


def sample(path: Path, rows: int, batches: int = 16) -> pl.DataFrame:
    """About `rows` rows at most, evenly from up to `batches` record batches, which alone are decompressed."""
    with ipc.open_file(str(path)) as file:
        chosen = range(0, file.num_record_batches, -(-file.num_record_batches // batches) or 1)
        frames = [_frame(file.get_batch(index)) for index in chosen]
    if not frames:
        raise ValueError(f"{path} has no rows")
    step = -(-sum(frame.height for frame in frames) // rows)
    return pl.concat([frame.gather_every(step) for frame in frames])


def _frame(batch: pa.RecordBatch) -> pl.DataFrame:
    found = pl.from_arrow(pa.Table.from_batches([batch]))
    return found if isinstance(found, pl.DataFrame) else found.to_frame()


def _filled(frame: pl.DataFrame) -> dict[str, int]:
    """In how many rows each attribute says something, and how many have a geometry."""
    place = "lon" if "lon" in frame.columns else "geometry"
    text = {
        column.name: frame.height - int((column.str.len_bytes() == 0).sum())
        for column in frame
        if column.dtype == pl.String and column.name != "hash"
    }
    return text | {"geometry": frame.height - frame[place].null_count()}


def _boxes(frame: pl.DataFrame, kind: GeometryKind) -> Boxes:
    """The boxes around the rows that are somewhere, as columns: west, south, east, north."""
    if kind is GeometryKind.POINT:
        located = frame.select("lon", "lat").drop_nulls()
        lon, lat = located["lon"].to_numpy(), located["lat"].to_numpy()
        return lon, lat, lon, lat
    boxes = shapely.bounds(shapely.from_wkb(frame["geometry"].drop_nulls().to_numpy()))
    west, south, east, north = boxes[~np.isnan(boxes[:, 0])].T
    return west, south, east, north


def _around(boxes: Boxes) -> Bounds | None:
    west, south, east, north = boxes
    return (west.min(), south.min(), east.max(), north.max()) if len(west) else None


def _more(known: Misplaced, boxes: Boxes, within: Bounds | None) -> Misplaced:
    """What is misplaced, with the rows of these boxes."""
    west, south, east, north = boxes
    null_island = known.null_island + int((np.abs(np.stack(boxes)).max(axis=0) < AT_NULL).sum())
    if within is None:
        return Misplaced(None, 0, null_island)
    outside = _apart(boxes, within)
    swapped = outside & ~_apart((south, west, north, east), within)
    return Misplaced((known.outside or 0) + int(outside.sum()), known.swapped + int(swapped.sum()), null_island)


def _apart(boxes: Boxes, within: Bounds) -> npt.NDArray[np.bool_]:
    """Which boxes do not touch the one given."""
    west, south, east, north = boxes
    return (east < within[0]) | (north < within[1]) | (west > within[2]) | (south > within[3])


def _joined(one: Bounds | None, other: Bounds | None) -> Bounds | None:
    if one is None or other is None:
        found = one or other
        return found and (float(found[0]), float(found[1]), float(found[2]), float(found[3]))
    west, south = min(one[0], other[0]), min(one[1], other[1])
    east, north = max(one[2], other[2]), max(one[3], other[3])
    return float(west), float(south), float(east), float(north)
