"""One map as shapes in pixels and the words of its legend, before it becomes SVG or PNG."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from shapely.geometry.base import BaseGeometry

from openaddr.maps.areas import Area, Covered, Standing
from openaddr.maps.atlas import COUNTRY, COUNTY, STATE, Atlas
from openaddr.maps.views import View, ground, joined
from openaddr.words import plural


@dataclass(frozen=True)
class Entry:
    """A line of the legend: `kind` is a standing, or `unknown`."""

    kind: str
    words: str


@dataclass(frozen=True)
class Picture:
    """What is drawn, from below to above; sizes in pixels."""

    width: int
    height: int
    land: BaseGeometry
    areas: Sequence[tuple[Standing, BaseGeometry]]
    borders: BaseGeometry
    title: str
    legend: Sequence[Entry]

    @property
    def label(self) -> str:
        """All of it in words."""
        return f"{self.title}. {self.words}."

    @property
    def words(self) -> str:
        """What the legend says."""
        return "; ".join(entry.words for entry in self.legend)


def picture_of(found: Covered, view: View, atlas: Atlas, set_id: int, date: datetime) -> Picture:
    """The map of a set."""
    below = ground(view, atlas)
    wanted = (area for area in found.areas if view.country in ("", area.country))
    seen = [(area, shape) for area in wanted if not (shape := view.drawn(area.shape)).is_empty]
    return Picture(
        *view.size,
        below.land,
        list(_layers(seen)),
        below.borders,
        f"{view.title}, set {set_id}, {date:%-d %B %Y}",
        _legend([area for area, _ in seen], view, below.codes),
    )


def _layers(seen: Sequence[tuple[Area, BaseGeometry]]) -> Iterator[tuple[Standing, BaseGeometry]]:
    """Areas joined by how exact they are, the coarser below, and good ones above failing ones of the same kind."""
    levels: dict[tuple[int, str], list[BaseGeometry]] = {}
    for area, shape in seen:
        levels.setdefault((_level(area.code), area.standing), []).append(shape)
    for level in range(4):
        for standing in Standing:
            if shapes := levels.get((level, standing)):
                yield standing, joined(np.array(shapes, np.object_))


def _level(code: str) -> int:
    """Country 0, a part of it or a state 1, county 2, a shape of its own 3."""
    if not code:
        return 3
    return 1 + (len(code) == COUNTY) if code.isdigit() else int(len(code) > COUNTRY)


def _legend(areas: Sequence[Area], view: View, codes: frozenset[str]) -> list[Entry]:
    sources = {source.source_id: source.standing for area in areas for source in area.sources}
    good = sum(standing is Standing.GOOD for standing in sources.values())
    known = {area.code for area in areas if area.code} | {area.country for area in areas}
    unknown = sum(code not in known and not (view.by_county and code[:STATE] in known) for code in codes)
    return [
        Entry(Standing.GOOD, f"Data: {plural(good, 'source')}"),
        Entry(Standing.FAILING, f"Failing, no data: {plural(len(sources) - good, 'source')}"),
        Entry("unknown", f"No source: {unknown:,} {view.unknown}"),
    ]
