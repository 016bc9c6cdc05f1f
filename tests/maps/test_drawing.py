"""Maps of sets as their users see them: SVG, PNG, GeoJSON and numbers, once for each set and whole."""

import json
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import numpy as np
import pytest
from PIL import Image
from psycopg import Connection

from openaddr.db.connections import connect
from openaddr.errors import Code, ProblemError
from openaddr.maps import png, svg
from openaddr.maps.areas import Covered
from openaddr.maps.atlas import atlas
from openaddr.maps.drawing import covered_by as of_set
from openaddr.maps.drawing import draw_missing, files_of
from openaddr.maps.keys import NUMBERS, names
from openaddr.maps.numbers import Numbers
from openaddr.maps.picture import picture_of
from openaddr.maps.views import VIEWS, View
from openaddr.storage.folder import Folder
from openaddr.storage.objects import About, Stored
from tests.dashboards.making import Making
from tests.golden import assert_golden
from tests.maps.covering import ALAMEDA, DAY, GERMANY, SET, SQUARE, covered_by, member

GOLDEN = Path(__file__).with_name("golden")
LEAST_AREAS = {"world": 4, "usa": 3, "europe": 3}
"""Paths that each golden map has beside land and borders: a map without any would be no proof."""


@pytest.fixture(scope="module")
def some() -> Covered:
    """Countries, states, a county, a shape and a box; good and failing."""
    sources: dict[str, object] = {
        "de/all": GERMANY,
        "it/all": {"country": "it"},
        "us/ca/statewide": {"US Census": {"geoid": "06"}},
        "us/ca/alameda": ALAMEDA,
        "us/tx/statewide": {"US Census": {"geoid": "48"}},
        "us/ak/anchorage": {"US Census": {"geoid": "02020"}},
        "pl/square": {"geometry": {**SQUARE, "coordinates": [[[18, 51], [20, 51], [20, 53], [18, 53], [18, 51]]]}},
        "fr/paris": {"country": "fr", "city": "Paris"},
        "xx/mars": {"planet": "Mars"},
    }
    failing = ("it/all", "us/ca/alameda", "us/tx/statewide")
    boxes = {"fr/paris": [2.2, 48.8, 2.4, 48.9]}
    members = (
        member(source_id, good=source_id not in failing, rows=1000, box=boxes.get(source_id)) for source_id in sources
    )
    return covered_by(sources, *members)


@pytest.fixture(scope="module")
def files(some: Covered) -> dict[str, bytes]:
    return {name: content for name, content, _ in files_of(SET, some, atlas())}


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_the_map_is_the_one_that_was_looked_at(files: dict[str, bytes], view: View) -> None:
    text = files[f"render-{view.name}.svg"].decode()
    # Land is the same in all; what sources make of it is what the golden file holds.
    own = re.sub(r'class="(unknown|borders)"([^>]*) d="[^"]{2000,}"', r'class="\1"\2 d=""', text)
    assert len(text) > len(own) > 2_000
    assert len(re.findall(r'<path class="(?:good|failing)" ', own)) >= LEAST_AREAS[view.name]
    assert_golden(GOLDEN / f"{view.name}.svg", own)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_svg_is_xml_that_says_date_and_counts_and_loads_nothing(files: dict[str, bytes], view: View) -> None:
    root = ElementTree.fromstring(files[f"render-{view.name}.svg"])
    words = " ".join(root.itertext())
    assert "20 November 2026" in words and "set 12" in words
    assert all(part in words for part in ("Data: ", "Failing, no data: ", "No source: "))
    assert not re.search(rb"href|url\((?!#)|@import|<script|<image", files[f"render-{view.name}.svg"])
    assert len(files[f"render-{view.name}.svg"]) < 400_000


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_png_has_all_three_kinds_told_apart_by_pattern(files: dict[str, bytes], view: View) -> None:
    image = Image.open(BytesIO(files[f"render-{view.name}.png"]))
    assert image.size == (1920, view.size[1] * 2)
    pixels = np.asarray(image.convert("RGB"))[: round(view.height * 2)].reshape(-1, 3).astype(int)
    for colour in (png.GOOD, png.STRIPE, png.BETWEEN, png.UNKNOWN):
        assert (np.abs(pixels - colour).max(axis=1) < 12).sum() > 150, colour
    # Without colours too: stripes are lighter and darker by turns, the other two are far apart.
    grey = [0.3 * red + 0.59 * green + 0.11 * blue for red, green, blue in (png.GOOD, png.UNKNOWN)]
    assert abs(grey[0] - grey[1]) > 100


def test_geojson_has_the_members_of_old(files: dict[str, bytes]) -> None:
    features = {found["properties"]["name"]: found for found in json.loads(files["render-world.geojson"])["features"]}
    assert features["Germany"]["properties"] == {
        "name": "Germany",
        "status": "good",
        "ISO 3166": "DE",
        "source paths": "sources/de/all.json",
        "source count": 1,
        "source dates": DAY.isoformat(timespec="seconds"),
        "address count": 1000,
        "shape of": "place",
        "data boxes": [],
    }
    assert features["Alameda"]["properties"]["status"] == "bad"
    assert features["Alameda"]["properties"]["US Census GEOID"] == "06001"
    assert features["fr/paris"]["properties"]["shape of"] == "rows"
    assert all(found["geometry"]["coordinates"] for found in features.values())


def test_numbers_are_of_the_ground(files: dict[str, bytes]) -> None:
    numbers = msgspec.json.decode(files[NUMBERS], type=Numbers)
    countries = {found.name: found for found in numbers.countries}
    states = {found.name: found for found in numbers.states}
    assert (numbers.good, numbers.failing, numbers.addresses) == (6, 3, 6000)
    assert countries["Germany"].area_share == 1 and 340_000 < countries["Germany"].area_km2 < 370_000
    assert countries["Italy"].area_share == 0 and countries["Italy"].failing == 1
    # Two degrees by two at 52° north are some 137 by 222 km.
    assert 29_000 < countries["Poland"].covered_km2 < 31_500
    assert states["California"].area_share == 1 and states["California"].addresses == 1000
    assert states["Texas"].area_share == 0
    # California, some 410,000 km², of 9.4 million, and what is drawn of Anchorage.
    assert 0.03 < countries["United States of America"].area_share < 0.06
    assert [(found.source, found.code) for found in numbers.undrawn] == [("xx/mars", "COVERAGE_UNKNOWN")]


def test_what_two_sources_cover_counts_once() -> None:
    sources = {"de/a": {"geometry": SQUARE}, "de/b": {"geometry": SQUARE}}
    found = covered_by(sources, *map(member, sources))
    once = covered_by({"de/a": {"geometry": SQUARE}}, member("de/a"))
    shares = [
        next(
            msgspec.json.decode(content, type=Numbers)
            for name, content, _ in files_of(SET, each, atlas())
            if name == NUMBERS
        )
        .countries[0]
        .area_share
        for each in (found, once)
    ]
    assert shares[0] == shares[1] > 0


def test_equal_sets_give_equal_pictures(some: Covered) -> None:
    view = VIEWS[2]
    pictures = [picture_of(some, view, atlas(), 12, DAY) for _ in range(2)]
    assert svg.svg(pictures[0]) == svg.svg(pictures[1]) and png.png(pictures[0]) == png.png(pictures[1])


def test_a_set_without_anything_good_has_maps_too() -> None:
    found = covered_by({"de/all": GERMANY}, member("de/all", good=False))
    picture = picture_of(found, VIEWS[0], atlas(), 12, DAY)
    assert [entry.words for entry in picture.legend][:2] == ["Data: 0 sources", "Failing, no data: 1 source"]


def test_without_shapes_there_is_a_problem_with_a_name(tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as caught:
        atlas(tmp_path / "gazetteer.arrow")
    assert caught.value.problem.code is Code.BASEMAP_MISSING


class Dying(Folder):
    """A folder whose writer dies after so many files."""

    left = 3

    def put(self, key: str, content: Path | bytes, about: About, **more: Any) -> Stored:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        return super().put(key, content, about, **more)


@pytest.fixture
def conn(url: str) -> Iterator[Connection[Any]]:
    with connect(url) as conn:
        yield conn


def test_each_complete_set_is_drawn_once_and_whole(conn: Connection[Any], tmp_path: Path) -> None:
    folder, dying = Folder(tmp_path), Dying(tmp_path)
    making = Making(conn, folder)
    first, under_way = making.set(), making.set(done=False)
    making.run("us/ca/alameda", set_id=first)
    making.failed("us/ca/other", set_id=first)
    with pytest.raises(KeyboardInterrupt):
        draw_missing(conn, dying)
    assert folder.head(f"sets/{first}/{NUMBERS}") is None
    assert draw_missing(conn, folder) == [first]
    assert draw_missing(conn, folder) == []
    assert {listed.key for listed in folder.list("sets/")} == {f"sets/{first}/{name}" for name in names()}
    assert not list(folder.list(f"sets/{under_way}/"))
    with folder.open(f"sets/{first}/{NUMBERS}") as file:
        numbers = msgspec.json.decode(file.read(), type=Numbers)
    # Both name Alameda, and one of them has data.
    assert (numbers.set, numbers.good, numbers.failing) == (first, 1, 1)
    assert [(found.name, found.addresses, found.area_share > 0) for found in numbers.states] == [
        ("California", 10, True)
    ]


def test_a_run_that_fails_now_keeps_the_data_it_had(conn: Connection[Any], tmp_path: Path) -> None:
    making = Making(conn, Folder(tmp_path))
    making.run("us/ca/alameda", set_id=making.set())
    newest = making.set()
    making.failed("us/ca/alameda", set_id=newest)
    assert [area.standing for area in of_set(conn, newest, atlas()).areas] == ["good"]
