"""Geometry of GeoJSON that GEOS refuses, though it is plain what was meant: open rings and positions with a measure."""

import json
from collections.abc import Callable
from math import isfinite
from typing import Any

import shapely

_CLOSED = {"Polygon": 1, "MultiPolygon": 2}
_ORDINATES = 3


def mended(text: bytes) -> Any | None:
    """The shapely geometry that the text means when rings are closed and positions cut to x, y, z; None if broken.

    Only numbers are ordinates: NaN, infinity, text and null make it broken.
    """
    try:
        geometry = _mend(json.loads(text))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return shapely.from_geojson(json.dumps(geometry), on_invalid="ignore")


def _mend(geometry: dict[str, Any]) -> dict[str, Any]:
    kind = geometry["type"]
    if kind == "GeometryCollection":
        return {"type": kind, "geometries": [_mend(part) for part in geometry["geometries"]]}
    coordinates = _positions(geometry["coordinates"])
    if kind in _CLOSED:
        coordinates = _at_depth(_CLOSED[kind], _closed, coordinates)
    return {"type": kind, "coordinates": coordinates}


def _positions(value: list[Any]) -> list[Any]:
    if value and not isinstance(value[0], list):
        if not all(type(number) in (int, float) and isfinite(number) for number in value):
            raise ValueError("a position of anything but numbers")
        return value[:_ORDINATES]
    return [_positions(part) for part in value]


def _at_depth(depth: int, change: Callable[[list[Any]], list[Any]], value: list[Any]) -> list[Any]:
    return [change(part) if depth == 1 else _at_depth(depth - 1, change, part) for part in value]


def _closed(ring: list[Any]) -> list[Any]:
    if len(ring) < 3:
        raise ValueError("a ring of less than three positions")
    return ring if ring[0] == ring[-1] else [*ring, ring[0]]
