"""The demo: everything that the town publishes arrives, whatever the format and the protocol."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from demo import town
from demo.run import SOURCES, Result, demo
from openaddr.db.connections import open_pool
from openaddr.source.entries import COMPRESSIONS, FORMATS
from openaddr.source.rules import SimpleFunction
from openaddr.stages import Layer
from openaddr.storage.folder import Folder
from tests.collecting.real import check_archives, check_commands, collected, good_runs
from tests.collecting.world import World

BUNDLED = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in SOURCES.rglob("*.json")}
SAME_PLACE = 2e-6


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def results(output: Path) -> list[Result]:
    return list(demo(output, "--no-tiles", "--no-preview"))


def rows(output: Path, result: Result) -> dict[str, dict[str, Any]]:
    """The published features of a run by id."""
    path = output / result.source / result.layer / result.name / f"{result.layer}.geojsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return {feature["properties"]["id"]: feature for feature in map(json.loads, lines)}


def test_every_bundled_source_ends_as_it_should(results: list[Result]) -> None:
    assert [str(result) for result in results if not result.as_expected] == []
    assert len({result.source for result in results}) == len(BUNDLED)


def test_the_same_house_is_at_the_same_place_whatever_the_format(results: list[Result], output: Path) -> None:
    houses = town.addresses().in_degrees()
    known = dict(zip(houses.columns["id"], zip(houses.rows(), houses.geometry, strict=True), strict=True))
    compared = 0
    for result in (result for result in results if result.layer == "addresses" and result.status == "succeeded"):
        for key, feature in rows(output, result).items():
            if not key:
                continue
            (_, number, street, *_), point = known[key]
            found = feature["properties"]
            assert found["number"].partition("/")[0] == number and found["street"] == street, result.source
            assert feature["geometry"]["coordinates"] == pytest.approx([point.x, point.y], abs=SAME_PLACE)
            compared += 1
    assert compared >= 14 * len(known)


def test_collections_of_them_hold_exactly_the_good_rows_and_open_as_their_pages_say(
    results: list[Result], output: Path, url: str, tmp_path: Path
) -> None:
    goods = good_runs(output, SOURCES)
    assert {good.layer for good in goods} == set(Layer)
    with open_pool(url) as pool:
        world = World(pool, Folder(tmp_path / "storage"), tmp_path)
        assert collected(world, goods) == {}
        # Each is in the world and in its country; one source of addresses is share-alike.
        assert check_archives(world, goods) == 2 * sum(good.layer == Layer.ADDRESSES for good in goods)
        assert check_commands(world, goods) == 2 * (len(Layer) + 1)


def entries() -> Iterator[dict[str, Any]]:
    """The entries of all bundled sources; the one of schema 1 is its own only entry."""
    for source in BUNDLED.values():
        for layer in source.get("layers", {"addresses": [source]}).values():
            yield from (entry for entry in layer if not entry.get("skip"))


def functions(value: object) -> set[str]:
    """The names of functions at any depth."""
    if isinstance(value, dict):
        inner = functions(list(value.values()))
        return inner | {value["function"]} if "function" in value else inner
    return set().union(*map(functions, value)) if isinstance(value, list) else set()


def test_the_bundle_shows_every_format_protocol_compression_and_function() -> None:
    assert {entry["conform"]["format"] for entry in entries()} == set(FORMATS)
    assert {entry["protocol"] for entry in entries()} == {"http", "ftp", "ESRI"}
    assert {entry.get("compression") for entry in entries()} == {*COMPRESSIONS, None}
    known = {kind.__struct_config__.tag for kind in get_args(SimpleFunction)}
    assert set().union(*(functions(entry["conform"]) for entry in entries())) == known | {"chain"}
