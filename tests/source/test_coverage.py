"""The box that a source says its rows are in, by whatever it says it."""

from pathlib import Path
from typing import Any

import pytest

from openaddr.source.coverage import county_names, declared_box, places

SQUARE = {"type": "Polygon", "coordinates": [[[10, 50], [11, 50], [11, 51], [10, 51], [10, 50]]]}
DRAWN = [9.9, 49.9, 11.1, 51.1]
NEW_HAMPSHIRE, CHESHIRE, POLAND = [-72.7, 42.6, -70.6, 45.4], [-72.7, 42.6, -71.8, 43.3], [14.0, 48.9, 24.2, 54.9]


def census(code: object) -> dict[str, Any]:
    return {"US Census": {"geoid": code}}


@pytest.mark.parametrize(
    ("coverage", "expected"),
    [
        ({"geometry": SQUARE}, DRAWN),
        ({"geometry": {"type": "GeometryCollection", "geometries": [SQUARE]}, "country": "us"}, DRAWN),
        (census("33"), NEW_HAMPSHIRE),
        (census("33005"), CHESHIRE),
        (census("3300537300"), CHESHIRE),
        # Seven digits are a place of a state, whose county they do not name.
        (census("3300500"), NEW_HAMPSHIRE),
        (census("33999"), NEW_HAMPSHIRE),
        ({"geometry": {"type": "Point", "coordinates": [10, 50]}, **census("33005")}, CHESHIRE),
        ({"ISO 3166": {"alpha2": "PL"}}, POLAND),
        ({"ISO 3166": {"alpha2": "pl-MZ"}, "country": "us"}, POLAND),
        ({"country": "pl", "state": "mazowieckie"}, POLAND),
        ({"country": "zz"}, None),
        ({"geometry": {}}, None),
        ({"geometry": None}, None),
        ({"geometry": "us"}, None),
        ({"geometry": {"type": "Polygon", "coordinates": [[[10]]]}}, None),
        ({"geometry": {"type": "Polygon", "coordinates": []}}, None),
        ({"US Census": "33", "ISO 3166": ["PL"], "country": 7}, None),
        (census(33), None),
        (census("x"), None),
        ({}, None),
    ],
)
def test_a_source_covers_what_it_draws_or_names(coverage: dict[str, Any], expected: list[float] | None) -> None:
    found = declared_box(coverage)
    assert (found and [pytest.approx(value, abs=0.06) for value in found]) == expected


def test_the_us_reach_to_all_their_islands() -> None:
    west, south, east, north = places()["US"]
    assert (west < -160, south < -14, east > 145, north > 71) == (True, True, True, True)


def test_boxes_that_set_up_did_not_make_are_not_known(tmp_path: Path) -> None:
    assert places(tmp_path / "places.json") == {}


def test_counties_have_the_names_of_the_census(tmp_path: Path) -> None:
    assert county_names()["06001"] == "Alameda" and len(county_names()) > 3_000
    assert county_names(tmp_path / "counties.json") == {}
