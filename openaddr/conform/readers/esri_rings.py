"""Polygons from ESRI rings, which come as one list: clockwise ones are shells, the others holes in one of them.

Where rings do not turn as they should, so that a hole lies in no shell, what lies inside what decides instead.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import shapely

from openaddr.conform.readers.column_shapes import Geometries, Position, owners_of, rings_of
from openaddr.conform.readers.dataset import Mask


def polygons_from_rings(features: Sequence[Sequence[Sequence[Position]]]) -> Geometries | None:
    """One polygon or multipolygon a feature, None for one without a usable ring.

    None as a whole when a position is not finite, or when rings are too tangled to tell. A single ring is a shell
    whichever way it turns.
    """
    usable, flat = features, list(chain.from_iterable(features))
    if not all(map(_is_ring, flat)):
        usable = [list(filter(_is_ring, rings)) for rings in features]
        flat = list(chain.from_iterable(usable))
    shapes = np.full(len(features), None, dtype=np.object_)
    if not flat:
        return shapes
    rings = rings_of(flat)
    if rings is None:
        return None
    owners = owners_of(usable)
    counts = np.bincount(owners, minlength=len(usable))
    single = counts[owners] == 1
    shapes[owners[single]] = shapely.polygons(rings[single])
    ends = np.cumsum(counts)
    for at in np.flatnonzero(counts > 1):
        own = slice(ends[at] - counts[at], ends[at])
        try:
            shapes[at] = _assembled(rings[own])
        except shapely.GEOSException:
            return None
    return shapes


def _is_ring(ring: Sequence[Position]) -> bool:
    """Three corners, closed or not."""
    return len(ring) > 3 or (len(ring) == 3 and ring[0] != ring[2])


def _assembled(rings: Geometries) -> Any:
    """Every hole in the smallest shell around it; a hole without a shell is a polygon itself."""
    is_hole = shapely.is_ccw(rings)
    holes, orphans = _holes_of(rings, is_hole)
    if orphans:
        is_hole = _is_nested(rings)
        holes, orphans = _holes_of(rings, is_hole)
    parts = [shapely.polygons(ring, own or None) for ring, own in zip(rings[~is_hole], holes, strict=True)]
    parts += [shapely.polygons(orphan) for orphan in orphans]
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)


def _holes_of(rings: Geometries, is_hole: Mask) -> tuple[list[list[Any]], list[Any]]:
    """The holes of each shell, and those that lie in none."""
    shells = np.asarray(shapely.polygons(rings[~is_hole]), dtype=np.object_)
    holes: list[list[Any]] = [[] for _ in shells]
    orphans: list[Any] = []
    for hole in rings[is_hole]:
        shell = _shell_around(hole, shells)
        (orphans if shell is None else holes[shell]).append(hole)
    return holes, orphans


def _is_nested(rings: Geometries) -> Mask:
    """Which rings lie inside one other ring, or three, or five."""
    polygons = np.asarray(shapely.polygons(rings), dtype=np.object_)
    areas = np.asarray(shapely.area(polygons))
    inner, outer = shapely.STRtree(polygons).query(polygons, predicate="covered_by")
    depths = np.bincount(inner[areas[outer] > areas[inner]], minlength=len(rings))
    return np.asarray(depths % 2 == 1)


def _shell_around(hole: Any, shells: Geometries) -> int | None:
    x, y = shapely.get_coordinates(hole)[0]
    around = [int(at) for at in np.flatnonzero(shapely.intersects_xy(shells, x, y))] if len(shells) else []
    if len(around) > 1:  # its first corner may only touch a neighbour
        around = [at for at in around if shapely.covers(shells[at], hole)] or around
    return min(around, key=lambda at: shapely.area(shells[at]), default=None)
