"""Rows of one key that are at one place, for whole columns."""

import numpy as np
import numpy.typing as npt

NEAR = 0.0001
"""Degrees of latitude, about 11 m: two rows of one key that are so near are one address."""
SEAM = -168.97
"""A meridian that crosses no land where anybody lives: here, not at 180°, the world is cut open."""

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def places(keys: npt.NDArray[np.uint64], lon: Floats, lat: Floats) -> Integers:
    """A number for each row; rows have the same where their key is the same and nothing parts them.

    Rows are parted by a gap, to the north or to the east, that is wider than NEAR and that no row of the key lies in;
    so they are taken apart, one direction after the other, until nothing changes. Which rows end up together does not
    depend on their order, and there are no cells with borders that could part neighbours.
    """
    east = np.where(lon < SEAM, lon + 360, lon)
    groups = np.unique(keys, return_inverse=True)[1].astype(np.int64)
    count = 0
    while len(keys) and (found := int(groups.max()) + 1) > count:
        count = found
        # Meridians draw together toward the poles; rows of one band of latitude have one distance between them.
        groups = _parted(groups, lat, np.ones_like(lat))
        groups = _parted(groups, east, np.cos(np.radians(lat)))
    return groups


def _parted(groups: Integers, along: Floats, scale: Floats) -> Integers:
    """Groups cut at the gaps along one axis."""
    order = np.lexsort((scale, along, groups))
    group, position = groups[order], along[order]
    gap = np.diff(position) * scale[order][1:] > NEAR
    numbers = np.concatenate([[0], np.cumsum((np.diff(group) != 0) | gap)])
    parted = np.empty_like(groups)
    parted[order] = numbers
    return parted
