"""One batch of an extract on its way through the outputs, and what an output of rows looks like."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import shapely

from openaddr.stages import Output

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Batch:
    """Rows of an extract; `first` is the place of the first one, from 0. Shapes and boxes are made once for all."""

    frame: pl.DataFrame
    first: int = 0

    @property
    def has_points(self) -> bool:
        """Whether the rows have `lon` and `lat` rather than shapes."""
        return "lon" in self.frame.columns

    @cached_property
    def shapes(self) -> Shapes:
        """The column `geometry` as shapely objects, None where a row has none."""
        found: Shapes = shapely.from_wkb(self.frame["geometry"].to_numpy())
        return found

    @cached_property
    def boxes(self) -> tuple[Floats, Floats, Floats, Floats]:
        """West, south, east and north of each row; NaN where it has no geometry or an empty one."""
        if self.has_points:
            lon, lat = (self.frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in ("lon", "lat"))
            return lon, lat, lon, lat
        bounds = shapely.bounds(self.shapes)
        return bounds[:, 0], bounds[:, 1], bounds[:, 2], bounds[:, 3]


class RowOutput(Protocol):
    """A file made of rows: fed every batch in order, then finished; `close` lets go of it in any case."""

    def feed(self, batch: Batch) -> None:
        """Add the rows of one batch."""
        ...

    def finish(self) -> Output:
        """Complete the file."""
        ...

    def close(self) -> None:
        """Release what is open, also after a failure; may be called again."""
        ...


def joined_bytes(texts: pl.Series) -> memoryview:
    """All texts of a column one after the other as UTF-8, without a copy for each."""
    array = texts.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    if not isinstance(array, pa.LargeStringArray):
        raise TypeError(f"expected a column of text, not {array.type}")
    offsets = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array) + 1]
    return memoryview(array.buffers()[2])[offsets[0] : offsets[-1]] if len(array) else memoryview(b"")
