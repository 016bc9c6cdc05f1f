"""Columns of well-known binary as points or shapes."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from openaddr.conform.readers.curves import linear_shape
from openaddr.conform.readers.dataset import Geometry, Mask, Points, Shapes

_COLLECTION = 7
_XY, _XYZ, _XYZM = 21, 29, 37
_POINT_TYPES = {
    _XY: (1,),
    _XYZ: (0x80000001, 1001, 0x40000001, 2001),
    _XYZM: (0xC0000001, 3001),
}
"""Types of a point by the bytes that it takes: old and ISO style of Z, M and both."""


def geometry_of(column: pa.Array) -> tuple[Geometry, Mask]:
    """The geometry of a binary column, and which rows have one that is broken.

    Points when every row is one or has none, without looking at single rows; else shapes. An empty geometry is none,
    curves become lines with a vertex every 4 degrees, measures (M) are left out.
    """
    points = _points(column)
    if points is not None:
        return points, np.zeros(len(column), dtype=np.bool_)
    return _shapes(column.to_numpy(zero_copy_only=False))


def _points(column: pa.Array) -> Points | None:
    offsets, data = _layout(column)
    given = np.asarray(column.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)
    lengths = np.diff(offsets)
    size = int(lengths[given][0]) if given.any() else _XY
    if size not in _POINT_TYPES or not (lengths == np.where(given, size, 0)).all():
        return None
    record = np.dtype([("order", "u1"), ("type", "<u4"), ("x", "<f8"), ("y", "<f8"), ("more", f"V{size - _XY}")])
    rows = np.frombuffer(data, dtype=record, count=int(given.sum()), offset=int(offsets[0]))
    if not ((rows["order"] == 1).all() and np.isin(rows["type"], _POINT_TYPES[size]).all()):
        return None
    placed = np.full((2, len(column)), np.nan)
    placed[0, given], placed[1, given] = rows["x"], rows["y"]
    placed[:, np.isnan(placed).any(axis=0)] = np.nan
    return Points(placed[0], placed[1])


def _layout(column: pa.Array) -> tuple[npt.NDArray[np.integer[Any]], bytes | pa.Buffer]:
    """Where each value begins and ends, and the bytes."""
    _, offsets, data = column.buffers()
    kind = np.int64 if pa.types.is_large_binary(column.type) else np.int32
    whole: npt.NDArray[np.integer[Any]] = np.frombuffer(offsets, dtype=kind)
    return whole[column.offset : column.offset + len(column) + 1], data or b""


def _shapes(values: npt.NDArray[np.object_]) -> tuple[Shapes, Mask]:
    try:
        found = shapely.from_wkb(values, on_invalid="ignore")
    except NotImplementedError:
        found = np.array([_shape(value) for value in values], dtype=np.object_)
    given = values != None  # noqa: E711 - element by element
    # Inside a collection GEOS takes curves, with which it then can do next to nothing.
    doubtful = shapely.is_missing(found) | (shapely.get_type_id(found) == _COLLECTION)
    for row in np.flatnonzero(given & doubtful):
        found[row] = linear_shape(values[row])
    broken = given & shapely.is_missing(found)
    found[shapely.is_empty(found)] = None
    return Shapes(_without_measures(found)), np.asarray(broken, dtype=np.bool_)


def _shape(value: bytes | None) -> Any:
    try:
        return shapely.from_wkb(value, on_invalid="ignore")
    except NotImplementedError:
        return None


def _without_measures(values: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    measured = shapely.has_m(values)
    if measured.any():
        solid = shapely.has_z(values)
        values[measured & ~solid] = shapely.force_2d(values[measured & ~solid])
        values[measured & solid] = shapely.from_wkb(shapely.to_wkb(values[measured & solid], output_dimension=3))
    return values
