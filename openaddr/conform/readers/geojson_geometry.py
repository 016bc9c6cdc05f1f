"""Geometry of GeoJSON features, column-wise where the features are plain, by GEOS where they are not."""

from collections.abc import Callable
from itertools import chain
from typing import Any

import msgspec
import numpy as np
import shapely

from openaddr.conform.readers.column_shapes import (
    FlatPosition,
    Geometries,
    Position,
    lines_of,
    owners_of,
    polygons_of,
    xy,
)
from openaddr.conform.readers.dataset import Geometry, Mask, Points, Shapes
from openaddr.conform.readers.geojson_mending import mended
from openaddr.errors import RowReason

AnyGeometry = msgspec.Raw
"""JSON text of whatever is there."""
Faults = dict[RowReason, Mask]
_POINT = 0
_NULL = b"null"


class PointGeometry(msgspec.Struct, tag_field="type", tag="Point", gc=False):
    """A point; without ordinates it has NaN."""

    coordinates: Position


class _Line(msgspec.Struct, tag_field="type", tag="LineString", gc=False):
    coordinates: list[FlatPosition]


class _Lines(msgspec.Struct, tag_field="type", tag="MultiLineString", gc=False):
    coordinates: list[list[FlatPosition]]


class _Polygon(msgspec.Struct, tag_field="type", tag="Polygon", gc=False):
    coordinates: list[list[FlatPosition]]


class _Polygons(msgspec.Struct, tag_field="type", tag="MultiPolygon", gc=False):
    coordinates: list[list[list[FlatPosition]]]


FlatGeometry = _Line | _Lines | _Polygon | _Polygons


def located(geometries: list[Any]) -> tuple[Geometry, Faults]:
    """Points or shapes of features, and which of them are missing or broken."""
    kinds = set(map(type, geometries)) - {type(None)}
    if not kinds or kinds == {PointGeometry}:
        return _points(geometries)
    if kinds <= {_Line, _Lines, _Polygon, _Polygons}:
        shapes = _flat_shapes(geometries)
        if shapes is not None:
            return Shapes(shapes), {RowReason.GEOMETRY_MISSING: shapely.is_missing(shapes)}
        geometries = [msgspec.json.encode(geometry) for geometry in geometries]
    return _any_shapes(geometries)


def _points(geometries: list[PointGeometry | None]) -> tuple[Geometry, Faults]:
    nowhere = Position()
    x, y = xy([nowhere if geometry is None else geometry.coordinates for geometry in geometries])
    missing = np.isnan(x) & np.isnan(y)
    broken = ~(np.isfinite(x) & np.isfinite(y) | missing)
    return Points(x, y), {RowReason.GEOMETRY_MISSING: missing, RowReason.GEOMETRY_BROKEN: broken}


def _flat_shapes(geometries: list[Any]) -> Geometries | None:
    """Lines and polygons built by the column; None as soon as one of them is not in order."""
    shapes = np.full(len(geometries), None, dtype=np.object_)
    places: dict[type, list[int]] = {}
    for at, geometry in enumerate(geometries):
        places.setdefault(type(geometry), []).append(at)
    for kind, build in _BUILDERS.items():
        if kind in places:
            built = build([geometries[at].coordinates for at in places[kind]])
            if built is None:
                return None
            shapes[places[kind]] = built
    return shapes


def _collected(
    groups: list[Any], build: Callable[[list[Any]], Geometries | None], collect: Callable[..., Geometries]
) -> Geometries | None:
    parts = build(list(chain.from_iterable(groups))) if all(groups) else None
    return None if parts is None else collect(parts, indices=owners_of(groups))


_BUILDERS: dict[type, Callable[[list[Any]], Geometries | None]] = {
    _Line: lines_of,
    _Polygon: polygons_of,
    _Lines: lambda groups: _collected(groups, lines_of, shapely.multilinestrings),
    _Polygons: lambda groups: _collected(groups, polygons_of, shapely.multipolygons),
}


def _any_shapes(geometries: list[Any]) -> tuple[Geometry, Faults]:
    """Shapes from JSON texts; points when all of them are."""
    texts = np.empty(len(geometries), dtype=np.object_)
    texts[:] = [bytes(geometry) or _NULL for geometry in geometries]
    with np.errstate(all="ignore"):  # 1e999 overflows; GEOS then refuses it
        shapes = shapely.from_geojson(texts, on_invalid="ignore")
    null = texts == _NULL
    for at in np.flatnonzero(shapely.is_missing(shapes) & ~null):
        shapes[at] = mended(texts[at])
    faults = {
        RowReason.GEOMETRY_MISSING: null | shapely.is_empty(shapes),
        RowReason.GEOMETRY_BROKEN: shapely.is_missing(shapes) & ~null,
    }
    kinds = shapely.get_type_id(shapes)
    if np.all((kinds == _POINT) | (kinds < 0)):
        return Points(shapely.get_x(shapes), shapely.get_y(shapes)), faults
    return Shapes(shapes), faults
