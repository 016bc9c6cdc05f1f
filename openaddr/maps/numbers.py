"""How much of each country, and of each state of the US, a set covers: addresses and area.

Areas are those of the shapes that sources name, measured on the ground; what two sources name counts once. A source
that is drawn as the box of its rows counts with that box.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
import shapely
from shapely.geometry.base import BaseGeometry

from openaddr.lint.rules.coverage import STATES
from openaddr.maps.areas import Area, Covered, SourceFile, Standing
from openaddr.maps.atlas import STATE, Atlas, flattened

US = "US"
MOST_UNDRAWN = 2_000
COMPLETE = 0.999
"""Above this what is missing is how shores are drawn."""
LETTERS = {digits: letters for letters, digits in STATES.items()}


class PlaceNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """What there is of one place."""

    code: str
    name: str
    sources: int
    good: int
    failing: int
    addresses: int
    area_km2: float
    covered_km2: float
    area_share: float


class NotDrawn(msgspec.Struct, frozen=True, kw_only=True):
    """A source that is not on the maps, or only where its rows are.

    `code` is that of a problem, '' when its place has no shape and no rows.
    """

    source: str
    standing: str
    code: str
    message: str


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one set."""

    set: int
    repository: str
    commit_sha: str
    completed_at: datetime
    sources: int
    good: int
    failing: int
    addresses: int
    countries: Sequence[PlaceNumbers]
    states: Sequence[PlaceNumbers]
    undrawn: Sequence[NotDrawn]
    legends: Mapping[str, str]
    """What each map says, in words, by its name."""


def countries(found: Covered, atlas: Atlas) -> list[PlaceNumbers]:
    """Every country that a source is of, by name."""
    sources = _grouped(found.sources, found.countries)
    areas = _good_areas(found, {area.name: area.country for area in found.areas if not area.code})
    numbers = [_numbers(code, atlas, sources[code], _areas_of(code, areas, atlas)) for code in sources]
    return sorted(numbers, key=lambda place: place.name)


def states(found: Covered, atlas: Atlas) -> list[PlaceNumbers]:
    """Every state of the US that a source is of, by name."""
    letters = {source.source_id: _state(source.source_id) for source in found.sources}
    for area in found.areas:
        if area.code.isdigit():
            letters |= {source.source_id: area.code[:STATE] for source in area.sources}
    sources = _grouped(found.sources, letters)
    areas = _good_areas(found, letters)
    numbers = [_numbers(code, atlas, sources[code], areas.get(code, [])) for code in sources]
    return sorted(numbers, key=lambda place: place.name)


def _state(source_id: str) -> str:
    """The digits of the state in whose folder a source is, '' without one."""
    folders = source_id.split("/")
    return STATES.get(folders[1], "") if len(folders) > 2 and folders[0] == "us" else ""


def _grouped(sources: Sequence[SourceFile], places: Mapping[str, str]) -> dict[str, list[SourceFile]]:
    found: dict[str, list[SourceFile]] = {}
    for source in sources:
        if places.get(source.source_id):
            found.setdefault(places[source.source_id], []).append(source)
    return found


def _good_areas(found: Covered, owners: Mapping[str, str]) -> dict[str, list[Area]]:
    """Areas with data by the country or state they are of; `owners` says it of shapes of their own, by source."""
    by_place: dict[str, list[Area]] = {}
    for area in found.areas:
        if area.standing is Standing.GOOD:
            place = area.code[:STATE] if area.code else owners.get(area.name, "")
            by_place.setdefault(place, []).append(area)
    return by_place


def _areas_of(country: str, areas: Mapping[str, Sequence[Area]], atlas: Atlas) -> list[Area]:
    """Those of a country; those of the US are by state as well."""
    found = list(areas.get(country, []))
    if country == US:
        found += [area for state in atlas.states for area in areas.get(state, [])]
    return found


def _numbers(code: str, atlas: Atlas, sources: Sequence[SourceFile], areas: Sequence[Area]) -> PlaceNumbers:
    ground = flattened(atlas.shapes[code])
    inside = ground.area if any(area.code == code for area in areas) else _covered(ground, areas)
    good = sum(source.standing is Standing.GOOD for source in sources)
    share = inside / ground.area if ground.area else 0.0
    return PlaceNumbers(
        code=code,
        name=atlas.names[code],
        sources=len(sources),
        good=good,
        failing=len(sources) - good,
        addresses=sum(source.addresses for source in sources),
        area_km2=round(ground.area / 1e6, 1),
        covered_km2=round(inside / 1e6, 1),
        area_share=1.0 if share > COMPLETE else round(share, 4),
    )


def _covered(ground: BaseGeometry, areas: Sequence[Area]) -> float:
    """Square metres of the ground that areas have together."""
    # Counties and states are drawn with few corners on their own: a millimetre of overlap has no meaning, gaps neither.
    shapes = [flattened(area.shape) for area in areas]
    if not shapes:
        return 0.0
    together = shapely.union_all(shapes)
    return float(shapely.intersection(together, ground).area)


def not_drawn(found: Covered) -> list[NotDrawn]:
    """Sources that are not on the maps, those with a problem first."""
    ordered = sorted(found.undrawn, key=lambda undrawn: (undrawn.problem is None, undrawn.source_id))
    return [
        NotDrawn(
            source=undrawn.source_id,
            standing=undrawn.standing,
            code=undrawn.problem.code if undrawn.problem else "",
            message=undrawn.problem.message if undrawn.problem else "",
        )
        for undrawn in ordered[:MOST_UNDRAWN]
    ]
