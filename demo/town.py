"""The town of Windmere, which does not exist: streets in several scripts, houses, parcels, buildings, centerlines.

Everything is worked out in metres (EPSG:25833), so that the demo can also publish in degrees what is known in metres.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer

METRES = "EPSG:25833"
DEGREES = "EPSG:4326"
ORIGIN = (452_000.0, 5_745_000.0)
TURN = np.radians(17)
HOUSES = 6
HOUSE_SPACING = 44.0
STREET_SPACING = 92.0

Geometries = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Street:
    """One street of the town; its houses are numbered from `first`, odd ones on the left."""

    name: str
    first: int
    mph: int
    surface: str


STREETS = (
    Street("Mill Lane", 1, 20, "cobbles"),
    Street("O'Connor Lane", 1, 20, "asphalt"),
    Street("Rue de l'Église", 11, 30, "asphalt"),
    Street("Lange Straße", 101, 30, "asphalt"),
    Street("Ångström Way", 7, 40, "concrete"),
    Street("улица Пушкина", 1, 30, "asphalt"),
    Street("さくら通り", 1, 20, "gravel"),
)


@dataclass(frozen=True)
class Table:
    """One dataset of the town: columns of equal length and a geometry for each row, in `crs`, x first."""

    columns: Mapping[str, Sequence[str | int]]
    geometry: Geometries
    crs: str = METRES

    def in_degrees(self) -> "Table":
        """The same rows in longitude and latitude, rounded to 7 places as publishers like it."""
        to_degrees = Transformer.from_crs(METRES, DEGREES, always_xy=True)

        def move(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
            return np.column_stack(to_degrees.transform(points[:, 0], points[:, 1])).round(7)

        return Table(self.columns, shapely.transform(self.geometry, move), DEGREES)

    def where(self, keep: Callable[[str], bool], column: str) -> "Table":
        """The rows whose text in `column` pleases `keep`."""
        kept = [row for row, value in enumerate(self.columns[column]) if keep(str(value))]
        columns = {name: [values[row] for row in kept] for name, values in self.columns.items()}
        return Table(columns, self.geometry[kept], self.crs)

    def rows(self) -> list[tuple[str | int, ...]]:
        """The rows as tuples in the order of the columns."""
        return list(zip(*self.columns.values(), strict=True))


def addresses() -> Table:
    """One point for each house, beside its street."""
    houses = [(street, place) for street in range(len(STREETS)) for place in range(HOUSES)]
    numbers = [STREETS[street].first + place for street, place in houses]
    columns: dict[str, Sequence[str | int]] = {
        "id": [f"W-{row:04}" for row in range(1, len(houses) + 1)],
        "number": [f"{number}a" if number % 5 == 0 else str(number) for number in numbers],
        "street": [STREETS[street].name for street, _ in houses],
        "unit": [f"Apt {place}" if place in (2, 4) else "" for _, place in houses],
        "city": ["Windmere"] * len(houses),
        "postcode": [f"03{street:03}" for street, _ in houses],
    }
    return Table(columns, np.asarray(shapely.points(_house_points())))


def parcels() -> Table:
    """A plot of 36 by 40 metres around each house; the first has a hole, which belongs to somebody else."""
    plots = _boxes(36, 40)
    plots[0] = shapely.difference(plots[0], shapely.buffer(shapely.centroid(plots[0]), 4))
    return Table({"pin": [f"{row // HOUSES + 1}/{row % HOUSES + 1:03}" for row in range(len(plots))]}, plots)


def buildings() -> Table:
    """A building of 9 by 12 metres on each plot."""
    walls = _boxes(9, 12)
    levels = [1 + row % 4 for row in range(len(walls))]
    return Table({"storeys": levels, "height_m": [f"{level * 3.1:.1f}" for level in levels]}, walls)


def centerlines() -> Table:
    """One line for each street, with the range of its house numbers on either side."""
    ends = [(_placed(-15, at), _placed(HOUSES * HOUSE_SPACING, at)) for at in np.arange(len(STREETS)) * STREET_SPACING]
    columns: dict[str, Sequence[str | int]] = {
        "fid_street": [f"S{number}" for number in range(1, len(STREETS) + 1)],
        "fullname": [street.name for street in STREETS],
        "mph": [street.mph for street in STREETS],
        "surface": [street.surface for street in STREETS],
        "oneway": ["FT" if street.surface == "cobbles" else "B" for street in STREETS],
        "from_left": [street.first for street in STREETS],
        "to_left": [street.first + HOUSES - 2 for street in STREETS],
        "from_right": [street.first + 1 for street in STREETS],
        "to_right": [street.first + HOUSES - 1 for street in STREETS],
        "zip": [f"03{street:03}" for street in range(len(STREETS))],
    }
    return Table(columns, shapely.linestrings(ends))


def _placed(along: float, across: float) -> tuple[float, float]:
    """A place of the town's plan on the map: turned a little, since no real town lies straight."""
    east = ORIGIN[0] + along * np.cos(TURN) - across * np.sin(TURN)
    north = ORIGIN[1] + along * np.sin(TURN) + across * np.cos(TURN)
    return round(float(east), 2), round(float(north), 2)


def _house_points() -> npt.NDArray[np.float64]:
    sides = (-25.0, 25.0)
    return np.array(
        [
            _placed(house * HOUSE_SPACING, street * STREET_SPACING + sides[house % 2])
            for street in range(len(STREETS))
            for house in range(HOUSES)
        ]
    )


def _boxes(width: float, depth: float) -> Geometries:
    """A rectangle around each house, turned like the streets."""
    along, across = np.array([np.cos(TURN), np.sin(TURN)]), np.array([-np.sin(TURN), np.cos(TURN)])
    corners = [
        right * width / 2 * along + up * depth / 2 * across for right, up in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    return np.asarray(shapely.polygons(_house_points()[:, None, :] + np.array(corners)[None, :, :]))
