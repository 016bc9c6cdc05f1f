"""The index by square degrees."""

import csv
import io
import zipfile

import pytest

from openaddr.collecting import tiles
from tests.collecting.world import World, houses


def keys(world: World) -> list[str]:
    return sorted(found.key for found in world.storage.list("tiles/") if found.key != tiles.INDEX)


def rows(world: World, key: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(world.fetch(key)) as archive:
        assert archive.testzip() is None and archive.namelist() == ["addresses.csv", "LICENSE.txt"]
        return list(csv.DictReader(io.StringIO(archive.read("addresses.csv").decode(), newline="")))


def test_tiles_have_all_free_rows_with_their_source(any_world: World) -> None:
    any_world.begin()
    any_world.add("de/a", houses(3, -0.02, -0.5))
    any_world.add("de/b", houses(2, 0.5, -0.5))
    any_world.add("de/c", houses(9, 0.5, -0.5), share_alike=True)
    any_world.end()
    report = any_world.collect()
    assert (report.tiles.tiles, report.tiles.made) == (2, 2)
    assert keys(any_world) == ["tiles/-1.0/-1.0.zip", "tiles/0.0/-1.0.zip"]
    found = rows(any_world, "tiles/0.0/-1.0.zip")
    assert [(row["OA:Source"], row["NUMBER"], row["STREET"]) for row in found] == [
        ("de/a", "1", "Straße\n1"), ("de/a", "2", "Main, St"), ("de/b", "0", "Main, St"), ("de/b", "1", "Straße\n1"),
    ]  # fmt: skip
    (west,) = rows(any_world, "tiles/-1.0/-1.0.zip")
    assert (west["LON"], west["OA:Source"], west["UNIT"]) == ("-0.02", "de/a", "")


def test_only_tiles_with_news_are_made_and_stale_ones_are_removed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "ROWS", 3)
    world.begin()
    world.add("de/a", houses(2, 1.1, 1))
    world.add("de/b", houses(2, 2.1, 1))
    world.add("de/c", houses(2, 3.1, 1))
    world.end()
    world.collect()
    assert world.collect().tiles.made == 0
    world.begin()
    world.add("de/a", houses(2, 1.1, 1))
    world.add("de/b", houses(4, 4.1, 1))
    world.end()
    report = world.collect()
    assert (report.tiles.made, report.tiles.removed) == (2, 2)
    assert keys(world) == ["tiles/1.0/1.0.zip", "tiles/4.0/1.0.zip"]
    assert len(rows(world, "tiles/4.0/1.0.zip")) == 4


def test_a_tile_with_a_source_that_cannot_be_read_stays_as_it_is(world: World) -> None:
    world.begin()
    world.add("de/a", houses(2, 1.1, 1))
    world.add("de/b", houses(2, 2.1, 1))
    world.end()
    world.collect()
    world.begin()
    run = world.add("de/a", houses(5, 1.1, 1))
    world.add("de/b", houses(5, 2.1, 1))
    world.end()
    world.storage.delete(f"runs/{run}/addresses.zip")
    assert "tiles" in world.collect().problems and world.problems()["tiles"] == "COLLECTION_INCOMPLETE"
    assert (len(rows(world, "tiles/1.0/1.0.zip")), len(rows(world, "tiles/2.0/1.0.zip"))) == (2, 5)


def test_a_source_whose_files_go_between_look_and_use_stops_its_tiles_only(world: World) -> None:
    world.begin()
    run = world.add("de/a", houses(2, 1.1, 1))
    world.add("de/b", houses(2, 2.1, 1))
    world.end()
    world.collect()
    world.storage.delete(tiles.INDEX)
    world.storage.delete(f"runs/{run}/addresses.zip")
    assert "tiles" in world.collect().problems
    assert len(rows(world, "tiles/1.0/1.0.zip")) == 2
