"""Numbers of places on a grid of 1°, and the blocks that they make: the files of the build.

Numbers of a block of 10°, of one of 5° and of a tile of 1° lie side by side, so each of them is a range.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SIZES = {10: 100, 5: 25, 1: 1}
"""Degrees of a side, with the number of tiles."""
COLUMNS = 36
"""Blocks of 10° around the earth."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Block:
    """A square of so many degrees, with the tiles from `first` to before `end`."""

    west: int
    south: int
    degrees: int
    first: int
    end: int

    @property
    def name(self) -> str:
        """What its file is called, such as `s35w060-10`: its corner in the south-west, and its degrees."""
        north, east = "s" if self.south < 0 else "n", "w" if self.west < 0 else "e"
        return f"{north}{abs(self.south):02}{east}{abs(self.west):03}-{self.degrees}"


def tiles(lon: Floats, lat: Floats) -> npt.NDArray[np.uint32]:
    """The number of the tile of each point on earth."""
    x = np.clip(np.floor(lon).astype(np.int64) + 180, 0, 359)
    y = np.clip(np.floor(lat).astype(np.int64) + 90, 0, 179)
    tens = (y // 10) * COLUMNS + x // 10
    fives = tens * 4 + (y % 10 // 5) * 2 + x % 10 // 5
    return (fives * 25 + (y % 5) * 5 + x % 5).astype(np.uint32)


def blocks(rows: Mapping[int, int], most: int) -> Iterator[Block]:
    """The blocks for so many rows in each tile, in order: as large as has at most `most` rows, but no less than 1°."""
    for first in sorted({tile - tile % SIZES[10] for tile in rows}):
        yield from _divided(rows, most, first, 10)


def _divided(rows: Mapping[int, int], most: int, first: int, degrees: int) -> Iterator[Block]:
    size = SIZES[degrees]
    inside = [tile for tile in range(first, first + size) if tile in rows]
    if not inside:
        return
    if degrees == 1 or sum(rows[tile] for tile in inside) <= most:
        yield Block(*_corner(first), degrees, first, first + size)
        return
    smaller = 5 if degrees == 10 else 1
    for start in range(first, first + size, SIZES[smaller]):
        yield from _divided(rows, most, start, smaller)


def _corner(tile: int) -> tuple[int, int]:
    """West and south of a tile."""
    fives, within = divmod(tile, SIZES[5])
    tens, quarter = divmod(fives, 4)
    x = tens % COLUMNS * 10 + quarter % 2 * 5 + within % 5
    y = tens // COLUMNS * 10 + quarter // 2 * 5 + within // 5
    return x - 180, y - 90
