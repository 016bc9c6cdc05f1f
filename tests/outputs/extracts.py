"""Extracts made on the spot: a row is what differs from an empty one."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import shapely

from openaddr.extract import ExtractWriter, read_batches, text_columns
from openaddr.outputs.batch import Batch, RowOutput
from openaddr.source.model import LayerSource, License
from openaddr.stages import Bounds, Extract, GeometryKind, Layer, Output, RowAccount

NOW = datetime(2026, 8, 1, 12, 30, tzinfo=UTC)
ENTRY = LayerSource(
    Layer.ADDRESSES,
    "county",
    "/layers/addresses/0",
    "http",
    "https://data.example/addresses.csv",
    None,
    license=License("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/", True, "Töwn <of> X", False),
    website="https://data.example/",
)
Row = Mapping[str, object]


def points(rows: Sequence[Row]) -> pl.DataFrame:
    """Address rows; what is not given is '' or, for lon and lat, null."""
    text = {name: [row.get(name, "") for row in rows] for name in text_columns(Layer.ADDRESSES)}
    places = {name: pl.Series([row.get(name) for row in rows], dtype=pl.Float64) for name in ("lon", "lat")}
    return pl.DataFrame(text | places, schema_overrides=dict.fromkeys(text, pl.String))


def shapes(layer: Layer, wkt: Sequence[str | None]) -> pl.DataFrame:
    """Rows of another layer, numbered by `hash`."""
    empty = dict.fromkeys(text_columns(layer)[1:], pl.Series([""] * len(wkt)))
    geometry = pl.Series(shapely.to_wkb(shapely.from_wkt(list(wkt))), dtype=pl.Binary)
    return pl.DataFrame({"hash": [f"{row:016x}" for row in range(len(wkt))], **empty, "geometry": geometry})


def scattered(rows: int, seed: int = 1) -> pl.DataFrame:
    """Addresses at random places around a town, with ids that say their order."""
    random = np.random.default_rng(seed)
    empty = dict.fromkeys(text_columns(Layer.ADDRESSES), pl.Series([""] * rows, dtype=pl.String))
    return pl.DataFrame(empty).with_columns(
        pl.Series("hash", [f"{row:016x}" for row in range(rows)]),
        pl.Series("street", [f"Street {row % 97}" for row in range(rows)]),
        pl.Series("lon", np.round(random.normal(8.5, 0.1, rows), 7)),
        pl.Series("lat", np.round(random.normal(47.4, 0.1, rows), 7)),
    )


def extract(
    folder: Path,
    *frames: pl.DataFrame,
    layer: Layer = Layer.ADDRESSES,
    numeric: frozenset[str] = frozenset(),
    within: Bounds | None = None,
) -> Extract:
    """Frames as an extract in a folder, one batch each."""
    kind = GeometryKind.POINT if layer is Layer.ADDRESSES else GeometryKind.ANY
    path = folder / "extract.arrow"
    with ExtractWriter(path, layer, kind, within) as writer:
        for frame in frames:
            writer.write(frame)
    return Extract(path, layer, kind, writer.rows, writer.bounds, numeric, RowAccount(), misplaced=writer.misplaced)


def fed(output: RowOutput, made: Extract) -> Output:
    """Every row of an extract through one output."""
    first = 0
    for frame in read_batches(made.path):
        output.feed(Batch(frame, first))
        first += frame.height
    return output.finish()
