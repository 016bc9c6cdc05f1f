"""The floor: decode the needed columns with the fastest reader there is, project, deflate. No rule, no check, no hash.

It is written for the files of `data.py` and would fail on real ones; it is there to be divided by.
"""

import importlib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from isal import isal_zlib

from benchmarks.cases import Case

Block = tuple[pl.DataFrame, npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""Needed columns, x, y."""
LEVEL = 2
"""That of `openaddr.outputs.csv_zip`, which a test compares; importing it would burden the floor with our start-up."""
READERS = {"csv-metres": "delimited", "csv-degrees": "delimited", "geojson": "features", "esri": "features"}
IN_DEGREES = ("csv-degrees", "geojson", "esri")


def write_floor(case: Case, files: Sequence[Path], target: Path) -> int:
    """Read the files of a case and write its needed columns with longitude and latitude; gives the rows."""
    # Loaded by name, so that a format pays for its own libraries only.
    blocks: Iterator[Block] = importlib.import_module(f"benchmarks.floors.{READERS.get(case.data, 'vector')}").blocks(
        case, files
    )
    projected = case.data not in IN_DEGREES
    project = importlib.import_module("benchmarks.floors.projection").to_degrees if projected else None
    deflate = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, -15)
    rows = 0
    with target.open("wb") as out:
        for frame, x, y in blocks:
            lon, lat = project(x, y) if project else (x, y)
            text = io.BytesIO()
            pl.DataFrame([pl.Series("LON", lon), pl.Series("LAT", lat), *frame]).write_csv(text, include_header=False)
            out.write(deflate.compress(text.getbuffer()))
            rows += frame.height
        out.write(deflate.flush())
    return rows
