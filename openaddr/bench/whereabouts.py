"""Where the rows of a table are, how many there are, and what a conform has to say for others to find that out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyproj
import shapely
from pyproj.exceptions import CRSError

from openaddr.bench.extents import extent_of
from openaddr.bench.grids import are_degrees, grid_of, in_degrees
from openaddr.bench.records import DeclaredLayer, Fetched
from openaddr.conform import geometry as geo
from openaddr.conform.readers.dataset import Batch, Dataset, Floats, Geometry, Points
from openaddr.errors import ProblemError
from openaddr.stages import Bounds

NAME_SHOWN = 80


@dataclass(frozen=True)
class Whereabouts:
    """`crs` is the system of the data in words, `srs` what the conform has to say because the data does not.

    `rows` is None where nobody counted them, `is_estimate` says that they were reckoned. `bounds` are those of all
    rows, `center` is in the middle of those that were looked at, both in degrees.
    """

    rows: int | None
    is_estimate: bool = False
    crs: str | None = None
    srs: str | None = None
    bounds: Bounds | None = None
    center: tuple[float, float] | None = None


def of_layer(layer: DeclaredLayer, batches: list[Batch]) -> Whereabouts:
    """Those of an ESRI layer, whose rows come in degrees whatever its system is."""
    looked_at = _geometries(batches, ())
    bounds = _degrees(layer.extent, layer.crs) or _around(looked_at)
    return Whereabouts(layer.count, crs=title_of(layer.crs), bounds=bounds, center=_center(looked_at, geo.WGS84))


def of_table(
    dataset: Dataset, batches: list[Batch], lon_lat: tuple[str, ...], fetched: Fetched, country: str, seconds: float
) -> Whereabouts:
    """Those of a file; `lon_lat` names two columns where it has no geometry, or none."""
    extent = extent_of(dataset, lon_lat, seconds)
    rows: int | None = extent.rows if extent.is_whole else None
    is_estimate = fetched.is_cut and rows is not None
    if fetched.is_cut:
        rows = round(extent.rows * fetched.total / fetched.size) if fetched.total else None
    crs, srs = _system(dataset, extent.bounds, country)
    center = _center(_geometries(batches, lon_lat), crs)
    return Whereabouts(rows, is_estimate, title_of(crs), srs, _degrees(extent.bounds, crs), center)


def title_of(crs: str | None) -> str | None:
    """A coordinate system in words: its code where it has one, and its name."""
    if crs is None:
        return None
    try:
        found = pyproj.CRS.from_user_input(geo.check_crs(crs))
    except (ProblemError, CRSError):
        return f"{crs[:NAME_SHOWN]} (not known to PROJ)"
    code = found.to_authority(min_confidence=70)
    name = found.name[:NAME_SHOWN]
    return f"{':'.join(code)} ({name})" if code else name


def _system(dataset: Dataset, bounds: Bounds | None, country: str) -> tuple[str | None, str | None]:
    """The system of the coordinates, and what the conform has to say of it."""
    if dataset.crs is not None:
        return dataset.crs, None
    if bounds is None:
        return None, None
    if are_degrees(bounds):
        return geo.WGS84, None
    code = grid_of(bounds, country)
    return (f"EPSG:{code}", f"EPSG:{code}") if code else (None, None)


def _degrees(box: Bounds | None, crs: str | None) -> Bounds | None:
    if box is None or crs is None:
        return None
    try:
        return in_degrees(box, geo.check_crs(crs))
    except ProblemError:
        return None


def _geometries(batches: list[Batch], lon_lat: tuple[str, ...]) -> list[Geometry]:
    if lon_lat:
        frame = pl.concat([batch.frame.select(lon_lat) for batch in batches])
        return [geo.points_from_text(frame[lon_lat[0]], frame[lon_lat[1]])[0]]
    return [batch.geometry for batch in batches if batch.geometry is not None]


def _around(geometries: list[Geometry]) -> Bounds | None:
    boxes = [box for box in map(geo.bounds, geometries) if box is not None]
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def _center(geometries: list[Geometry], crs: str | None) -> tuple[float, float] | None:
    """The median of the places: some rows are at 0° north, 0° east."""
    places = [_places(geometry) for geometry in geometries]
    x = np.concatenate([np.empty(0), *(x[np.isfinite(x)] for x, _ in places)])
    y = np.concatenate([np.empty(0), *(y[np.isfinite(y)] for _, y in places)])
    if not len(x) or not len(y):
        return None
    lon, lat = float(np.median(x)), float(np.median(y))
    found = _degrees((lon, lat, lon, lat), crs)
    return found and (found[0], found[1])


def _places(geometry: Geometry) -> tuple[Floats, Floats]:
    if isinstance(geometry, Points):
        return geometry.x, geometry.y
    boxes: Any = shapely.bounds(geometry.values)
    return (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
