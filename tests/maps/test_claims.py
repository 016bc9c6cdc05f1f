"""What source files say that they cover, good and bad, and what maps make of it."""

import json
from typing import Any

import pytest

from openaddr.errors import Code
from openaddr.maps import numbers
from openaddr.maps.areas import Standing
from openaddr.maps.atlas import atlas
from openaddr.maps.claims import Claim, claim_of
from openaddr.maps.geojson import geojson
from tests.maps.covering import ALAMEDA, GERMANY, SQUARE, covered_by, member

BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}


def claim(coverage: object, source_id: str = "xx/town") -> Claim:
    return claim_of(source_id, json.dumps({"coverage": coverage}).encode(), atlas())


@pytest.mark.parametrize(
    ("coverage", "code", "country"),
    [
        (ALAMEDA, "06001", "US"),
        ({"US Census": {"geoid": "06"}}, "06", "US"),
        (GERMANY, "DE", "DE"),
        ({"ISO 3166": {"alpha2": "de"}}, "DE", "DE"),
        ({"country": "fr"}, "FR", "FR"),
        ({"ISO 3166": {"alpha2": "FR-33"}}, "FR-33", "FR"),
        ({"ISO 3166": {"alpha2": "DE", "code": "DE-BY"}}, "DE-BY", "DE"),
        ({"ISO 3166": {"alpha2": "us-ca"}}, "06", "US"),
        ({"country": "us", "US Census": {"geoid": "72"}}, "72", "US"),
        # Parts for which there are no shapes are where their rows are.
        ({"country": "fr", "city": "Paris"}, "", "FR"),
        ({"ISO 3166": {"alpha2": "IT-21"}}, "", "IT"),
        ({"ISO 3166": {"alpha2": "FR-33"}, "city": "Bordeaux"}, "", "FR"),
        ({"US Census": {"geoid": "0653000"}}, "", "US"),
        ({"country": "de", "geometry": {"type": "Point", "coordinates": [10, 50]}}, "", "DE"),
    ],
)
def test_a_place_is_known_by_what_says_it_best(coverage: object, code: str, country: str) -> None:
    found = claim(coverage)
    assert (found.code, found.country, found.problem) == (code, country, None)


@pytest.mark.parametrize(
    ("coverage", "code"),
    [
        ({"geometry": SQUARE}, None),
        ({"geometry": BOW_TIE}, None),
        ({"geometry": {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}}, Code.COVERAGE_BROKEN),
        ({"geometry": {"type": "Polygon", "coordinates": "here"}}, Code.COVERAGE_BROKEN),
        ({"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1]]]}}, Code.COVERAGE_BROKEN),
        ({"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [500, 0], [0, 9], [0, 0]]]}}, Code.COVERAGE_BROKEN),
        ({"geometry": {"type": "Polygon", "coordinates": []}}, Code.COVERAGE_BROKEN),
        ({"geometry": "POLYGON"}, Code.COVERAGE_BROKEN),
        ({"geometry": {"type": ["x"] * 9}}, Code.COVERAGE_BROKEN),
        ({"US Census": {"geoid": "99"}}, Code.COVERAGE_UNKNOWN),
        ({"US Census": {"geoid": 6001}}, Code.COVERAGE_UNKNOWN),
        ({"US Census": "06"}, Code.COVERAGE_UNKNOWN),
        ({"ISO 3166": {"alpha2": "ZZ"}}, Code.COVERAGE_UNKNOWN),
        ({"planet": "Mars"}, Code.COVERAGE_UNKNOWN),
        ({}, Code.COVERAGE_UNKNOWN),
        (None, Code.COVERAGE_MISSING),
        ("everywhere", Code.COVERAGE_MISSING),
    ],
)
def test_bad_coverage_is_a_problem_with_a_name(coverage: object, code: Code | None) -> None:
    found = claim(coverage)
    assert (found.problem.code if found.problem else None) == code
    assert (found.shape is not None and found.shape.is_valid) is (code is None)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"coverage":' + b"[" * 100_000, b"[]"])
def test_a_file_that_cannot_be_read_is_a_problem_too(content: bytes) -> None:
    found = claim_of("xx/town", content, atlas())
    assert found.problem and found.problem.code is Code.COVERAGE_UNKNOWN


def test_bad_coverage_is_told_although_rows_say_where_it_is() -> None:
    found = covered_by({"fr/mars": {"planet": "Mars"}}, member("fr/mars", box=[2.2, 48.8, 2.4, 48.9]))
    assert [area.is_data for area in found.areas] == [True]
    assert [undrawn.problem and undrawn.problem.code for undrawn in found.undrawn] == [Code.COVERAGE_UNKNOWN]


def test_good_sources_win_over_failing_ones_of_the_same_place() -> None:
    found = covered_by({"de/a": GERMANY, "de/b": GERMANY}, member("de/a", good=False), member("de/b"))
    assert [(area.code, area.standing, len(area.sources)) for area in found.areas] == [("DE", Standing.GOOD, 2)]


def test_sources_that_only_say_to_be_skipped_do_not_fail() -> None:
    assert not covered_by({"de/a": GERMANY}, member("de/a", good=False, status="skipped")).sources


@pytest.mark.parametrize(
    ("box", "drawn", "code"),
    [
        ([2.2, 48.8, 2.4, 48.9], True, None),
        ([2.2, 48.8, 2.2, 48.8], True, None),
        ([-170, -80, 170, 80], False, Code.COVERAGE_WIDE),
        ([2.4, 48.8, 2.2, 48.9], False, None),
        (["west", 1, 2, 3], False, None),
        ([2.2, 48.8, 400, 48.9], False, None),
        (None, False, None),
    ],
)
def test_a_place_without_a_shape_is_where_its_rows_are(box: Any, drawn: bool, code: Code | None) -> None:
    found = covered_by({"fr/paris": {"country": "fr", "city": "Paris"}}, member("fr/paris", box=box))
    assert ([area.is_data for area in found.areas] == [True]) is drawn
    problems = [undrawn.problem and undrawn.problem.code for undrawn in found.undrawn]
    assert problems == ([] if drawn else [code])


def test_a_part_of_a_country_counts_for_it_and_is_named_by_its_code() -> None:
    found = covered_by({"de/by/all": {"ISO 3166": {"alpha2": "DE-BY"}}}, member("de/by/all"))
    (germany,) = numbers.countries(found, atlas())
    assert (germany.code, 0.18 < germany.area_share < 0.22) == ("DE", True)
    (feature,) = json.loads(geojson(found))["features"]
    assert feature["properties"]["ISO 3166-2"] == "DE-BY" and feature["properties"]["name"] == "Bayern"
