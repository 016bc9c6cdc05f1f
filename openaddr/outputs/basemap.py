"""Makes the base map of the previews from the npm package world-atlas (Natural Earth, public domain).

    python -m openaddr.outputs.basemap node_modules/world-atlas

Run once at set-up; the result lies beside the code and is not part of the repository.
"""

import sys
from pathlib import Path

import fiona
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely
import shapely.geometry
from pyarrow import ipc

from openaddr.outputs.land import BASEMAP, BORDER, LAND, Shapes, moved_east

CELL = 10.0
FEW_VERTICES = 200
POLYGON = 3
PIECE = 40
"""Vertices of one piece of border."""


def build(atlas: Path, target: Path = BASEMAP) -> None:
    """Read `countries-10m.json` of a folder, which has land and countries, and write the base map."""
    land = cut_into_cells(read_polygons(atlas / "countries-10m.json", "land"))
    borders = shared_lines(read_polygons(atlas / "countries-10m.json", "countries"))
    shapes = np.concatenate([land, borders])
    kinds = np.repeat(np.array([LAND, BORDER], np.uint8), [len(land), len(borders)])
    bounds = shapely.bounds(shapes)
    columns = [kinds, *bounds.T, shapely.to_wkb(shapes)]
    names = ["kind", "xmin", "ymin", "xmax", "ymax", "geometry"]
    batch = pa.record_batch([pa.array(column) for column in columns], names=names)
    with ipc.new_file(str(target), batch.schema) as file:
        file.write_batch(batch)


def read_polygons(path: Path, layer: str) -> Shapes:
    """All polygons of a layer of a TopoJSON file, one by one, valid, within ±180."""
    with fiona.open(path, layer=layer) as features:
        shapes = [shapely.geometry.shape(feature.geometry) for feature in features if feature.geometry]
    return within_180(shapely.get_parts(np.array(shapes, np.object_)))


def within_180(polygons: Shapes) -> Shapes:
    """The same area as valid polygons, cut where they cross the antimeridian."""
    jumps = np.array([_jumps(polygon) for polygon in polygons])
    polygons[jumps] = [unrolled(polygon) for polygon in polygons[jumps]]
    broken = ~shapely.is_valid(polygons)
    polygons[broken] = shapely.buffer(polygons[broken], 0)
    turned = [
        shapely.clip_by_rect(moved_east(polygons[jumps], turn), -180, -90, 180, 90) for turn in (-360.0, 0.0, 360.0)
    ]
    return _polygons(np.concatenate([polygons[~jumps], *turned]))


def _polygons(shapes: Shapes) -> Shapes:
    parts: Shapes = shapely.get_parts(shapes)
    polygons: Shapes = parts[(shapely.get_type_id(parts) == POLYGON) & ~shapely.is_empty(parts)]
    return polygons


def _jumps(polygon: shapely.Polygon) -> bool:
    lon = shapely.get_coordinates(polygon.exterior)[:, 0]
    return bool((np.abs(np.diff(lon)) > 180).any())


def unrolled(polygon: shapely.Polygon) -> shapely.Polygon:
    """The polygon with longitudes that run on beyond ±180 where it crosses the antimeridian; one around the south
    pole is closed along it. Natural Earth is cut there, but world-atlas has taken the cuts out."""
    points = shapely.get_coordinates(polygon.exterior)
    turns = np.cumsum(np.rint(np.diff(points[:, 0], prepend=points[0, 0]) / 360))
    lon = points[:, 0] - 360 * turns
    ring = np.column_stack([lon, points[:, 1]])
    if abs(lon[-1] - lon[0]) > 180:
        ring = np.concatenate([ring, [(lon[-1], -90.0), (lon[0], -90.0), ring[0]]])
    return shapely.Polygon(ring)


def cut_into_cells(polygons: Shapes) -> Shapes:
    """The same area in pieces none of which is larger than a cell of ten degrees and has many vertices."""
    bounds = shapely.bounds(polygons)
    wide, high = bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]
    large = (np.maximum(wide, high) > CELL) & (shapely.get_num_coordinates(polygons) > FEW_VERTICES)
    halves = [
        half for polygon, box in zip(polygons[large], bounds[large], strict=True) for half in _halved(polygon, box)
    ]
    if not halves:
        return polygons
    return np.concatenate([polygons[~large], cut_into_cells(_polygons(np.array(halves, np.object_)))])


def _halved(polygon: shapely.Polygon, box: npt.NDArray[np.float64]) -> list[shapely.Geometry]:
    west, south, east, north = box
    if east - west > north - south:
        middle = (west + east) / 2
        return [shapely.clip_by_rect(polygon, west, south, middle, north),
                shapely.clip_by_rect(polygon, middle, south, east, north)]  # fmt: skip
    middle = (south + north) / 2
    return [shapely.clip_by_rect(polygon, west, south, east, middle),
            shapely.clip_by_rect(polygon, west, middle, east, north)]  # fmt: skip


def shared_lines(polygons: Shapes) -> Shapes:
    """Lines that two polygons have in common, in short pieces. Neighbours share their vertices exactly."""
    rings = shapely.get_rings(polygons)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    joined = ring[1:] == ring[:-1]
    ends = np.stack([points[:-1][joined], points[1:][joined]], axis=1)
    backward = (ends[:, 0] > ends[:, 1])[:, 0] | ((ends[:, 0, 0] == ends[:, 1, 0]) & (ends[:, 0, 1] > ends[:, 1, 1]))
    ends[backward] = ends[backward][:, ::-1]
    unique, count = np.unique(ends.reshape(-1, 4), axis=0, return_counts=True)
    lines = shapely.get_parts(shapely.line_merge(shapely.MultiLineString(list(unique[count > 1].reshape(-1, 2, 2)))))
    return np.concatenate([_pieces(line) for line in lines])


def _pieces(line: shapely.LineString) -> Shapes:
    points = shapely.get_coordinates(line)
    starts = range(0, len(points) - 1, PIECE)
    return np.array([shapely.LineString(points[start : start + PIECE + 1]) for start in starts], np.object_)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
