"""The tiles of a PMTiles file at its highest zoom, without asking for the place of each."""

import gzip
import mmap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from isal import igzip
from pmtiles.tile import Compression, HeaderDict, deserialize_header, zxy_to_tileid

from openaddr.dotmap.varints import Numbers, all_numbers

HEADER = 127


def highest_tiles(path: Path) -> Iterator[bytes]:
    """Each tile at the highest zoom, unpacked; one that is in several places comes as often."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        header = deserialize_header(data[:HEADER])
        packed = header["tile_compression"] is Compression.GZIP
        first = zxy_to_tileid(header["max_zoom"], 0, 0)
        for tile_id, times, begin, end in _entries(data, header, header["root_offset"], header["root_length"]):
            there = times - max(first - tile_id, 0)
            if there > 0:
                content = data[begin:end]
                tile: bytes = igzip.decompress(content) if packed else content  # type: ignore[no-untyped-call]
                yield from [tile] * there


def _entries(data: mmap.mmap, header: HeaderDict, offset: int, length: int) -> Iterator[tuple[int, int, int, int]]:
    """Tile, in how many places it is, begin and end in the file; of a directory and those below it."""
    for tile_id, times, begin, size in zip(*_columns(data[offset : offset + length], header), strict=True):
        if times:
            at = header["tile_data_offset"] + begin
            yield tile_id, times, at, at + size
        else:
            yield from _entries(data, header, header["leaf_directory_offset"] + begin, size)


def _columns(packed: bytes, header: HeaderDict) -> list[list[int]]:
    """A directory: identifiers, run lengths, offsets and lengths of its entries."""
    text = gzip.decompress(packed) if header["internal_compression"] is Compression.GZIP else packed
    numbers = all_numbers(np.frombuffer(text, np.uint8))
    steps, times, sizes, offsets = numbers[1:].reshape(4, numbers[0])
    return [np.cumsum(steps).tolist(), times.tolist(), _begins(offsets, sizes).tolist(), sizes.tolist()]


def _begins(offsets: Numbers, sizes: Numbers) -> Numbers:
    """Offsets are one more than they are; 0 means behind the one before."""
    told = np.flatnonzero(offsets)
    last = told[np.searchsorted(told, np.arange(len(offsets)), "right") - 1]
    before = np.r_[0, np.cumsum(sizes)[:-1]]
    found: Numbers = offsets[last] - 1 + before - before[last]
    return found
