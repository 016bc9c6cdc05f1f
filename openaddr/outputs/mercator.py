"""Web Mercator for drawing: the world is a square of side 1, x to the east from 180° W, y to the south."""

from dataclasses import dataclass, replace
from math import cosh, degrees, pi, sinh

import numpy as np

from openaddr.outputs.batch import Floats

EQUATOR_METRES = 40_075_016.7
MAX_LATITUDE = 85.05
SIGMAS = 5
CLIP_ROUNDS = 5
MARGIN = 0.06
LEAST_METRES = 1_500
"""No view is narrower than this, so that a single point is still a place."""


def project(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Degrees to the unit square; latitudes beyond ±85.05 are moved to that line."""
    held = np.radians(np.clip(lat, -MAX_LATITUDE, MAX_LATITUDE))
    return lon / 360 + 0.5, 0.5 - np.log(np.tan(np.pi / 4 + held / 2)) / (2 * np.pi)


@dataclass(frozen=True)
class View:
    """A window of `width` by `height` pixels whose top left corner is at (`left`, `top`); `size` is a pixel's side.

    In a view `across` the antimeridian x runs on past 1: the western half of the world comes after the eastern one.
    """

    left: float
    top: float
    size: float
    width: int
    height: int
    across: bool = False

    @property
    def degrees(self) -> tuple[float, float, float, float]:
        """West, south, east and north; east may be above 180."""
        right, bottom = self.left + self.width * self.size, self.top + self.height * self.size
        return (self.left - 0.5) * 360, _latitude(bottom), (right - 0.5) * 360, _latitude(self.top)

    @property
    def metres(self) -> float:
        """Metres on the ground of one pixel in the middle of the view."""
        middle = (0.5 - self.top - self.height * self.size / 2) * 2 * pi
        return self.size * EQUATOR_METRES / cosh(middle)

    def pixels(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Where places are drawn, in pixels from the top left; may be outside."""
        x, y = project(lon, lat)
        if self.across:
            x = np.where(x < 0.5, x + 1, x)
        return (x - self.left) / self.size, (y - self.top) / self.size

    def scaled(self, factor: int) -> "View":
        """The same window with smaller pixels."""
        return replace(self, size=self.size / factor, width=self.width * factor, height=self.height * factor)

    def around(self, spread: float, width: int, height: int) -> "View":
        """A window with the same middle, `spread` of the world wide."""
        x, y = self.left + self.width * self.size / 2, self.top + self.height * self.size / 2
        return _centred(x, y, spread / width, width, height)


def fit(lon: Floats, lat: Floats, width: int, height: int) -> View:
    """The window that shows the places, all but those further than 5 σ from the middle; there is at least one."""
    x, y = project(lon, lat)
    shifted = np.where(x < 0.5, x + 1, x)
    across = bool(shifted.std() < x.std() / 2)
    x = shifted if across else x
    kept = _clipped(x, y)
    west, east, north, south = x[kept].min(), x[kept].max(), y[kept].min(), y[kept].max()
    middle = (0.5 - (north + south) / 2) * 2 * pi
    least = LEAST_METRES * cosh(middle) / EQUATOR_METRES
    room = 1 + 2 * MARGIN
    size = max((east - west) * room / width, (south - north) * room / height, least / width)
    view = _centred(float(west + east) / 2, float(north + south) / 2, float(size), width, height)
    return replace(view, across=across)


def _centred(x: float, y: float, size: float, width: int, height: int) -> View:
    size = min(size, 1 / height)
    top = min(max(y - height * size / 2, 0.0), 1 - height * size)
    return View(x - width * size / 2, top, size, width, height)


def _clipped(x: Floats, y: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Places within 5 standard deviations, found again without the ones outside until nothing changes."""
    kept = np.ones(len(x), np.bool_)
    for _ in range(CLIP_ROUNDS):
        near = np.ones(len(x), np.bool_)
        for values in (x, y):
            near &= np.abs(values - values[kept].mean()) <= SIGMAS * values[kept].std() + 1e-12
        if near.sum() == kept.sum():
            break
        kept = near
    return kept


def _latitude(y: float) -> float:
    return degrees(float(np.arctan(sinh((0.5 - y) * 2 * pi))))
