"""Many lines and polygons at once from decoded positions: a tenth of what one geometry after the other costs."""

from collections.abc import Callable, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import shapely

from openaddr.conform.readers.dataset import Floats

NAN = float("nan")
Owners = npt.NDArray[np.intp]
Geometries = npt.NDArray[np.object_]
_x, _y = attrgetter("x"), attrgetter("y")


class Position(msgspec.Struct, array_like=True, gc=False):
    """The first two ordinates of a position; a height or measure is passed over."""

    x: float = NAN
    y: float = NAN


class FlatPosition(msgspec.Struct, array_like=True, gc=False, forbid_unknown_fields=True):
    """A position that has two ordinates and no more."""

    x: float
    y: float


def xy(positions: Sequence[Any]) -> tuple[Floats, Floats]:
    """Columns x and y."""
    count = len(positions)
    return np.fromiter(map(_x, positions), np.float64, count), np.fromiter(map(_y, positions), np.float64, count)


def flattened(parts: Sequence[Sequence[Any]]) -> tuple[npt.NDArray[np.float64], Owners]:
    """All positions of all parts, shape (n, 2), and which part each belongs to, shape (n,)."""
    counts = np.fromiter(map(len, parts), np.intp, len(parts))
    x, y = xy(list(chain.from_iterable(parts)))
    return np.column_stack((x, y)), np.repeat(np.arange(len(parts)), counts)


def lines_of(parts: Sequence[Sequence[Any]]) -> Geometries | None:
    """One LineString a part; None when a part has less than two positions, or infinite ones."""
    if not parts or min(map(len, parts)) < 2:
        return None
    coordinates, owners = flattened(parts)
    if not np.isfinite(coordinates).all():
        return None
    return np.asarray(shapely.linestrings(coordinates, indices=owners))


def rings_of(parts: Sequence[Sequence[Any]]) -> Geometries | None:
    """One LinearRing a part, closed where it is open; None when one is too short for that, or infinite."""
    shortest = min(map(len, parts), default=0)
    if shortest < 3 or (shortest == 3 and any(len(part) == 3 and part[0] == part[-1] for part in parts)):
        return None
    coordinates, owners = flattened(parts)
    if not np.isfinite(coordinates).all():
        return None
    return np.asarray(shapely.linearrings(coordinates, indices=owners))


def polygons_of(polygons: Sequence[Sequence[Sequence[Any]]]) -> Geometries | None:
    """One Polygon from each list of rings, the shell first; None when one cannot be made."""
    if not polygons or not all(polygons):
        return None
    rings = rings_of(list(chain.from_iterable(polygons)))
    if rings is None:
        return None
    return np.asarray(shapely.polygons(rings, indices=owners_of(polygons)))


def owners_of(groups: Sequence[Sequence[Any]]) -> Owners:
    """For every member of every group, in order, the number of its group."""
    return np.repeat(np.arange(len(groups)), np.fromiter(map(len, groups), np.intp, len(groups)))


def gather(
    shapes: Geometries, parts: Geometries, groups: Sequence[Sequence[Any]], collect: Callable[..., Geometries]
) -> None:
    """Put the parts of each group into its place of `shapes`: one as it is, several collected, none not at all."""
    owners = owners_of(groups)
    counts = np.bincount(owners, minlength=len(groups))
    single = counts[owners] == 1
    shapes[owners[single]] = parts[single]
    several, numbers = np.unique(owners[~single], return_inverse=True)
    if len(several):
        shapes[several] = collect(parts[~single], indices=numbers)
