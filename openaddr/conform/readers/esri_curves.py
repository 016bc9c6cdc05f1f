"""Curves of ESRI geometry as lines: circular and elliptic arcs and Bézier curves, with a vertex every few degrees.

A path is a list of segments: a position is a straight line to it, an object is a curve. All begin where the one
before ends:
{"c": [end, a position on the arc]} (circular arc), {"b": [end, control, control]} (cubic Bézier curve), and
{"a": [end, center, is minor, is clockwise, rotation, semi-major axis, ratio of the axes]} (elliptic arc, the last three
left out for a circle).
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from openaddr.conform.readers.column_shapes import Position
from openaddr.conform.readers.curves import STEP, along_arc

_Coordinates = npt.NDArray[np.float64]
MOST_STEPS = 90
CLOSED = 1e-6
"""The angle below which a curve ends where it begins, rounded as coordinates are."""


def straightened(parts: Sequence[Sequence[Any]]) -> list[list[Position]]:
    """The parts of a geometry without curves. Raises ValueError for what is no such part."""
    try:
        return [_part(part) for part in parts]
    except (msgspec.ValidationError, LookupError, TypeError, OverflowError) as error:
        raise ValueError(str(error)) from None


def _part(segments: Sequence[Any]) -> list[Position]:
    positions: list[Position] = []
    for segment in segments:
        if isinstance(segment, dict):
            positions += _along(positions[-1], segment)
        else:
            positions.append(msgspec.convert(segment, Position))
    return positions


def _along(begin: Position, curve: dict[str, Any]) -> list[Position]:
    """Positions after the beginning of one curve."""
    ((kind, members),) = curve.items()
    here = np.array([begin.x, begin.y])
    # What overflows becomes infinite without a warning, and is refused below.
    with np.errstate(all="ignore"):
        match kind:
            case "c":
                line = along_arc(here, _xy(members[1]), _xy(members[0]))
            case "b":
                line = _along_bezier(here, _xy(members[1]), _xy(members[2]), _xy(members[0]))
            case "a":
                line = _along_ellipse(here, *members)
            case _:
                raise ValueError(f"there is no curve {kind!r}")
    if not np.isfinite(line).all():
        raise ValueError("a curve without end")
    return [Position(x, y) for x, y in line.tolist()]


def _xy(value: Any) -> _Coordinates:
    position = msgspec.convert(value, Position)
    return np.array([position.x, position.y])


def _along_bezier(*points: _Coordinates) -> _Coordinates:
    """A cubic curve turns no further than the lines between its four points."""
    legs = [leg for leg in np.diff(points, axis=0) if leg.any()]
    headings = [math.atan2(y, x) for x, y in legs]
    turns = sum(abs(math.remainder(b - a, math.tau)) for a, b in pairwise(headings))
    share = _shares(turns)[:, np.newaxis]
    p0, p1, p2, p3 = points
    rest = 1 - share
    line = rest**3 * p0 + 3 * rest**2 * share * p1 + 3 * rest * share**2 * p2 + share**3 * p3
    return np.vstack([line[:-1], p3])


def _along_ellipse(
    begin: _Coordinates,
    to: Any,
    middle: Any,
    is_minor: float,
    is_clockwise: float,
    rotation: float = 0.0,
    axis: float = 0.0,
    ratio: float = 1.0,
) -> _Coordinates:
    """An elliptic arc, or one of a circle. A curve that ends where it begins goes all the way round.

    The center and the two ends say more than `axis` can, whose unit is that of another coordinate system.
    """
    end, center = _xy(to), _xy(middle)
    if not (0 < ratio <= 1 and math.isfinite(rotation)):
        raise ValueError(f"an ellipse of ratio {ratio}")
    turn = np.array([[math.cos(rotation), math.sin(rotation)], [-math.sin(rotation), math.cos(rotation)]])
    squeeze = np.array([1.0, ratio])
    (x0, y0), (x1, y1) = ((turn @ (place - center)) / squeeze for place in (begin, end))
    start, stop = math.atan2(y0, x0), math.atan2(y1, x1)
    sweep = (start - stop if is_clockwise else stop - start) % math.tau
    if min(sweep, math.tau - sweep) < CLOSED:
        sweep = 0.0 if is_minor else math.tau
    angles = start + (-sweep if is_clockwise else sweep) * (share := _shares(sweep))
    # Rounding leaves begin and end at slightly different distances.
    radius = np.hypot(x0, y0) * (1 - share) + np.hypot(x1, y1) * share
    circle = np.column_stack([radius * np.cos(angles), radius * np.sin(angles)])
    line = center + (circle * squeeze) @ turn
    return np.vstack([line[:-1], end])


def _shares(angle: float) -> _Coordinates:
    """Shares of the way, the end included, for a curve that turns by so much."""
    steps = min(MOST_STEPS, max(2, math.ceil(angle / STEP - 1e-9)))
    return np.arange(1, steps + 1) / steps
