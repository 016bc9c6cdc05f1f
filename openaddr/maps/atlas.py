"""Shapes of countries and their parts, of states and counties of the US, as set-up made them; how large they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyproj
import shapely
from pyarrow import ipc
from shapely.geometry.base import BaseGeometry

from openaddr.errors import Code, ProblemError
from openaddr.outputs.basemap import within_180
from openaddr.outputs.batch import Floats
from openaddr.outputs.land import Shapes
from openaddr.source.gazetteer import GAZETTEER, SUBDIVISIONS

COUNTRY, STATE, COUNTY = 2, 2, 5
"""Lengths of codes; those of countries are letters, and parts of them go on after a hyphen."""
EQUAL_AREA = "EPSG:6933"
"""One square metre on the map is one on the ground, between 86° south and north."""
FURTHEST = 86.0


@dataclass(frozen=True, eq=False)
class Atlas:
    """Shapes in degrees and names, by code: two letters, `DE-BY`, two digits or five."""

    shapes: dict[str, BaseGeometry]
    names: dict[str, str]

    @property
    def countries(self) -> list[str]:
        """Codes of the countries."""
        return [code for code in self.shapes if len(code) == COUNTRY and not code.isdigit()]

    @property
    def states(self) -> list[str]:
        """Codes of the states of the US."""
        return [code for code in self.shapes if code.isdigit() and len(code) == STATE]

    @property
    def counties(self) -> list[str]:
        """Codes of the counties of the US."""
        return [code for code in self.shapes if code.isdigit() and len(code) == COUNTY]


@cache
def atlas(*paths: Path) -> Atlas:
    """What is in the files that set-up made. Raises ProblemError BASEMAP_MISSING."""
    paths = paths or (GAZETTEER, SUBDIVISIONS)
    for path in paths:
        if not path.exists():
            raise ProblemError(Code.BASEMAP_MISSING, f"There is no {path.name} with the shapes of countries.")
    table = pa.concat_tables(ipc.open_file(str(path)).read_all() for path in paths)
    codes = table["code"].to_pylist()
    found: dict[str, list[BaseGeometry]] = {}
    for code, shape in zip(codes, shapely.from_wkb(table["geometry"].to_pylist()), strict=True):
        found.setdefault(code, []).append(shape)
    shapes = {code: united(within_180(shapely.get_parts(np.array(parts)))) for code, parts in found.items()}
    return Atlas(shapes, dict(zip(codes, table["name"].to_pylist(), strict=True)))


def united(shapes: Shapes) -> BaseGeometry:
    """One area of several."""
    return shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)


def square_kilometres(shapes: Iterable[BaseGeometry]) -> float:
    """How much ground shapes (in degrees) cover together; what several have counts once."""
    flat = [flattened(shape) for shape in shapes]
    return float(shapely.union_all(flat).area) / 1e6 if flat else 0.0


def flattened(shape: BaseGeometry) -> BaseGeometry:
    """A shape in degrees on a map whose areas are those of the ground, in metres, made valid."""
    held = shapely.clip_by_rect(shape, -180, -FURTHEST, 180, FURTHEST)
    flat: BaseGeometry = shapely.make_valid(projected(held, EQUAL_AREA))
    return flat


def projected(shape: BaseGeometry, crs: str) -> BaseGeometry:
    """A shape in degrees in another system."""

    def moved(points: Floats) -> Floats:
        return np.column_stack(transformer(crs).transform(points[:, 0], points[:, 1]))

    found: BaseGeometry = shapely.transform(shape, moved)
    return found


@cache
def transformer(crs: str) -> pyproj.Transformer:
    """The way from degrees to another system."""
    return pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
