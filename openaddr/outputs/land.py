"""The base map of the previews: land and borders between countries, a local file made at set-up by `basemap.py`.

It is an Arrow file of one record batch, mapped into memory: `kind` (0 land, 1 border), `xmin`, `ymin`, `xmax`, `ymax`
in degrees, `geometry` as WKB. Land is cut into small pieces, so that a small view reads little.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely
from pyarrow import ipc

from openaddr.errors import Code, ProblemError

BASEMAP = Path(__file__).with_name("basemap.arrow")
LAND, BORDER = 0, 1

Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Scenery:
    """Polygons of land and lines of borders, clipped to a box, in degrees."""

    land: Shapes
    borders: Shapes


def read_scenery(box: tuple[float, float, float, float], basemap: Path = BASEMAP) -> Scenery:
    """What lies within (west, south, east, north); a box may run on past 180° or begin before -180°.

    Raises ProblemError BASEMAP_MISSING.
    """
    if not basemap.exists():
        raise ProblemError(Code.BASEMAP_MISSING, f"There is no {basemap.name} beside the code of the previews.")
    with pa.memory_map(str(basemap)) as file:
        table = ipc.open_file(file).read_all()
        found = [_within(table, box, kind) for kind in (LAND, BORDER)]
    return Scenery(*found)


def _within(table: pa.Table, box: tuple[float, float, float, float], kind: int) -> Shapes:
    west, south, east, north = box
    parts = []
    for turn in (-360.0, 0.0, 360.0):
        here = (west - turn, south, east - turn, north)
        shapes = shapely.clip_by_rect(_touching(table, here, kind), *here)
        parts.append(moved_east(shapes, turn))
    single: Shapes = shapely.get_parts(np.concatenate(parts))
    return single[~shapely.is_empty(single)]


def moved_east(shapes: Shapes, degrees: float) -> Shapes:
    """The shapes with so much added to their longitudes."""
    found: Shapes = shapely.transform(shapes, partial(np.add, (degrees, 0.0)))
    return found


def _touching(table: pa.Table, box: tuple[float, float, float, float], kind: int) -> Shapes:
    xmin, ymin, xmax, ymax = (table[name].to_numpy() for name in ("xmin", "ymin", "xmax", "ymax"))
    wanted = (table["kind"].to_numpy() == kind) & (xmin <= box[2]) & (xmax >= box[0])
    wanted &= (ymin <= box[3]) & (ymax >= box[1])
    chosen = table["geometry"].take(pa.array(np.flatnonzero(wanted)))
    shapes: Shapes = np.asarray(shapely.from_wkb(chosen.to_numpy()), np.object_)
    return shapes
