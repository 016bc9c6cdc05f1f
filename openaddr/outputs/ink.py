"""Many points and lines as ink: counted in small cells, spread by a round pen, coloured by how much there is.

Six points and six million go the same way; only the width of the pen differs.
"""

import numpy as np
import numpy.typing as npt
import shapely

from openaddr.outputs.batch import Floats, Shapes

Image8 = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.float32]

THIN, DENSE = np.array([43.0, 138.0, 142.0]), np.array([13.0, 38.0, 66.0])
RIM = np.array([255.0, 255.0, 255.0])
LONGEST = 8_000
"""Cells of one segment; longer ones leave the picture anyway."""


class Ink:
    """A picture of `width` by `height` cells that fills up."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._counts = np.zeros(width * height, np.float32)

    def points(self, x: Floats, y: Floats) -> None:
        """Count points at places in cells; places outside do not count."""
        inside = (x >= 0) & (y >= 0) & (x < self.width) & (y < self.height)
        cells = y[inside].astype(np.int64) * self.width + x[inside].astype(np.int64)
        np.add.at(self._counts, cells, np.float32(1))

    def lines(self, points: Floats, line: npt.NDArray[np.int64]) -> None:
        """Count the cells along lines; `points` is n by 2, `line` says which line each belongs to."""
        self.points(points[:, 0], points[:, 1])
        joined = line[1:] == line[:-1]
        start, step = points[:-1][joined], (points[1:] - points[:-1])[joined]
        cells = np.ceil(np.abs(step).max(axis=1, initial=0)).astype(np.int64)
        drawn = (cells > 1) & (cells <= LONGEST)
        start, step, cells = start[drawn], step[drawn], cells[drawn]
        first = np.repeat(np.cumsum(cells) - cells, cells)
        share = ((np.arange(len(first)) - first) / np.repeat(cells, cells))[:, None]
        along = np.repeat(start, cells, axis=0) + share * np.repeat(step, cells, axis=0)
        self.points(along[:, 0], along[:, 1])

    @property
    def cells(self) -> int:
        """How many cells have any ink."""
        return int(np.count_nonzero(self._counts))

    def image(self, radius: float, rim: float) -> Image8:
        """The ink as RGBA, every point a disc of `radius` cells; `rim` cells of white around it (0 for none)."""
        amount = self._spread(radius)
        most = float(amount.max(initial=0))
        share = np.log1p(amount) / np.log1p(most) if most > 1 else amount * 0.6
        colour = THIN + (DENSE - THIN) * share[..., None]
        alpha = np.where(amount > 0, 235.0, 0.0)
        if rim:
            around = (self._spread(radius + rim) > 0) & (amount == 0)
            colour[around], alpha[around] = RIM, 200.0
        return np.dstack([colour, alpha]).astype(np.uint8)

    def _spread(self, radius: float) -> Counts:
        """The counts, each as a disc."""
        reach = int(np.ceil(radius))
        row = self.width + 2 * reach
        spread = np.zeros((self.height + 2 * reach) * row, np.float32)
        places = np.flatnonzero(self._counts)
        counts = self._counts[places]
        centres = (places // self.width + reach) * row + places % self.width + reach
        for down in range(-reach, reach + 1):
            for right in range(-reach, reach + 1):
                if down * down + right * right <= radius * radius:
                    spread[centres + down * row + right] += counts
        return spread.reshape(-1, row)[reach : self.height + reach, reach : self.width + reach]


def outlines(shapes: Shapes) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Vertices (degrees, n by 2) of all rings, lines and points, and which of these each belongs to."""
    parts = shapely.get_parts(shapely.get_parts(shapes))
    is_polygon = shapely.get_type_id(parts) == 3
    bare = np.concatenate([shapely.get_rings(parts[is_polygon]), parts[~is_polygon]])
    points, line = shapely.get_coordinates(bare, return_index=True)
    return points, line
