"""Counts the points in tiles: read from the file itself, not from what its maker says of it.

Points near the edge of a tile are in its neighbour too, for drawing; each is counted where it lies.
"""

import gzip
from collections.abc import Iterator
from pathlib import Path

from pmtiles.reader import MmapSource, Reader, all_tiles

EXTENT = 4096
LAYERS, FEATURES, GEOMETRY, EXTENT_FIELD, TYPE = 3, 2, 4, 5, 3
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
POINT, MOVE_TO = 1, 1


def count_points(path: Path) -> int:
    """Points at the highest zoom of a PMTiles file."""
    with path.open("rb") as file:
        source = MmapSource(file)  # type: ignore[no-untyped-call]
        highest = Reader(source).header()["max_zoom"]  # type: ignore[no-untyped-call]
        tiles = all_tiles(source)  # type: ignore[no-untyped-call]
        return sum(points_in(gzip.decompress(data)) for (zoom, _, _), data in tiles if zoom == highest)


def points_in(tile: bytes) -> int:
    """Points that lie in a vector tile."""
    count = 0
    for field, layer in _fields(tile):
        if field == LAYERS and isinstance(layer, bytes):
            members = list(_fields(layer))
            extent = next((value for name, value in members if name == EXTENT_FIELD), EXTENT)
            assert isinstance(extent, int), "tippecanoe writes numbers as numbers"
            count += sum(_inside(value, extent) for name, value in members if name == FEATURES)
    return count


def _inside(feature: bytes | int, extent: int) -> int:
    members = dict(_fields(feature)) if isinstance(feature, bytes) else {}
    geometry = members.get(GEOMETRY)
    if members.get(TYPE) != POINT or not isinstance(geometry, bytes):
        return 0
    numbers = _numbers(geometry)
    count = x = y = 0
    for command in numbers:
        assert command & 7 == MOVE_TO, "points are nothing but places to go to"
        for _ in range(command >> 3):
            x += _signed(next(numbers))
            y += _signed(next(numbers))
            count += 0 <= x < extent and 0 <= y < extent
    return count


def _fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Members of a protocol buffer: number, and content."""
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        kind = key & 7
        if kind == VARINT:
            value, at = _varint(message, at)
            yield key >> 3, value
        elif kind == BYTES:
            size, at = _varint(message, at)
            yield key >> 3, message[at : at + size]
            at += size
        else:
            at += 8 if kind == FIXED64 else 4


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def _numbers(packed: bytes) -> Iterator[int]:
    at = 0
    while at < len(packed):
        value, at = _varint(packed, at)
        yield value


def _signed(value: int) -> int:
    return (value >> 1) ^ -(value & 1)
