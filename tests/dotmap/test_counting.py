"""Points are counted as the format says, whatever else is in a tile."""

import gzip
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as some
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import write

from openaddr.dotmap.counting import Features, count_points

Points = list[tuple[int, int]]
STEPS = some.integers(-300, 5_000)
FEATURES = some.lists(
    some.tuples(some.sampled_from([1, 1, 1, 2, 3]), some.lists(some.tuples(STEPS, STEPS), min_size=1, max_size=4))
)
LAYERS = some.lists(some.tuples(some.sampled_from([256, 4096]), some.integers(0, 300), FEATURES), max_size=3)


def number(value: int) -> bytes:
    high = value >> 7
    return bytes([value & 127 | 128]) + number(high) if high else bytes([value])


def member(field: int, content: bytes) -> bytes:
    return number(field << 3 | 2) + number(len(content)) + content


def feature(kind: int, points: Points, longer: int = 0) -> bytes:
    """With an id, attributes of a length, and two members that nobody knows."""
    before = [(0, 0), *points]
    steps = [step for old, new in zip(before, points, strict=False) for step in (new[0] - old[0], new[1] - old[1])]
    packed = b"".join(number(step << 1 if step >= 0 else (-step << 1) - 1) for step in steps)
    geometry = number(len(points) << 3 | 1) + packed
    unknown = number(9 << 3 | 1) + bytes(8) + number(10 << 3 | 5) + bytes(4)
    parts = b"\x08\x90\x4e" + member(2, bytes(longer)) + unknown + number(3 << 3) + number(kind)
    return parts + member(4, geometry)


def layer(extent: int, features: list[bytes]) -> bytes:
    content = b"".join(member(2, found) for found in features)
    return member(3, b"\x78\x02" + member(1, b"addresses") + content + number(5 << 3) + number(extent))


@given(LAYERS)
def test_points_that_lie_in_the_tile_are_counted(layers: list[tuple[int, int, list[tuple[int, Points]]]]) -> None:
    found, expected = Features(), 0
    for extent, longer, features in layers:
        found.add(layer(extent, [feature(kind, points, longer) for kind, points in features]))
        inside = [point for kind, points in features if kind == 1 for point in points]
        expected += sum(0 <= x < extent and 0 <= y < extent for x, y in inside)
    assert found.inside() == expected


def test_tiles_of_the_highest_zoom_count_as_often_as_they_are_there(tmp_path: Path) -> None:
    tile = gzip.compress(layer(4096, [feature(1, [(5, 5), (-1, 5)]), feature(1, [(4095, 4095)])]))
    with write(tmp_path / "some.pmtiles") as writer:
        writer.write_tile(zxy_to_tileid(3, 1, 1), tile)
        for tile_id in range(zxy_to_tileid(4, 0, 0), zxy_to_tileid(4, 0, 0) + 70):
            # The same tile is written once, and said to be in so many places.
            writer.write_tile(tile_id, tile if tile_id % 9 else gzip.compress(layer(4096, [feature(1, [(7, 7)])])))
        about = {"min_zoom": 3, "max_zoom": 4, "tile_type": TileType.MVT, "tile_compression": Compression.GZIP}
        writer.finalize(about, {})
    ones = sum(not tile_id % 9 for tile_id in range(zxy_to_tileid(4, 0, 0), zxy_to_tileid(4, 0, 0) + 70))
    assert count_points(tmp_path / "some.pmtiles") == ones + 2 * (70 - ones)
