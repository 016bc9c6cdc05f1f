"""Geometry of ESRI features as points or shapes. Only x and y: heights are not asked for, measures are not places."""

from collections.abc import Callable, Sequence
from itertools import chain
from math import isfinite
from typing import Any

import msgspec
import numpy as np
import shapely

from openaddr.conform.readers.column_shapes import NAN, Geometries, Position, gather, lines_of, xy
from openaddr.conform.readers.dataset import Floats, Geometry, Mask, Points, Shapes
from openaddr.conform.readers.esri_curves import straightened
from openaddr.conform.readers.esri_rings import polygons_from_rings

Parts = list[list[Position]]
Build = Callable[[list[Any]], Geometries | None]
"""Shapes of features, None for one without usable parts; None as a whole when a position is not finite."""


class EsriGeometry(msgspec.Struct, gc=False):
    """The members that the kinds of geometry use; `broken` is ours."""

    x: float | str | None = None
    y: float | str | None = None
    points: list[Position] | None = None
    paths: list[list[Position]] | None = None
    rings: list[list[Position]] | None = None
    curve_paths: list[list[Any]] | None = msgspec.field(default=None, name="curvePaths")
    curve_rings: list[list[Any]] | None = msgspec.field(default=None, name="curveRings")


BROKEN = EsriGeometry()
"""Stands for geometry that could not be decoded."""


def located(geometries: Sequence[EsriGeometry | None]) -> tuple[Geometry, Mask]:
    """Where features are, and which of them are broken. Points when nothing else is among them, else shapes.

    A feature without geometry is NaN, or None among shapes; so is a broken one.
    """
    if not all(map(_is_point, geometries)):
        return _shapes([_straight(geometry) for geometry in geometries])
    broken = np.fromiter((geometry is BROKEN for geometry in geometries), np.bool_, len(geometries))
    return _points(geometries), broken


def _is_point(geometry: EsriGeometry | None) -> bool:
    return geometry is None or not (
        geometry.rings or geometry.paths or geometry.points or geometry.curve_rings or geometry.curve_paths
    )


def _points(geometries: Sequence[EsriGeometry | None]) -> Points:
    x = _numbers([None if geometry is None else geometry.x for geometry in geometries])
    y = _numbers([None if geometry is None else geometry.y for geometry in geometries])
    nowhere = ~(np.isfinite(x) & np.isfinite(y))
    x[nowhere] = y[nowhere] = NAN
    return Points(x, y)


def _numbers(values: list[float | str | None]) -> Floats:
    if set(map(type, values)) <= {float}:
        return np.array(values, dtype=np.float64)
    return np.fromiter(map(_number, values), np.float64, len(values))


def _number(value: float | str | None) -> float:
    try:
        return NAN if value is None else float(value)
    except ValueError:
        return NAN


def _straight(geometry: EsriGeometry | None) -> EsriGeometry | None:
    """Lines in place of curves, where there is nothing but curves."""
    if geometry is None or geometry.rings or geometry.paths:
        return geometry
    try:
        if geometry.curve_rings:
            return EsriGeometry(rings=straightened(geometry.curve_rings))
        if geometry.curve_paths:
            return EsriGeometry(paths=straightened(geometry.curve_paths))
    except ValueError:
        return BROKEN
    return geometry


def _shapes(geometries: list[EsriGeometry | None]) -> tuple[Geometry, Mask]:
    shapes = np.full(len(geometries), None, dtype=np.object_)
    broken = np.zeros(len(geometries), dtype=np.bool_)
    places: dict[Build, list[int]] = {polygons_from_rings: [], _lines: [], _multipoints: [], _single_points: []}
    features: dict[Build, list[Any]] = {build: [] for build in places}
    for at, geometry in enumerate(geometries):
        if geometry is None or geometry is BROKEN:
            broken[at] = geometry is BROKEN
            continue
        build, parts = _way_of(geometry)
        places[build].append(at)
        features[build].append(parts)
    for build, own in places.items():
        if own:
            shapes[own], broken[own] = _built(features[build], build)
    return Shapes(shapes), broken


def _way_of(geometry: EsriGeometry) -> tuple[Build, Any]:
    if geometry.rings:
        return polygons_from_rings, geometry.rings
    if geometry.paths:
        return _lines, geometry.paths
    if geometry.points:
        return _multipoints, geometry.points
    return _single_points, geometry


def _single_points(geometries: list[EsriGeometry]) -> Geometries:
    points = _points(geometries)
    shapes = np.asarray(shapely.points(points.x, points.y), dtype=np.object_)
    shapes[np.isnan(points.x)] = None
    return shapes


def _built(features: list[Any], build: Build) -> tuple[Geometries, Mask]:
    """Shapes of features, each alone when they cannot be built together; those that fail then are broken."""
    together = build(features)
    if together is not None:
        return together, np.zeros(len(features), dtype=np.bool_)
    shapes = np.full(len(features), None, dtype=np.object_)
    broken = np.zeros(len(features), dtype=np.bool_)
    for at, feature in enumerate(features):
        alone = build([feature])
        broken[at] = alone is None
        if alone is not None:
            shapes[at] = alone[0]
    return shapes, broken


def _lines(features: list[Parts]) -> Geometries | None:
    usable = [[path for path in paths if len(path) > 1] for paths in features]
    shapes = np.full(len(features), None, dtype=np.object_)
    if any(usable):
        lines = lines_of(list(chain.from_iterable(usable)))
        if lines is None:
            return None
        gather(shapes, lines, usable, shapely.multilinestrings)
    return shapes


def _multipoints(features: list[list[Position]]) -> Geometries:
    usable = [[at for at in points if isfinite(at.x) and isfinite(at.y)] for points in features]
    shapes = np.full(len(features), None, dtype=np.object_)
    if any(usable):
        x, y = xy(list(chain.from_iterable(usable)))
        gather(shapes, np.asarray(shapely.points(x, y)), usable, shapely.multipoints)
    return shapes
