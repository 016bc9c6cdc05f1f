"""The world, the USA and Europe as pictures: what part of the earth is where, in which projection.

The world is drawn so that areas are right (Equal Earth), Europe and the USA so that they are nearly right in all else
too. Alaska and Hawaii have panels of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from openaddr.maps.atlas import Atlas, projected
from openaddr.outputs.basemap import POLYGON
from openaddr.outputs.land import Shapes
from openaddr.stages import Bounds

WIDTH = 960
LEGEND = 74
"""Pixels below the map."""
SIMPLER = 0.3
"""Pixels by which outlines may be simplified."""
SEAM = 0.12
"""Pixels by which areas grow before they are joined: neighbours were simplified each on its own."""
LEAST = 2.2
"""Radius in pixels of what would be too small to see."""
SPECK = 0.4
"""Square pixels of an island that is left out."""
STEP = 1.0
"""Degrees after which a straight line of the sphere gets another corner."""


@dataclass(frozen=True)
class Panel:
    """A part of a picture: what lies in `box` (degrees), projected so that `extent` (metres) is in `frame` (pixels)."""

    crs: str
    box: Bounds
    extent: Bounds
    frame: tuple[float, float, float]
    """Left, top and width; the height follows."""

    @property
    def size(self) -> float:
        """Metres of a pixel."""
        return (self.extent[2] - self.extent[0]) / self.frame[2]

    @property
    def height(self) -> float:
        """Of the frame."""
        return (self.extent[3] - self.extent[1]) / self.size

    def drawn(self, shape: BaseGeometry) -> BaseGeometry:
        """The part of a shape (degrees) that is in the frame, in pixels from the top left; may be empty."""
        held = shapely.clip_by_rect(shape, *self.box)
        if held.is_empty:
            return held
        flat = projected(shapely.segmentize(held, STEP), self.crs)
        west, north = self.extent[0], self.extent[3]
        left, top, _ = self.frame
        scale = np.array([1 / self.size, -1 / self.size])
        corner = np.array([left - west / self.size, top + north / self.size])
        pixels = shapely.transform(flat, lambda points: points * scale + corner).simplify(SIMPLER / 2)
        if not pixels.is_valid:
            pixels = shapely.make_valid(pixels)
        cut: BaseGeometry = shapely.clip_by_rect(pixels, left, top, left + self.frame[2], top + self.height)
        return cut


@dataclass(frozen=True, eq=False)
class View:
    """A picture. `unknown` is what is counted where no source is; `by_county` counts counties and draws states."""

    name: str
    title: str
    panels: Sequence[Panel]
    unknown: str
    by_county: bool = False
    country: str = ""
    """The only one that is drawn, '' for all."""

    @property
    def height(self) -> float:
        """Of the map, without the legend."""
        return self.panels[0].height

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture with its legend, in pixels."""
        return WIDTH, round(self.height + LEGEND)

    def drawn(self, shape: BaseGeometry) -> BaseGeometry:
        """A shape in all panels, in pixels; what is too small to see becomes a dot."""
        parts = [part for panel in self.panels if not (part := panel.drawn(shape)).is_empty]
        found: BaseGeometry = parts[0] if len(parts) == 1 else shapely.union_all(parts)
        if found.is_empty or found.area > LEAST * LEAST * 3:
            return found
        dot: BaseGeometry = shapely.buffer(found.centroid, LEAST)
        return dot


WORLD = View(
    "world",
    "World",
    [Panel("+proj=eqearth +datum=WGS84", (-180, -57, 180, 84), (-17_250_000, -6_900_000, 17_250_000, 8_400_000),
           (0, 0, WIDTH))],
    "countries",
)  # fmt: skip
USA = View(
    "usa",
    "United States",
    [
        Panel("EPSG:5070", (-128, 22, -64, 52), (-2_420_000, 180_000, 2_320_000, 3_240_000), (0, 0, WIDTH)),
        Panel("EPSG:3338", (-180, 50, -128, 73), (-2_250_000, 380_000, 1_550_000, 2_420_000), (8, 455, 225)),
        Panel("ESRI:102007", (-161, 18, -154, 23), (-420_000, 580_000, 420_000, 1_260_000), (238, 510, 120)),
    ],
    "counties",
    by_county=True,
    country="US",
)
EUROPE = View(
    "europe",
    "Europe",
    [Panel("EPSG:3035", (-40, 25, 75, 82), (2_150_000, 1_150_000, 7_450_000, 5_420_000), (0, 0, WIDTH))],
    "countries",
)
VIEWS = (WORLD, USA, EUROPE)


@dataclass(frozen=True)
class Ground:
    """What is drawn below: land, borders, and which codes can be seen."""

    land: BaseGeometry
    borders: BaseGeometry
    codes: frozenset[str]


@cache
def ground(view: View, atlas: Atlas) -> Ground:
    """What is below in a view."""
    below = atlas.states if view.by_county else [code for code in atlas.countries if code != "AQ"]
    shapes = {code: shape for code in below if not (shape := view.drawn(atlas.shapes[code])).is_empty}
    land = joined(np.array(list(shapes.values())))
    visible = (large(shape) for shape in shapes.values())
    borders = shapely.union_all([shape.boundary for shape in visible]).simplify(SIMPLER)
    seen = set(shapes)
    codes = {code for code in atlas.counties if code[:2] in seen} if view.by_county else seen
    return Ground(land, borders, frozenset(codes))


def large(shape: BaseGeometry) -> BaseGeometry:
    """The polygons of a shape that are more than a speck."""
    parts = shapely.get_parts(shape)
    return shapely.MultiPolygon(list(parts[(shapely.area(parts) > SPECK) & (shapely.get_type_id(parts) == POLYGON)]))


def joined(shapes: Shapes) -> BaseGeometry:
    """One outline around areas in pixels, without the seams between neighbours."""
    if not len(shapes):
        return shapely.Polygon()
    grown = shapely.buffer(shapes, SEAM, join_style="mitre", quad_segs=4)
    return large(shapely.union_all(grown).simplify(SIMPLER))
