"""One file of the build: GeoParquet 1.1 of the rows of one place, in the order of a curve through them."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from openaddr.deduping.database import Database
from openaddr.deduping.inputs import COLUMNS
from openaddr.deduping.tiles import Block
from openaddr.outputs.geoparquet import (
    BOX,
    EDGES,
    EPSG_4326,
    ROW_GROUP,
    UNIQUE,
    ZSTD_LEVEL,
    box_column,
    point_wkb,
)
from openaddr.stages import Bounds

ABOUT = [
    ("source", pa.string()),
    ("source_name", pa.string()),
    ("share_alike", pa.bool_()),
    ("licence", pa.string()),
    ("dedupe_group", pa.string()),
    ("dedupe_rank", pa.int32()),
    ("is_best", pa.bool_()),
]
"""What the build knows of a row, behind what its source says."""


@dataclass(frozen=True)
class Shard:
    """A file that was written: its path and what the manifest says of it."""

    path: Path
    name: str
    bounds: Bounds
    rows: int
    bytes: int
    sha256: str


def write(database: Database, block: Block, folder: Path) -> Shard:
    """Write the file of a block."""
    bounds, path = database.bounds(block), folder / f"{block.name}.parquet"
    schema, rows = _schema(bounds), 0
    with _opened(path, schema) as file:
        for table in _groups(database.rows(block, ROW_GROUP)):
            file.write_table(_table(table, schema), row_group_size=ROW_GROUP)
            rows += len(table)
    with path.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    return Shard(path, path.name, bounds, rows, path.stat().st_size, digest)


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Rows in row groups of always the same size, however many DuckDB gives at once."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        waiting.append(batch)
        count += len(batch)
        while count >= ROW_GROUP:
            table = pa.Table.from_batches(waiting)
            yield table.slice(0, ROW_GROUP)
            waiting = table.slice(ROW_GROUP).to_batches()
            count -= ROW_GROUP
    if count:
        yield pa.Table.from_batches(waiting)


def _table(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    lon, lat = (rows[name].to_numpy() for name in ("lon", "lat"))
    rows = rows.drop_columns(["lon", "lat"])
    rows = rows.append_column("geometry", point_wkb(lon, lat))
    return rows.append_column("bbox", box_column(lon, lat, lon, lat)).cast(schema)


def _schema(bounds: Bounds) -> pa.Schema:
    geometry = {
        "encoding": "WKB",
        "geometry_types": ["Point"],
        "crs": EPSG_4326,
        "bbox": bounds,
        "covering": {"bbox": {edge: ["bbox", edge] for edge in EDGES}},
    }
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": geometry}}
    box = pa.struct([(edge, pa.float32()) for edge in EDGES])
    text = [(name, pa.string()) for name in COLUMNS]
    return pa.schema([*text, *ABOUT, ("geometry", pa.binary()), ("bbox", box)], metadata={"geo": json.dumps(geo)})


def _opened(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    unique = {*UNIQUE, "dedupe_group"}
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        use_dictionary=[field.name for field in schema if pa.types.is_string(field.type) and field.name not in unique],
        use_byte_stream_split=BOX,
        write_page_index=True,
    )
