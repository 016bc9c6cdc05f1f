"""What a source file says that it covers, as something that can be drawn.

The most exact counts, as in `openaddr.source.coverage`: `geometry`, `US Census`, `ISO 3166`, `country`. A place for
which there is no shape (a city, a subdivision of a country that the atlas has not) is where its rows are.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import shapely
from shapely.geometry.base import BaseGeometry

from openaddr.errors import Code, Problem
from openaddr.lint.rules.coverage import STATES
from openaddr.maps.atlas import COUNTRY, Atlas
from openaddr.words import shown

STATE_OR_COUNTY = re.compile(r"\d{2}|\d{5}", re.ASCII)
SMALLER = re.compile(r"\d{7}|\d{10,15}", re.ASCII)
"""Codes of places and parts of counties, for which there are no shapes."""
SUBDIVISION = re.compile(r"[A-Z]{2}-[0-9A-Z]{1,3}")
"""Of ISO 3166-2; source files have it as `alpha2` too."""
DRAWN = ("Polygon", "MultiPolygon", "Point")
PLACES = ("state", "province", "region", "county", "district", "city", "town", "municipality")
"""Members of `coverage` that say it is a part of its country."""
WITHIN_PARTS = PLACES[3:]
"""Those that say it is a part of such a part."""
MOST_CORNERS = 200_000


@dataclass(frozen=True)
class Claim:
    """The code of a place whose shape is known, or a shape of its own; neither for where its rows are.

    `country` is two letters, '' where it says none. `problem` is why what it says cannot be drawn.
    """

    code: str = ""
    shape: BaseGeometry | None = None
    country: str = ""
    problem: Problem | None = None


class _File(msgspec.Struct):
    coverage: Any = None


def claim_of(source_id: str, content: bytes, atlas: Atlas) -> Claim:
    """What the text of a source file says, whatever is in it."""
    try:
        coverage = msgspec.json.decode(content, type=_File).coverage
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return Claim(problem=_unknown(f"{source_id} cannot be read: {shown(error, 120)}."))
    if not isinstance(coverage, Mapping):
        return Claim(problem=Problem(Code.COVERAGE_MISSING, f"{source_id} does not say what it covers."))
    country = _country(source_id, coverage, atlas)
    if coverage.get("geometry") is not None:
        return _drawn(source_id, coverage["geometry"], country)
    if "US Census" in coverage:
        return _census(source_id, _text(coverage["US Census"], "geoid"), atlas)
    if "ISO 3166" in coverage:
        found = _iso(source_id, coverage, country, atlas)
        is_smaller = len(found.code) > COUNTRY and any(coverage.get(name) for name in WITHIN_PARTS)
        return Claim(country=found.country) if is_smaller else found
    if any(coverage.get(name) for name in PLACES):
        return Claim(country=country)
    if country and _text(coverage, "country").upper() == country:
        return Claim(country, country=country)
    kinds = shown(", ".join(map(str, coverage)), 120) or "nothing"
    message = f"{source_id} covers {kinds}, which is none of the kinds that are known."
    return Claim(country=country, problem=_unknown(message))


def _country(source_id: str, coverage: Mapping[str, Any], atlas: Atlas) -> str:
    """The country by what is said, else by the folder of the file."""
    iso = _text(coverage.get("ISO 3166"), "alpha2") or _text(coverage.get("ISO 3166"), "code")
    words = (iso[:2], "us" if "US Census" in coverage else "", _text(coverage, "country"), source_id.partition("/")[0])
    found = (word.upper() for word in words if len(word) == COUNTRY and not word.isdigit())
    return next((word for word in found if word in atlas.shapes), "")


def _drawn(source_id: str, geometry: object, country: str) -> Claim:
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    if kind not in DRAWN:
        words = shown(kind if isinstance(kind, str) else "no type", 60)
        return Claim(country=country, problem=_broken(f"{source_id} covers a geometry of {words}."))
    try:
        shape = shapely.from_geojson(json.dumps(geometry))
    except (shapely.errors.GEOSException, TypeError, ValueError, RecursionError) as error:
        return Claim(country=country, problem=_broken(f"The geometry of {source_id} breaks: {shown(error, 120)}."))
    corners = int(shapely.get_num_coordinates(shape))
    if corners > MOST_CORNERS:
        message = f"The geometry of {source_id} has {corners:,} corners; at most {MOST_CORNERS:,} are drawn."
        return Claim(country=country, problem=_broken(message))
    west, south, east, north = shapely.bounds(shape).tolist()
    if not (west >= -180 and south >= -90 and east <= 180 and north <= 90):
        words = f"{west:g}, {south:g} to {east:g}, {north:g}"
        return Claim(country=country, problem=_broken(f"The geometry of {source_id} is not on earth: {words}."))
    if kind == "Point":
        # It says where a place is, not how far it reaches.
        return Claim(country=country)
    return Claim(shape=_areas(shape), country=country)


def _areas(shape: BaseGeometry) -> BaseGeometry:
    """The polygons of what may cross itself."""
    valid = shapely.get_parts(shapely.make_valid(shape))
    found: BaseGeometry = shapely.union_all(valid[shapely.get_dimensions(valid) == 2])
    return found


def _census(source_id: str, geoid: str, atlas: Atlas) -> Claim:
    if STATE_OR_COUNTY.fullmatch(geoid) and geoid in atlas.shapes:
        return Claim(geoid, country="US")
    if SMALLER.fullmatch(geoid) and geoid[:2] in atlas.shapes:
        return Claim(country="US")
    message = f"{source_id} covers `US Census` {shown(geoid, 40)!r}, which is no place of the census."
    return Claim(country="US", problem=_unknown(message))


def _iso(source_id: str, coverage: Mapping[str, Any], country: str, atlas: Atlas) -> Claim:
    iso = coverage["ISO 3166"]
    code, alpha2 = _text(iso, "code").upper(), _text(iso, "alpha2").upper()
    for word in (code, alpha2):
        if SUBDIVISION.fullmatch(word) and word[:2] in atlas.shapes:
            # States of the US are drawn by the Census Bureau, under its numbers.
            known = STATES.get(word[3:].lower(), word) if word.startswith("US-") else word
            return Claim(known if known in atlas.shapes else "", country=word[:2])
    known = next((word for word in (code, alpha2) if len(word) == 2 and word in atlas.shapes), "")
    if known:
        return Claim(known, country=known)
    message = f"{source_id} covers `ISO 3166` {shown(code or alpha2, 40)!r}, which is no country that is drawn."
    return Claim(country=country, problem=_unknown(message))


def _text(members: object, name: str) -> str:
    found = members.get(name) if isinstance(members, Mapping) else None
    return found if isinstance(found, str) else ""


def _unknown(message: str) -> Problem:
    return Problem(Code.COVERAGE_UNKNOWN, message)


def _broken(message: str) -> Problem:
    return Problem(Code.COVERAGE_BROKEN, message)
