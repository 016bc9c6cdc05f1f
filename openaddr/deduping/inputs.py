"""The door: what is read of one run, and what is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from openaddr.deduping.keys import key_column
from openaddr.deduping.locality import Locality
from openaddr.deduping.tiles import tiles
from openaddr.errors import Code, ProblemError
from openaddr.extract import text_columns
from openaddr.outputs.geoparquet import POINT_WKB
from openaddr.outputs.hilbert import SIDE, hilbert
from openaddr.stages import Layer

COLUMNS = text_columns(Layer.ADDRESSES)
BATCH_ROWS = 65_536


@dataclass(frozen=True)
class Input:
    """One layer source and the run whose rows it has. Of two runs, the one with the higher number is newer."""

    source: str
    name: str
    run: int
    locality: Locality
    share_alike: bool = False
    licence: str = ""
    attribution: str = ""

    @property
    def id(self) -> tuple[str, str]:
        """What tells one from all others."""
        return self.source, self.name


def batches(path: Path) -> Iterator[pl.DataFrame]:
    """The rows of a GeoParquet of addresses, with `row`, `lon`, `lat`, `curve`, `tile` and `key`.

    Rows that are nowhere on earth have null for the place. Raises ProblemError when this is not such a file.
    """
    try:
        with pq.ParquetFile(path) as file:
            missing = [name for name in (*COLUMNS, "geometry") if name not in file.schema_arrow.names]
            if missing:
                raise ProblemError(Code.COLLECTION_MEMBER_BAD, f"{path.name} has no column {', '.join(missing)}.")
            first = 0
            for batch in file.iter_batches(BATCH_ROWS, columns=[*COLUMNS, "geometry"], use_threads=False):
                yield _frame(batch, first)
                first += batch.num_rows
    except (pa.ArrowException, OSError, shapely.GEOSException, pl.exceptions.PolarsError) as error:
        words = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ProblemError(Code.COLLECTION_MEMBER_BAD, f"{path.name} cannot be read: {words}") from error


def _frame(batch: pa.RecordBatch, first: int) -> pl.DataFrame:
    table = pa.Table.from_batches([batch.select(list(COLUMNS))])
    text = pl.DataFrame(pl.from_arrow(table)).select(pl.col(COLUMNS).cast(pl.String).fill_null(""))
    lon, lat = _coordinates(batch["geometry"])
    there = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    lon, lat = np.where(there, lon, 0), np.where(there, lat, 0)
    somewhere = pl.Series(there)
    cells = [((at + half) / (2 * half) * SIDE).astype(np.uint32) for at, half in ((lon, 180), (lat, 90))]
    columns: dict[str, npt.NDArray[Any]] = {"lon": lon, "lat": lat, "curve": hilbert(*cells), "tile": tiles(lon, lat)}
    return text.with_columns(
        pl.int_range(first, first + len(lon), dtype=pl.UInt32).alias("row"),
        *(pl.when(somewhere).then(pl.Series(values)).alias(name) for name, values in columns.items()),
        key_column(text).alias("key"),
    )


def _coordinates(geometry: pa.Array) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Longitude and latitude, NaN where there is none; of other shapes than points a point within them."""
    values = geometry.cast(pa.large_binary())
    size = POINT_WKB.itemsize
    if not values.null_count and len(values) and (points := _points(values, size)) is not None:
        return points["x"], points["y"]
    shapes = shapely.from_wkb(values.to_numpy(zero_copy_only=False))
    others = shapely.get_type_id(shapes) > 0
    with np.errstate(invalid="ignore"):
        shapes[others] = shapely.point_on_surface(shapes[others])
    shapes[shapely.is_empty(shapes)] = None
    return shapely.get_x(shapes), shapely.get_y(shapes)


def _points(values: pa.Array, size: int) -> npt.NDArray[np.void] | None:
    """Points as our own outputs write them, read where they are; None for anything else."""
    _, offsets, data = values.buffers()
    starts = np.frombuffer(offsets, np.int64)[values.offset : values.offset + len(values) + 1]
    if not (np.diff(starts) == size).all():
        return None
    points = np.frombuffer(data, POINT_WKB, len(values), int(starts[0]))
    return points if ((points["order"] == 1) & (points["type"] == 1)).all() else None
