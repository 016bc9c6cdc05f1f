"""Where rows are, for whole columns at a time: reading coordinates, projecting, reducing to points, rounding.

pyproj is only loaded for data in another system than longitude and latitude, which most data is not.
"""

import importlib
import re
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import shapely

from openaddr.conform.readers.dataset import Floats, Geometry, Mask, Points, Shapes

WGS84 = "EPSG:4326"

_SAME_AS_WGS84 = frozenset({"EPSG:4326", "4326", "OGC:CRS84", "CRS84", "URN:OGC:DEF:CRS:OGC:1.3:CRS84"})
_NUMBER = r"^[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)([eE][+-]?[0-9]+)?$"
_STEPS = 1e7
_EXACT_BELOW = 1e8
_FARTHEST = 1e9
"""No system has degrees beyond this, and numbers that are far beyond have no place in a whole number."""
_BARE_CODE = re.compile(r"(?:EPSG:+)?\s*(\d{1,9})", re.IGNORECASE)
_PROJECTION = "openaddr.conform.projection"


def points_from_text(lon: pl.Series, lat: pl.Series) -> tuple[Points, Mask]:
    """Points from two columns of text, and which rows have text there that is no number.

    A comma may stand for the decimal point, blanks around a number and a plus before it do no harm. When either text
    is blank, the row has no geometry, which is not an error.
    """
    x, y = _numbers(lon), _numbers(lat)
    empty = _blank(lon, x) | _blank(lat, y)
    missing = np.isnan(x) | np.isnan(y)
    return Points(np.where(missing, np.nan, x), np.where(missing, np.nan, y)), missing & ~empty


def _numbers(text: pl.Series) -> Floats:
    """NaN where there is no finite number. The plain form is tried first, the rest is looked at more closely."""
    values = text.cast(pl.Float64, strict=False).to_numpy().copy()
    odd = np.flatnonzero(~np.isfinite(values))
    if len(odd):
        values[odd] = _odd_numbers(text.gather(odd))
    return np.asarray(values, dtype=np.float64)


def _odd_numbers(text: pl.Series) -> Floats:
    bare = text.str.strip_chars()
    number = bare.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False).to_numpy()
    return np.where(bare.str.contains(_NUMBER).to_numpy() & np.isfinite(number), number, np.nan)


def _blank(text: pl.Series, values: Floats) -> Mask:
    if not np.isnan(values).any():
        return np.zeros(len(values), dtype=np.bool_)
    return np.asarray((text.str.strip_chars() == "").to_numpy(), dtype=np.bool_)


@cache
def _projection() -> Any:
    return importlib.import_module(_PROJECTION)


def check_crs(srs: str, pointer: str | None = None) -> str:
    """A coordinate system as text for `to_wgs84`, from `EPSG:n`, a bare n, another authority's code or WKT.

    Raises ProblemError(CRS_UNKNOWN) at `pointer` for what PROJ does not know and for what has no horizontal place.
    """
    text = srs.strip()
    if text.upper() in _SAME_AS_WGS84:
        return WGS84
    code = _BARE_CODE.fullmatch(text)
    checked: str = _projection().checked(f"EPSG:{int(code[1])}" if code else text, srs, pointer)
    return checked


def to_wgs84(geometry: Geometry, crs: str) -> tuple[Geometry, Mask]:
    """Longitude and latitude, and which rows are nowhere near the earth; `crs` as `check_crs` gave it.

    Of shapes x and y are transformed, a third ordinate stays. Without geometry a row stays so and is not bad.
    """
    if crs != WGS84:
        geometry = _transformed(geometry, crs)
    return geometry, _not_on_earth(geometry)


def _transformed(geometry: Geometry, crs: str) -> Geometry:
    """Rows that cannot be transformed get infinite coordinates."""
    transform = _projection().transform
    if isinstance(geometry, Points):
        missing = np.isnan(geometry.x)
        x, y = transform(crs, geometry.x, geometry.y)
        return Points(np.where(missing, np.nan, x), np.where(missing, np.nan, y))

    def columns(coordinates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.column_stack(transform(crs, coordinates[:, 0], coordinates[:, 1]))

    return Shapes(_mapped(geometry.values, columns))


def _mapped(values: npt.NDArray[np.object_], change: Any) -> npt.NDArray[np.object_]:
    """Shapes with x and y changed by a function of an array of shape (n, 2), other ordinates as they are."""
    flat = ~shapely.has_z(values)
    changed = values.copy()
    changed[flat] = shapely.transform(values[flat], change)
    if not flat.all():
        solid = values[~flat]
        coordinates = shapely.get_coordinates(solid, include_z=True)
        coordinates[:, :2] = change(coordinates[:, :2])
        changed[~flat] = shapely.set_coordinates(solid.copy(), coordinates)
    return changed


def _not_on_earth(geometry: Geometry) -> Mask:
    if isinstance(geometry, Points):
        return (np.abs(geometry.x) > _FARTHEST) | (np.abs(geometry.y) > _FARTHEST)
    coordinates, rows = shapely.get_coordinates(geometry.values, return_index=True)
    bad = np.zeros(len(geometry.values), dtype=np.bool_)
    bad[rows[~(np.abs(coordinates) <= _FARTHEST).all(axis=1)]] = True
    return bad


def to_points(shapes: Shapes) -> tuple[Points, Mask]:
    """One point on each shape (inside a polygon, a vertex in the middle of a line), and which shapes have none."""
    values = shapes.values
    try:
        found = shapely.point_on_surface(values)
    except shapely.GEOSException:
        found = np.array([_point_on(value) for value in values], dtype=np.object_)
    found[shapely.is_empty(found)] = None
    x, y = shapely.get_x(found), shapely.get_y(found)
    given = ~(shapely.is_missing(values) | shapely.is_empty(values))
    return Points(x, y), given & (np.isnan(x) | np.isnan(y))


def _point_on(value: Any) -> Any:
    try:
        return shapely.point_on_surface(value)
    except shapely.GEOSException:
        return None


def round7(values: Floats) -> Floats:
    """What Python's `round(value, 7)` gives for each value, 0.0 for -0.0; NaN stays.

    The division of two exact numbers is rounded right, so only the choice between two neighbours can go wrong: values
    so near the middle that the multiplication's own error decides are left to `round`, as are huge ones.
    """
    scaled = values * _STEPS
    whole = np.rint(scaled)
    rounded = whole / _STEPS
    size = np.abs(scaled)
    near = np.abs(np.abs(scaled - whole) - 0.5) <= size * 2.0**-51
    redo = np.flatnonzero((near | (size >= _EXACT_BELOW * _STEPS)) & np.isfinite(values))
    if len(redo):
        rounded[redo] = [round(value, 7) for value in values[redo].tolist()]
    return np.asarray(rounded + 0.0, dtype=np.float64)


def round_shapes(shapes: Shapes) -> Shapes:
    """The shapes with all ordinates rounded to 7 places."""
    values = shapes.values
    flat = ~shapely.has_z(values)
    rounded = values.copy()
    for rows, with_z in ((flat, False), (~flat, True)):
        if rows.any():
            rounded[rows] = shapely.transform(values[rows], _rounded_array, include_z=with_z)
    return Shapes(rounded)


def _rounded_array(coordinates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return round7(coordinates.ravel()).reshape(coordinates.shape)


def bounds(geometry: Geometry) -> tuple[float, float, float, float] | None:
    """(west, south, east, north) of all rows, None when no row has a geometry."""
    if isinstance(geometry, Shapes):
        west, south, east, north = shapely.total_bounds(geometry.values).tolist()
    else:
        placed = ~np.isnan(geometry.x)
        x, y = geometry.x[placed], geometry.y[placed]
        west, south, east, north = (x.min(), y.min(), x.max(), y.max()) if len(x) else (np.nan,) * 4
    return None if np.isnan(west) else (float(west), float(south), float(east), float(north))


def as_shapes(geometry: Geometry) -> Shapes:
    """The same geometry as shapes."""
    if isinstance(geometry, Shapes):
        return geometry
    values = np.asarray(shapely.points(geometry.x, geometry.y), dtype=np.object_)
    values[np.isnan(geometry.x)] = None
    return Shapes(values)


def wkb(geometry: Geometry) -> pl.Series:
    """ISO well-known binary, little endian; null where a row has no geometry."""
    return pl.Series(
        "wkb", list(shapely.to_wkb(as_shapes(geometry).values, flavor="iso", byte_order=1)), dtype=pl.Binary
    )
