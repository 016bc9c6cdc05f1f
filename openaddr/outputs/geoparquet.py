"""`extract.parquet`: GeoParquet 1.1 (https://geoparquet.org/releases/v1.1.0/), for DuckDB, QGIS and pandas.

Rows are sorted along a Hilbert curve over the bounds of the extract, by the middle of their box; rows without
geometry come last. With the column `bbox` and its statistics a reader of a small area skips most row groups.
"""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from openaddr.extract import read_batches, text_columns
from openaddr.outputs.batch import Batch, Floats
from openaddr.outputs.buckets import KEY, Buckets, Keys, ranges
from openaddr.outputs.hilbert import SIDE, hilbert
from openaddr.stages import Bounds, Extract, GeometryKind, Output

ROW_GROUP = 65_536
BUCKET_ROWS = 65_536
BUCKET_BYTES = 24 << 20
"""Size of a bucket's share of the extract, which is lz4: in memory it is about three times as much."""
ZSTD_LEVEL = 1
"""Level 3 was slower in most of the measurements and its file 1 % larger: most of it is ids and coordinates."""
MAX_BUCKETS = 500
SAMPLE_ROWS = 500_000
NOWHERE = np.uint64(1) << np.uint64(63)
ROW_BITS = np.uint64(31)

EDGES = ("xmin", "ymin", "xmax", "ymax")
BOX = [f"bbox.{edge}" for edge in EDGES]
UNIQUE = {"hash", "id", "pid"}
TYPES = ("Point", "LineString", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon",
         "GeometryCollection")  # fmt: skip
"""Names of shapely's type numbers."""
EPSG_4326 = {
    "$schema": "https://proj.org/schemas/v0.7/projjson.schema.json",
    "type": "GeographicCRS",
    "name": "WGS 84",
    "datum": {
        "type": "GeodeticReferenceFrame",
        "name": "World Geodetic System 1984",
        "ellipsoid": {"name": "WGS 84", "semi_major_axis": 6378137, "inverse_flattening": 298.257223563},
    },
    "coordinate_system": {
        "subtype": "ellipsoidal",
        "axis": [
            {"name": "Geodetic latitude", "abbreviation": "Lat", "direction": "north", "unit": "degree"},
            {"name": "Geodetic longitude", "abbreviation": "Lon", "direction": "east", "unit": "degree"},
        ],
    },
    "id": {"authority": "EPSG", "code": 4326},
}
POINT_WKB = np.dtype([("order", "u1"), ("type", "<u4"), ("x", "<f8"), ("y", "<f8")])


class GeoParquet:
    """Writes all rows, sorted; memory stays bounded, more than a bucket of rows goes through `work`."""

    KIND = "geoparquet"
    NAME = "extract.parquet"
    MEDIA_TYPE = "application/vnd.apache.parquet"

    def __init__(self, extract: Extract, folder: Path, work: Path, bucket_rows: int = BUCKET_ROWS) -> None:
        self._path = folder / self.NAME
        self._extract = extract
        self._buckets = Buckets(_edges(extract, bucket_rows), work)
        self._types: set[str] = set()
        self._rows = 0

    def feed(self, batch: Batch) -> None:
        """Take the rows of one batch."""
        extra = [pl.Series(KEY, keys(batch, self._extract.bounds))]
        if not batch.has_points:
            extra += [pl.Series(edge, values) for edge, values in zip(EDGES, batch.boxes, strict=True)]
            self._types |= type_names(batch)
        self._buckets.add(batch.frame.with_columns(extra))

    def finish(self) -> Output:
        """Write the sorted rows; only now is known what GeoParquet has to say about them."""
        schema = self._schema()
        with self._opened(schema) as file:
            for frame in self._buckets.sorted():
                groups = -(-frame.height // ROW_GROUP)
                file.write_table(self._table(frame, schema), row_group_size=-(-frame.height // groups))
                self._rows += frame.height
        return Output(self.KIND, self._path, self.MEDIA_TYPE, self._rows)

    def close(self) -> None:
        """Close the buckets."""
        self._buckets.close()

    def _schema(self) -> pa.Schema:
        """Columns and the metadata `geo`, which some readers look for in the schema and some in the file."""
        text = [pa.field(name, pa.large_string(), nullable=False) for name in text_columns(self._extract.layer)]
        geometry = pa.binary() if self._extract.geometry is GeometryKind.POINT else pa.large_binary()
        box = pa.struct([(edge, pa.float32()) for edge in EDGES])
        return pa.schema([*text, ("geometry", geometry), ("bbox", box)], metadata={"geo": json.dumps(self._geo())})

    def _opened(self, schema: pa.Schema) -> pq.ParquetWriter:
        repeated = [name for name in text_columns(self._extract.layer) if name not in UNIQUE]
        return pq.ParquetWriter(
            self._path,
            schema,
            compression="zstd",
            compression_level=ZSTD_LEVEL,
            use_dictionary=repeated,
            use_byte_stream_split=BOX,
            write_page_index=True,
        )

    def _table(self, frame: pl.DataFrame, schema: pa.Schema) -> pa.Table:
        names = text_columns(self._extract.layer)
        text = frame.select(names).to_arrow(compat_level=pl.CompatLevel.oldest())
        if self._extract.geometry is GeometryKind.POINT:
            lon, lat = (frame[name].fill_null(np.nan).to_numpy() for name in ("lon", "lat"))
            geometry, box = point_wkb(lon, lat), box_column(lon, lat, lon, lat)
        else:
            geometry = frame["geometry"].to_arrow(compat_level=pl.CompatLevel.oldest())
            box = box_column(*(frame[edge].to_numpy() for edge in EDGES))
        return pa.Table.from_arrays([*text.columns, geometry, box], schema=schema)

    def _geo(self) -> dict[str, object]:
        """The metadata `geo` of the file."""
        types = {"Point"} if self._extract.geometry is GeometryKind.POINT and self._extract.bounds else self._types
        column: dict[str, object] = {
            "encoding": "WKB",
            "geometry_types": sorted(types),
            "crs": EPSG_4326,
            "covering": {"bbox": {edge: ["bbox", edge] for edge in EDGES}},
        }
        if self._extract.bounds:
            column["bbox"] = self._extract.bounds
        return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}


def _edges(extract: Extract, bucket_rows: int) -> Keys:
    """Ranges of keys for an extract of this size, from every so-many-eth row; none when it fits into one bucket."""
    size = extract.path.stat().st_size
    wanted = max(-(-extract.rows // bucket_rows), -(-size // BUCKET_BYTES))
    if extract.rows <= 2 * bucket_rows and size <= 2 * BUCKET_BYTES:
        return np.zeros(0, np.uint64)
    columns = ("lon", "lat") if extract.geometry is GeometryKind.POINT else ("geometry",)
    step = max(1, extract.rows // SAMPLE_ROWS)
    sample, first = [], 0
    for frame in read_batches(extract.path, columns):
        sample.append(keys(Batch(frame.gather_every(step), first), extract.bounds))
        first += frame.height
    return ranges(np.concatenate(sample), min(wanted, MAX_BUCKETS, extract.rows))


def keys(batch: Batch, bounds: Bounds | None) -> Keys:
    """Where each row goes in the file: unique numbers, from its place on the curve, then its place in the extract."""
    west, south, east, north = batch.boxes
    x, y = (west + east) / 2, (south + north) / 2
    nowhere = np.isnan(x)
    left, bottom, right, top = bounds or (0.0, 0.0, 0.0, 0.0)
    place = hilbert(_cells(x, left, right), _cells(y, bottom, top)).astype(np.uint64)
    rows = np.arange(batch.first, batch.first + len(x), dtype=np.uint64)
    found: Keys = np.where(nowhere, NOWHERE, place << ROW_BITS) | rows
    return found


def _cells(values: Floats, low: float, high: float) -> npt.NDArray[np.uint32]:
    span = high - low
    steps = np.clip((np.nan_to_num(values, nan=low) - low) / span, 0, 1) * SIDE if span > 0 else np.zeros(len(values))
    return steps.astype(np.uint32)


def type_names(batch: Batch) -> set[str]:
    """Names of the kinds of geometry as GeoParquet spells them, such as `MultiPolygon` or `Point Z`."""
    numbers = shapely.get_type_id(batch.shapes) * 2 + shapely.has_z(batch.shapes)
    return {TYPES[number // 2] + (" Z" if number % 2 else "") for number in np.unique(numbers).tolist() if number >= 0}


def point_wkb(lon: Floats, lat: Floats) -> pa.Array:
    """Points as WKB, 21 bytes each; null where a coordinate is NaN."""
    there = ~np.isnan(lon)
    points = np.empty(int(there.sum()), POINT_WKB)
    points["order"], points["type"] = 1, 1
    points["x"], points["y"] = lon[there], lat[there]
    offsets = np.zeros(len(lon) + 1, np.int32)
    np.cumsum(there * POINT_WKB.itemsize, out=offsets[1:])
    mask = pa.py_buffer(np.packbits(there, bitorder="little").tobytes())
    buffers = [mask, pa.py_buffer(offsets.tobytes()), pa.py_buffer(points.tobytes())]
    return pa.Array.from_buffers(pa.binary(), len(lon), buffers)


def box_column(west: Floats, south: Floats, east: Floats, north: Floats) -> pa.Array:
    """Boxes in single precision, rounded outward so that they still hold their geometry; null where NaN."""
    edges = [_rounded(west, -np.inf), _rounded(south, -np.inf), _rounded(east, np.inf), _rounded(north, np.inf)]
    gone = pa.array(np.isnan(west)) if np.isnan(west).any() else None
    return pa.StructArray.from_arrays([pa.array(edge) for edge in edges], names=EDGES, mask=gone)


def _rounded(values: Floats, toward: float) -> npt.NDArray[np.float32]:
    near = values.astype(np.float32)
    wrong = near > values if toward < 0 else near < values
    return np.where(wrong, np.nextafter(near, np.float32(toward)), near)
