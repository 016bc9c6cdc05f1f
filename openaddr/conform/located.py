"""Rows on their way through a batch: attributes and geometry side by side, and leaving together."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import shapely

from openaddr.conform.readers.dataset import Geometry, Mask, Points, RowNumbers, Shapes
from openaddr.errors import RowReason
from openaddr.stages import EXAMPLES_PER_REASON, RowAccount


@dataclass(frozen=True)
class Rows:
    """The rows of a batch that are still in; `numbers` are their places in the data, from 1."""

    attributes: pl.DataFrame
    geometry: Geometry
    numbers: RowNumbers

    def reject(
        self, bad: Mask, reason: RowReason, account: RowAccount, show: Callable[[int], str] | None = None
    ) -> "Rows":
        """These rows without the bad ones, which are counted; `show` gives the value of a row of this batch."""
        count = int(bad.sum())
        if not count:
            return self
        first = np.flatnonzero(bad)[:EXAMPLES_PER_REASON]
        account.reject(reason, count, [(int(self.numbers[row]), (show or self._shown)(int(row))) for row in first])
        return Rows(self.attributes.filter(pl.Series(~bad)), take(self.geometry, ~bad), self.numbers[~bad])

    def _shown(self, row: int) -> str:
        return ", ".join(f"{name} {value!r}" for name, value in self.attributes.row(row, named=True).items() if value)


def take(geometry: Geometry, mask: Mask) -> Geometry:
    """The geometry of the rows in the mask."""
    if isinstance(geometry, Points):
        return Points(geometry.x[mask], geometry.y[mask])
    return Shapes(geometry.values[mask])


def missing(geometry: Geometry) -> Mask:
    """Rows that have no geometry."""
    found: npt.NDArray[np.bool_] = (
        np.isnan(geometry.x) if isinstance(geometry, Points) else shapely.is_missing(geometry.values)
    )
    return found


def fill(geometry: Geometry, points: Points, gaps: Mask) -> Geometry:
    """The geometry with points where it has gaps."""
    if isinstance(geometry, Points):
        return Points(np.where(gaps, points.x, geometry.x), np.where(gaps, points.y, geometry.y))
    usable = gaps & ~np.isnan(points.x)
    values = geometry.values.copy()
    values[usable] = shapely.points(points.x[usable], points.y[usable])
    return Shapes(values)
