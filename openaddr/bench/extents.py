"""How many rows there are, and where, in one pass that is given up when it takes too long."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from openaddr.conform import geometry as geo
from openaddr.conform.readers.dataset import Dataset, Geometry
from openaddr.errors import ProblemError
from openaddr.stages import Bounds, RowAccount


@dataclass(frozen=True)
class Extent:
    """Rows that were passed, whether those are all, and the box around them in the system of the data."""

    rows: int
    is_whole: bool
    bounds: Bounds | None


def extent_of(dataset: Dataset, lon_lat: Sequence[str], seconds: float) -> Extent:
    """Pass through the data; `lon_lat` names two columns where it has no geometry, or none."""
    account, bounds, ends = RowAccount(), None, time.monotonic() + seconds
    try:
        for batch in dataset.batches(lon_lat, account):
            geometry: Geometry | None = batch.geometry
            if lon_lat:
                geometry, _ = geo.points_from_text(batch.frame[lon_lat[0]], batch.frame[lon_lat[1]])
            bounds = _joined(bounds, geo.bounds(geometry) if geometry else None)
            if time.monotonic() > ends:
                return Extent(account.received, False, bounds)
    except ProblemError:
        return Extent(account.received, False, bounds)
    return Extent(account.received, True, bounds)


def _joined(one: Bounds | None, other: Bounds | None) -> Bounds | None:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])
