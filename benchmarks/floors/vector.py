"""What GDAL reads, by pyogrio's Arrow stream; points are looked at in place, areas go through shapely."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyogrio.raw
import shapely

from benchmarks.cases import Case
from benchmarks.floor import Block

ROWS = 65_536
POINT = np.dtype([("head", "V5"), ("x", "<f8"), ("y", "<f8")])


def blocks(case: Case, files: Sequence[Path]) -> Iterator[Block]:
    """The needed columns, and points or centroids."""
    path = files[0].parent if case.data == "gdb" else files[0]
    with pyogrio.raw.open_arrow(str(path), columns=list(case.needed), batch_size=ROWS, use_pyarrow=True) as (
        meta,
        source,
    ):
        name = meta["geometry_name"] or "wkb_geometry"
        for batch in source:
            frame = pl.DataFrame(pa.Table.from_batches([batch.drop_columns([name])]))
            shapes = batch.column(name).to_numpy(zero_copy_only=False)
            if case.data == "shp-areas":
                centre = shapely.centroid(shapely.from_wkb(shapes))
                yield frame.select(case.needed), shapely.get_x(centre), shapely.get_y(centre)
            else:
                points = np.frombuffer(b"".join(shapes), POINT)
                yield frame.select(case.needed), points["x"], points["y"]
