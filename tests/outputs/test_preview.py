"""The preview picture, over a small world of two countries and an island across the antimeridian."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import shapely
from PIL import Image

from openaddr.errors import Code, ProblemError
from openaddr.outputs import basemap
from openaddr.outputs.ink import Ink, outlines
from openaddr.outputs.land import read_scenery
from openaddr.outputs.mercator import View, fit, project
from openaddr.outputs.preview import HEIGHT, HERE, LAND, WATER, WIDTH, draw_preview, nice_length
from openaddr.stages import Layer
from tests.outputs.extracts import extract, points, scattered, shapes

RNG = np.random.default_rng(1)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base map: land 0 to 20° E and 40 to 50° N, with a border at 10° E, a pole, and an island at 180°."""
    west = [[10, 40], [0, 40], [0, 50], [10, 50]]
    east = [[10, 50], [20, 50], [20, 40], [10, 40]]
    border = [[10, 40], [10, 45], [10, 50]]
    island = [[178, -17], [-178, -17], [-178, -19], [178, -19], [178, -17]]
    pole = [[-180, -80], [-90, -75], [0, -80], [90, -75], [180, -80], [-180, -80]]
    countries = [[[0, 2]], [[1, ~2]], [[3]], [[4]]]
    atlas = {
        "type": "Topology",
        "arcs": [[*west], [*east], [*reversed(border)], island, pole],
        "objects": {
            "countries": _collection(countries),
            "land": _collection([[[0, 1]], [[3]], [[4]]]),
        },
    }
    folder = tmp_path_factory.mktemp("atlas")
    (folder / "countries-10m.json").write_text(json.dumps(atlas))
    basemap.build(folder, folder / "basemap.arrow")
    return folder / "basemap.arrow"


def _collection(polygons: list[list[list[int]]]) -> dict[str, object]:
    return {
        "type": "GeometryCollection",
        "geometries": [{"type": "Polygon", "arcs": arcs, "properties": {"name": "x"}} for arcs in polygons],
    }


def drawn(tmp_path: Path, world: Path, *frames: pl.DataFrame, layer: Layer = Layer.ADDRESSES) -> Image.Image:
    output = draw_preview(extract(tmp_path, *frames, layer=layer), tmp_path, world)
    assert output
    return Image.open(output.path)


def dark(picture: Image.Image) -> int:
    """Pixels that are neither land nor water nor words: the blue-green of rows, in the middle of the picture."""
    red, green, _ = np.moveaxis(np.asarray(picture.crop((0, 0, WIDTH - 300, HEIGHT - 60))).astype(int), 2, 0)
    return int(((green - red > 20) & (red < 110)).sum())


@pytest.mark.parametrize("rows", [1, 6, 1_000, 100_000])
def test_rows_can_be_seen_however_many_there_are(tmp_path: Path, world: Path, rows: int) -> None:
    picture = drawn(tmp_path, world, scattered(rows).with_columns(pl.col("lat") - 2))
    assert picture.size == (WIDTH, HEIGHT)
    assert dark(picture) > 40 * min(rows, 300)


def test_land_water_and_a_mark_on_the_small_map_are_there(tmp_path: Path, world: Path) -> None:
    coast = points([{"lon": lon, "lat": lat} for lon in (-1.0, 1.0) for lat in (44.0, 45.0)])
    picture = drawn(tmp_path, world, coast).convert("RGB")
    assert picture.getpixel((300, 450)) == WATER
    assert picture.getpixel((1000, 450)) == LAND
    colours = {colour for _, colour in picture.getcolors(1 << 20) or []}
    assert HERE in colours


def test_outlines_of_shapes_are_drawn(tmp_path: Path, world: Path) -> None:
    wkt = ["POLYGON ((5 45, 6 45, 6 46, 5 46, 5 45))", "LINESTRING (5 45, 6 46)", None, "POINT (5.5 45.2)"]
    picture = drawn(tmp_path, world, shapes(Layer.PARCELS, wkt), layer=Layer.PARCELS)
    assert dark(picture) > 2_000


def test_no_place_no_picture(tmp_path: Path, world: Path) -> None:
    assert draw_preview(extract(tmp_path, points([{}])), tmp_path, world) is None


def test_the_same_rows_give_the_same_picture(tmp_path: Path, world: Path) -> None:
    one = drawn(tmp_path, world, scattered(50)).tobytes()
    assert one == drawn(tmp_path, world, scattered(50)).tobytes()


def test_a_missing_base_map_is_a_named_problem(tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as caught:
        draw_preview(extract(tmp_path, scattered(1)), tmp_path, tmp_path / "absent.arrow")
    assert caught.value.problem.code is Code.BASEMAP_MISSING


def test_a_source_across_the_antimeridian_is_one_place(world: Path) -> None:
    lon = np.array([177.5, 179.5, -179.5, -177.5])
    view = fit(lon, np.full(4, -18.0), WIDTH, HEIGHT)
    x, _ = view.pixels(lon, np.full(4, -18.0))
    assert view.across and (np.diff(x) > 0).all() and x.min() > 0 and x.max() < WIDTH
    assert shapely.area(read_scenery(view.degrees, world).land).sum() == pytest.approx(4 * 2, rel=0.01)


def test_the_land_around_the_pole_is_closed(world: Path) -> None:
    found = read_scenery((-180, -90, 180, -60), world).land
    assert shapely.area(found).sum() == pytest.approx(360 * 12.5, rel=0.01)


def test_borders_are_what_two_countries_share(world: Path) -> None:
    found = shapely.union_all(read_scenery((-30, 0, 60, 80), world).borders)
    assert shapely.length(found) == pytest.approx(10) and shapely.bounds(found).tolist() == [10, 40, 10, 50]


def test_a_few_rows_far_away_do_not_shrink_the_rest() -> None:
    lon = np.concatenate([RNG.normal(8.5, 0.05, 5_000), np.zeros(20)])
    lat = np.concatenate([RNG.normal(47.4, 0.05, 5_000), np.zeros(20)])
    west, south, east, north = fit(lon, lat, WIDTH, HEIGHT).degrees
    assert 8 < west < east < 9 and 47 < south < north < 48


def test_one_point_is_shown_with_its_surroundings() -> None:
    view = fit(np.array([8.5]), np.array([47.4]), WIDTH, HEIGHT)
    assert view.metres * WIDTH == pytest.approx(1_500, rel=0.01)


@pytest.mark.parametrize(("lon", "lat", "x", "y"), [(0, 0, 0.5, 0.5), (-180, 85.0511, 0, 0), (180, -89, 1, 1)])
def test_mercator_is_a_square(lon: float, lat: float, x: float, y: float) -> None:
    found = project(np.array([float(lon)]), np.array([float(lat)]))
    assert (found[0][0], found[1][0]) == pytest.approx((x, y), abs=1e-4)


def test_degrees_of_a_view_are_where_its_corners_are_drawn() -> None:
    view = View(0.51, 0.33, 1e-5, WIDTH, HEIGHT)
    west, south, east, north = view.degrees
    x, y = view.pixels(np.array([west, east]), np.array([north, south]))
    assert x == pytest.approx([0, WIDTH], abs=1e-6) and y == pytest.approx([0, HEIGHT], abs=1e-6)


@pytest.mark.parametrize(("most", "length"), [(1, 1), (4.9, 2), (5, 5), (240, 200), (999, 500), (1000, 1000)])
def test_the_scale_has_a_round_length(most: float, length: float) -> None:
    assert nice_length(most) == length


def test_a_line_leaves_no_gap_of_ink() -> None:
    ink = Ink(100, 50)
    ink.lines(*outlines(np.array([shapely.LineString([(5, 5), (95, 40)]), None], np.object_)))
    assert ink.cells >= 91
    assert (ink.image(1, 0)[:, 6:95, 3] > 0).any(axis=0).all()


def test_ink_outside_the_picture_is_lost() -> None:
    ink = Ink(10, 10)
    ink.points(np.array([-1.0, 10.0, 5.0, np.nan]), np.array([5.0, 5.0, 11.0, 5.0]))
    assert ink.cells == 0 and not ink.image(3, 1)[..., 3].any()
