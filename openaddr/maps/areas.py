"""What a set covers: an area for each place that sources name, good when one of them has data."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
import shapely
from shapely.geometry.base import BaseGeometry

from openaddr.db.maps import Member
from openaddr.errors import Code, Problem
from openaddr.maps.atlas import COUNTRY, Atlas
from openaddr.maps.claims import Claim
from openaddr.stages import Bounds, Layer

WIDEST = 12.0
"""Degrees of a box around rows that may stand for a place without a shape."""
LEAST = 0.005
"""Degrees, some 500 m: a single row is a place too."""


class Standing(StrEnum):
    """How an area stands. What no source names is neither."""

    FAILING = "failing"
    GOOD = "good"


@dataclass(frozen=True)
class SourceFile:
    """The layer sources of one file, together."""

    source_id: str
    sha: str
    members: Sequence[Member]

    @property
    def standing(self) -> Standing:
        """Good when any of them has data to download."""
        return Standing.GOOD if any(member.good_id is not None for member in self.members) else Standing.FAILING

    @property
    def is_asked_for(self) -> bool:
        """Whether it is to be run at all, or was once."""
        return self.standing is Standing.GOOD or any(member.status != "skipped" for member in self.members)

    @property
    def addresses(self) -> int:
        """Rows of its addresses that there are to download."""
        return sum(member.rows or 0 for member in self.members if member.layer == Layer.ADDRESSES)

    @property
    def newest(self) -> datetime | None:
        """When the newest of its data was made."""
        return max((member.finished_at for member in self.members if member.finished_at), default=None)

    @property
    def bounds(self) -> Bounds | None:
        """The box of all its rows, None when there are none."""
        boxes = [box for member in self.members if (box := bounds_of(member.bounds))]
        if not boxes:
            return None
        west, south, east, north = zip(*boxes, strict=True)
        return min(west), min(south), max(east), max(north)


@dataclass(frozen=True)
class Area:
    """A place with the sources that name it. `code` is '' for a shape of its own, `country` '' where nobody knows."""

    code: str
    name: str
    country: str
    shape: BaseGeometry
    sources: Sequence[SourceFile]
    is_data: bool = False
    """Whether the shape is that of the rows: the place named has none."""

    @property
    def standing(self) -> Standing:
        """Good wins."""
        return max((source.standing for source in self.sources), key=lambda found: found is Standing.GOOD)


@dataclass(frozen=True)
class Undrawn:
    """A source that is not on the maps, or only where its rows are, because of what it says; and why."""

    source_id: str
    country: str
    standing: Standing
    problem: Problem | None


@dataclass(frozen=True)
class Covered:
    """What all sources of a set cover; `countries` has that of each source file."""

    areas: Sequence[Area]
    undrawn: Sequence[Undrawn]
    sources: Sequence[SourceFile]
    countries: Mapping[str, str] = field(default_factory=dict)


def source_files(members: Iterable[Member]) -> list[SourceFile]:
    """Layer sources by their file; those that only say to be skipped are left out."""
    found: dict[tuple[str, str], list[Member]] = {}
    for member in members:
        found.setdefault((member.source_id, member.source_sha), []).append(member)
    files = (SourceFile(source_id, sha, inside) for (source_id, sha), inside in found.items())
    return [file for file in files if file.is_asked_for]


def covered(sources: Sequence[SourceFile], claims: Mapping[str, Claim], atlas: Atlas) -> Covered:
    """Areas by code, then those with shapes of their own; `claims` by source."""
    named: dict[str, list[SourceFile]] = {}
    own, undrawn = [], []
    for source in sources:
        claim = claims[source.source_id]
        if claim.code:
            named.setdefault(claim.code, []).append(source)
            continue
        if claim.problem:
            undrawn.append(Undrawn(source.source_id, claim.country, source.standing, claim.problem))
        shape = claim.shape if claim.shape is not None else _where_rows_are(source, claim, atlas)
        if isinstance(shape, Problem) or shape is None or shape.is_empty:
            problem = shape if isinstance(shape, Problem) else None
            if problem or not claim.problem:
                undrawn.append(Undrawn(source.source_id, claim.country, source.standing, problem))
        else:
            own.append(Area("", source.source_id, claim.country, shape, [source], claim.shape is None))
    areas = [
        Area(code, atlas.names[code], "US" if code.isdigit() else code[:COUNTRY], atlas.shapes[code], inside)
        for code, inside in sorted(named.items(), key=lambda item: (len(item[0]), item[0].isdigit(), item[0]))
    ]
    countries = {source.source_id: claims[source.source_id].country for source in sources}
    return Covered([*areas, *own], undrawn, sources, countries)


def _where_rows_are(source: SourceFile, claim: Claim, atlas: Atlas) -> BaseGeometry | Problem | None:
    """The box of the rows within the country; None without rows, a problem when it shows nothing."""
    box = source.bounds
    if box is None:
        return None
    west, south, east, north = box
    if max(east - west, north - south) > WIDEST:
        words = f"{east - west:.1f}° by {north - south:.1f}°"
        return Problem(Code.COVERAGE_WIDE, f"The rows of {source.source_id} are {words} apart; {WIDEST:g}° are drawn.")
    shape = shapely.box(west - LEAST, south - LEAST, east + LEAST, north + LEAST)
    if claim.country:
        within: BaseGeometry = shapely.intersection(shape, atlas.shapes[claim.country])
        # Shores are drawn with few corners: a harbour may be in the sea.
        return shape if within.is_empty else within
    return shape


def bounds_of(value: Any) -> Bounds | None:
    """A box of a record, None for what is none or not on earth."""
    try:
        west, south, east, north = msgspec.convert(value, tuple[float, float, float, float])
    except (msgspec.ValidationError, OverflowError):
        return None
    on_earth = -180 <= west <= east <= 180 and -90 <= south <= north <= 90
    return (west, south, east, north) if on_earth and all(map(math.isfinite, (west, south, east, north))) else None
