"""Where a source says that its rows are: the box around the area it draws, or around the place it names."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import shapely

from openaddr.stages import Bounds

PLACES = Path(__file__).with_name("places.json")
COUNTIES = Path(__file__).with_name("counties.json")
MARGIN = 0.1
"""Degrees, about 10 km, by which rows may reach beyond a place whose border is drawn with few corners."""
FIPS = re.compile(r"\d{2}(?:\d{3})?")
"""A state, or a state and its county: so begin the codes of all smaller things of the Census, but for its places."""
PLACE_DIGITS = 7
"""The code of a place is that of its state and five digits that have nothing to do with a county."""


def declared_box(coverage: Mapping[str, Any]) -> Bounds | None:
    """The box, with a margin, in which the rows of a source should lie; None when it does not say, or nobody knows.

    The most exact of what it says counts: `geometry` with an area, `US Census`, `ISO 3166`, `country`. A point says
    where a place is, not how far it reaches.
    """
    found = _drawn(coverage.get("geometry"))
    if found is None:
        found = next((places()[name] for name in _named(coverage) if name in places()), None)
    if found is None:
        return None
    west, south, east, north = found
    return west - MARGIN, south - MARGIN, east + MARGIN, north + MARGIN


@cache
def places(path: Path = PLACES) -> dict[str, Bounds]:
    """The boxes that set-up has made; none where it did not, so that nothing is said to be outside."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Bounds])
    except OSError:
        return {}


@cache
def county_names(path: Path = COUNTIES) -> dict[str, str]:
    """The names of the counties of the US by their codes, without "County"; none where set-up has not made them."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except OSError:
        return {}


def _drawn(geometry: object) -> Bounds | None:
    try:
        shape = shapely.from_geojson(json.dumps(geometry), on_invalid="ignore")
    except (TypeError, ValueError):
        return None
    if shape is None or not shape.area:
        return None
    west, south, east, north = shape.bounds
    return west, south, east, north


def _named(coverage: Mapping[str, Any]) -> Iterator[str]:
    """Names of the place under which it may be known, the most exact first."""
    code = _text(coverage.get("US Census"), "geoid")
    if FIPS.match(code):
        yield from () if len(code) == PLACE_DIGITS else (code[:5],)
        yield code[:2]
    yield _text(coverage.get("ISO 3166"), "alpha2").upper()[:2]
    yield _text(coverage, "country").upper()


def _text(members: object, name: str) -> str:
    found = members.get(name) if isinstance(members, Mapping) else None
    return found if isinstance(found, str) else ""
