"""Counts the points in tiles: read from the file itself, not from what its maker says of it.

Points near the edge of a tile are in its neighbour too, for drawing; each is counted where it lies. Features are found
one after the other, what is in them is read a column at a time: a million points take a second.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openaddr.dotmap.tiles import highest_tiles
from openaddr.dotmap.varints import LAST, Bytes, Numbers, all_numbers, numbers_at, signed

EXTENT = 4096
LAYERS, FEATURES, EXTENT_FIELD = 3, 2, 5
TYPE, GEOMETRY = 3, 4
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
POINT, MOVE_TO = 1, 1
AT_ONCE = 1 << 17
"""Features that are read together: some 10 MB of tiles."""
BEHIND = bytes(10)
"""The longest number: whoever reads one may look so far beyond the end."""


@dataclass
class Features:
    """Where features lie in bytes of several tiles, and the size of the tile of each."""

    data: bytearray = field(default_factory=bytearray)
    begins: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    extents: list[int] = field(default_factory=list)

    def add(self, tile: bytes) -> None:
        """Find the features of a tile."""
        shift = len(self.data)
        self.data += tile
        for number, begin, end in fields(tile, 0, len(tile)):
            if number == LAYERS:
                self._add_layer(tile, begin, end, shift)

    def _add_layer(self, tile: bytes, begin: int, end: int, shift: int) -> None:
        extent, before = EXTENT, len(self.begins)
        for number, at, upto in fields(tile, begin, end):
            if number == FEATURES:
                self.begins.append(at + shift)
                self.ends.append(upto + shift)
            elif number == EXTENT_FIELD:
                extent, _ = _number(tile, at)
        self.extents += [extent] * (len(self.begins) - before)

    def inside(self) -> int:
        """Points that lie in their tiles."""
        data = np.frombuffer(bytes(self.data) + BEHIND, np.uint8)
        begins, ends, extents = (np.array(column, np.int64) for column in (self.begins, self.ends, self.extents))
        kinds, geometry_begins, geometry_ends = _members(data, begins, ends)
        is_point = kinds == POINT
        return _inside(data, geometry_begins[is_point], geometry_ends[is_point], extents[is_point])


def count_points(path: Path) -> int:
    """Points at the highest zoom of a PMTiles file."""
    count, waiting = 0, Features()
    for tile in highest_tiles(path):
        waiting.add(tile)
        if len(waiting.begins) >= AT_ONCE:
            count += waiting.inside()
            waiting = Features()
    return count + waiting.inside()


def fields(message: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Members of a protocol buffer: number, begin and end of the content."""
    while at < end:
        key = message[at]
        begin = at = at + 1
        kind = key & 7
        if kind == BYTES:
            size = message[at]
            # Most are short, and this is done for every feature.
            size, begin = (size, at + 1) if size < LAST else _number(message, at)
            at = begin + size
        elif kind == VARINT:
            _, at = _number(message, at)
        else:
            at += 8 if kind == FIXED64 else 4
        yield key >> 3, begin, at


def _number(message: bytes, at: int) -> tuple[int, int]:
    """The number that begins there, and where it ends."""
    value = shift = 0
    while (byte := message[at]) >= LAST:
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
    return value | byte << shift, at + 1


def _members(data: Bytes, begins: Numbers, ends: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Type, and begin and end of the geometry, of each feature: a step for each of its members."""
    kinds, geometry_begins, geometry_ends = np.zeros((3, len(begins)), np.int64)
    going, at = np.arange(len(begins)), begins
    while len(going := going[is_left := at < ends[going]]):
        keys, begin = numbers_at(data, at[is_left])
        values, at = numbers_at(data, begin)
        numbers, wires = keys >> 3, keys & 7
        is_geometry = (numbers == GEOMETRY) & (wires == BYTES)
        kinds[going[numbers == TYPE]] = values[numbers == TYPE]
        geometry_begins[going[is_geometry]] = at[is_geometry]
        at = np.select([wires == BYTES, wires == FIXED64, wires == FIXED32], [at + values, begin + 8, begin + 4], at)
        geometry_ends[going[is_geometry]] = at[is_geometry]
    return kinds, geometry_begins, geometry_ends


def _inside(data: Bytes, begins: Numbers, ends: Numbers, extents: Numbers) -> int:
    """Points of geometries: a command, then steps from one point to the next, across and down."""
    sizes = ends - begins
    if not sizes.sum():
        return 0
    packed = data[_ranges(begins, sizes)]
    numbers = all_numbers(packed)
    owners = np.repeat(np.arange(len(begins)), sizes)[packed < LAST]
    firsts = np.flatnonzero(np.r_[True, np.diff(owners) != 0])
    commands = numbers[firsts]
    counts = np.diff(np.r_[firsts, len(numbers)])
    assert (commands & 7 == MOVE_TO).all(), "points are nothing but places to go to"
    assert (counts == 1 + 2 * (commands >> 3)).all(), "each has a step across and one down"
    steps = signed(np.delete(numbers, firsts)).reshape(-1, 2)
    owners = np.delete(owners, firsts)[::2]
    inside: NDArray[np.bool_] = np.ones(len(steps), bool)
    for column in steps.T:
        places = np.cumsum(column)
        new = np.flatnonzero(np.r_[True, np.diff(owners) != 0])
        before = np.repeat((places - column)[new], np.diff(np.r_[new, len(owners)]))
        inside &= (places - before >= 0) & (places - before < extents[owners])
    return int(inside.sum())


def _ranges(begins: Numbers, sizes: Numbers) -> Numbers:
    """All numbers from each begin on, as many as its size."""
    starts = np.r_[0, np.cumsum(sizes)[:-1]]
    found: Numbers = np.arange(sizes.sum()) + np.repeat(begins - starts, sizes)
    return found
