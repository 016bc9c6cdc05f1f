"""Well-known binary that shapely does not read: curves, surfaces of patches, unclosed rings.

Types and layout are those of OGC 06-103r4 (ISO 19125-1), with the older flags for Z and M.
"""

import math
import struct
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

STEP = math.radians(4)
"""The angle that GDAL leaves between vertices of an arc by default."""
_MAX_DEPTH = 16

# The numbers of the types, in the order of the standard.
_KINDS = {
    1: "point", 2: "line", 3: "polygon", 4: "points", 5: "lines", 6: "polygons", 7: "collection", 8: "arcs",
    9: "compound", 10: "polygon of curves", 11: "lines", 12: "polygons", 15: "polygons", 16: "polygons", 17: "polygon",
}  # fmt: skip

_Coordinates = npt.NDArray[np.float64]


def linear_shape(wkb: bytes) -> Any:
    """A geometry of straight lines in two or three dimensions; None when the bytes make none."""
    try:
        return _Reader(wkb).shape(0)
    except (struct.error, ValueError, TypeError, shapely.GEOSException):
        return None


class _Reader:
    """Goes through the bytes once."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._order = "<"

    def _header(self) -> tuple[int, int, int]:
        """The basic type, the ordinates of a position, and how many of them are kept."""
        self._order = "<" if self._data[self._at : self._at + 1] == b"\x01" else ">"
        (kind,) = struct.unpack_from(self._order + "I", self._data, self._at + 1)
        self._at += 5
        plain = kind & 0x0FFFFFFF
        has_z = bool(kind & 0x80000000) or plain // 1000 in (1, 3)
        has_m = bool(kind & 0x40000000) or plain // 1000 in (2, 3)
        return plain % 1000, 2 + has_z + has_m, 2 + has_z

    def _count(self) -> int:
        (count,) = struct.unpack_from(self._order + "I", self._data, self._at)
        self._at += 4
        if count > len(self._data):
            raise ValueError(f"{count} parts in {len(self._data)} bytes")
        return int(count)

    def _positions(self, count: int, ordinates: int, kept: int) -> _Coordinates:
        flat = np.frombuffer(self._data, dtype=self._order + "f8", count=count * ordinates, offset=self._at)
        self._at += flat.nbytes
        return flat.reshape(count, ordinates)[:, :kept].astype(np.float64)

    def shape(self, depth: int) -> Any:
        """The geometry that begins here."""
        if depth > _MAX_DEPTH:
            raise ValueError(f"nested more than {_MAX_DEPTH} deep")
        number, ordinates, kept = self._header()
        kind = _KINDS.get(number)
        match kind:
            case "point":
                return shapely.Point(self._positions(1, ordinates, kept)[0])
            case "line":
                return shapely.LineString(self._positions(self._count(), ordinates, kept))
            case "arcs":
                return shapely.LineString(_along_arcs(self._positions(self._count(), ordinates, kept)))
            case "polygon":
                return _polygon([self._positions(self._count(), ordinates, kept) for _ in range(self._count())])
            case None:
                raise ValueError(f"there is no type {number} of geometry")
        return _together(kind, [self.shape(depth + 1) for _ in range(self._count())])


def _together(kind: str, parts: list[Any]) -> Any:
    """One geometry from the parts of a compound one."""
    match kind:
        case "compound":
            return shapely.LineString(np.vstack([_vertices(part) for part in parts]))
        case "polygon of curves":
            return _polygon([_vertices(part) for part in parts])
        case "points":
            return shapely.multipoints(parts)
        case "lines":
            return shapely.multilinestrings(parts)
        case "polygons":
            return shapely.multipolygons(parts)
    return shapely.geometrycollections(parts)


def _vertices(line: Any) -> _Coordinates:
    return np.asarray(shapely.get_coordinates(line, include_z=line.has_z), dtype=np.float64)


def _polygon(rings: list[_Coordinates]) -> shapely.Polygon:
    """shapely closes rings that are left open."""
    return shapely.Polygon(rings[0], rings[1:]) if rings else shapely.Polygon()


def _along_arcs(points: _Coordinates) -> _Coordinates:
    """Vertices along arcs, each given by begin, a point on it, and end, which begins the next."""
    if len(points) < 3 or len(points) % 2 == 0:
        raise ValueError(f"{len(points)} points make no arcs")
    arcs = [along_arc(*points[first : first + 3]) for first in range(0, len(points) - 2, 2)]
    return np.vstack([points[:1], *arcs])


def along_arc(begin: _Coordinates, middle: _Coordinates, end: _Coordinates) -> _Coordinates:
    """Vertices after the first; a full circle when begin and end are the same; straight when all are in line."""
    # Plain floats: what overflows becomes infinite without a warning, and is refused below.
    x1, y1 = (middle - begin).tolist()[:2]
    x2, y2 = (end - begin).tolist()[:2]
    across = 2 * (x1 * y2 - y1 * x2)
    full = not (x2 or y2)
    if not full and not across:
        return np.vstack([middle, end])
    d1, d2 = x1 * x1 + y1 * y1, x2 * x2 + y2 * y2
    center = (x1 / 2, y1 / 2) if full else ((y2 * d1 - y1 * d2) / across, (x1 * d2 - x2 * d1) / across)
    radius, start = math.hypot(*center), math.atan2(-center[1], -center[0])
    if not math.isfinite(radius):
        raise ValueError("an arc without end")
    stop = math.atan2(y2 - center[1], x2 - center[0])
    sweep = (stop - start) % math.tau if across > 0 else -((start - stop) % math.tau)
    sweep = -math.tau if full else sweep
    steps = max(2, math.ceil(abs(sweep) / STEP - 1e-9))
    share = np.arange(1, steps) / steps
    inner = np.outer(1 - share, begin) + np.outer(share, end)
    inner[:, 0] = begin[0] + center[0] + radius * np.cos(start + sweep * share)
    inner[:, 1] = begin[1] + center[1] + radius * np.sin(start + sweep * share)
    return np.vstack([inner, end])
