"""Which country, and in the US which state and county, a point lies in, and what those are called."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa
import shapely
from pyarrow import ipc

from openaddr.stages import Bounds

GAZETTEER = Path(__file__).with_name("gazetteer.arrow")
"""Made at set-up by `places`."""
SUBDIVISIONS = Path(__file__).with_name("subdivisions.arrow")
"""Parts of countries by ISO 3166-2, made at the same time; only maps need them."""
NEAR = 0.05
"""Degrees, some 5 km: shores and borders are drawn with few corners."""


@dataclass(frozen=True)
class Named:
    """A country by its two letters, a state by two digits, a county by five."""

    code: str
    name: str
    bounds: Bounds


class Gazetteer:
    """All places that are known; none where set-up did not make them."""

    def __init__(self, path: Path = GAZETTEER) -> None:
        empty = pa.table({"code": [], "name": [], "geometry": []})
        table = ipc.open_file(str(path)).read_all() if path.exists() else empty
        # Some codes have several shapes.
        self._codes: list[str] = table["code"].to_pylist()
        self._shapes = shapely.from_wkb(table["geometry"].to_pylist())
        self.names: dict[str, str] = dict(zip(self._codes, table["name"].to_pylist(), strict=True))

    def at(self, lon: float, lat: float) -> list[Named]:
        """The places that have the point in them, or a border near it, the nearest first of each length of code."""
        distances = shapely.distance(self._shapes, shapely.Point(lon, lat))
        near = [number for number in distances.argsort().tolist() if distances[number] <= NEAR]
        first = {(len(self._codes[number]), self._codes[number].isdigit()): number for number in reversed(near)}
        return [self._named(number) for number in first.values()]

    def code_of(self, state: str, county: str) -> str:
        """The digits of a county of a state (two digits) by its name, '' when there is none."""
        wanted = county.strip().casefold()
        counties = (code for code in self._codes if len(code) == 5 and code.startswith(state))
        return next((code for code in counties if self.names[code].casefold() == wanted), "")

    def _named(self, number: int) -> Named:
        west, south, east, north = shapely.bounds(self._shapes[number]).tolist()
        code = self._codes[number]
        return Named(code, self.names[code], (west, south, east, north))


@cache
def gazetteer() -> Gazetteer:
    """The one beside the code."""
    return Gazetteer()
