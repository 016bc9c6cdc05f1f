"""Places on the Hilbert curve, four levels at a time by a table, for whole columns.

The curve keeps rows that are near each other on the map near each other in the file, so that a reader who wants a
small area reads few row groups.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

SIDE = 0xFFFF
"""Coordinates run from 0 to this: 16 levels, so places fit into 32 bits."""

Cells = npt.NDArray[np.uint32]


def hilbert(x: Cells, y: Cells) -> Cells:
    """The place of each cell (0 to 65535 each way) along the curve, 0 to 2³²-1."""
    places, states = _tables()
    place = np.zeros(len(x), np.uint32)
    state = np.zeros(len(x), np.uint32)
    for shift in (12, 8, 4, 0):
        entry = (state << 8) | (((x >> shift) & 15) << 4) | ((y >> shift) & 15)
        place = (place << 8) | places[entry]
        state = states[entry]
    return place


@cache
def _tables() -> tuple[Cells, Cells]:
    """For a state (bit 0 axes swapped, bit 1 axes mirrored) and 4 bits of x and y: place within, and next state."""
    entry = np.arange(4 << 8)
    swapped, mirrored = (entry >> 8) & 1, entry >> 9
    place = np.zeros_like(entry)
    for level in (3, 2, 1, 0):
        x, y = ((entry >> (4 + level)) & 1) ^ mirrored, ((entry >> level) & 1) ^ mirrored
        crossed = (x ^ y) & swapped
        x, y = x ^ crossed, y ^ crossed
        place = (place << 2) | ((3 * x) ^ y)
        mirrored = mirrored ^ (x & (1 - y))
        swapped = swapped ^ (1 - y)
    return place.astype(np.uint32), (swapped | (mirrored << 1)).astype(np.uint32)
