"""What every reader gives: batches of text columns, with or without geometry."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from openaddr.stages import RowAccount

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
RowNumbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Points:
    """One point a row, in the data's own coordinate system, x = easting or longitude; NaN in both = no geometry."""

    x: Floats
    y: Floats


@dataclass(frozen=True)
class Shapes:
    """One shapely geometry a row (object array), x first; None = no geometry. A third ordinate is kept."""

    values: npt.NDArray[np.object_]


Geometry = Points | Shapes


@dataclass(frozen=True)
class Batch:
    """Rows in the publisher's order.

    `frame` has exactly the columns asked for, all pl.String, never null (missing = ''). `rows` counts the data rows
    from 1, so that a rejected row can be named. `geometry` is None when the format has none of its own (csv).
    """

    frame: pl.DataFrame
    geometry: Geometry | None
    rows: RowNumbers


class Dataset(Protocol):
    """An opened file, ready to be read once.

    `crs` is the coordinate system that the data declares for its geometry, as text that pyproj reads (`EPSG:2180`,
    WKT), or None when it declares none. `columns` are the names as the data spells them.
    """

    columns: tuple[str, ...]
    crs: str | None
    share: float | None
    """How much of the data has been read, from 0 to 1, for those who wait; None where nobody knows."""

    def batches(self, columns: Sequence[str], account: RowAccount) -> Iterator[Batch]:
        """Read all rows once, giving only `columns` (a subset of `self.columns`, spelt alike, may be empty).

        Counts every data row in `account.received` and every row that cannot be given in `account.reject`. A batch
        holds some tens of thousands of rows at most and some tens of megabytes. Raises ProblemError where nothing
        more can be read.
        """
        ...
