"""GeoParquet as its readers see it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely

from openaddr.extract import text_columns
from openaddr.outputs.geoparquet import EPSG_4326, GeoParquet, box_column, point_wkb
from openaddr.stages import Extract, Layer
from tests.outputs.consumers import consumer
from tests.outputs.extracts import Row, extract, fed, points, scattered, shapes

PARCELS = ["POLYGON ((0 0, 2 0, 2 1, 0 0))", None, "POINT Z (5 5 1)", "POLYGON EMPTY", "LINESTRING (1 1, 1.5 3)"]
SHOW = """
import json, sys, geopandas
frame = geopandas.read_parquet(sys.argv[1])
print(json.dumps([frame.crs.to_epsg(), len(frame), frame.geometry.name, sorted(set(frame.geom_type.dropna()))]))
"""


def written(made: Extract, folder: Path, bucket_rows: int = 100_000) -> Path:
    (folder / "work").mkdir()
    output = fed(GeoParquet(made, folder, folder / "work", bucket_rows), made)
    assert output.rows == made.rows == pq.read_metadata(output.path).num_rows
    assert list((folder / "work").iterdir()) == []
    return output.path


def geo(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(pq.read_schema(path).metadata[b"geo"])
    return found


def hashes(path: Path) -> list[str]:
    found: list[str] = pq.read_table(path, columns=["hash"])["hash"].to_pylist()
    return found


def test_the_metadata_follows_geoparquet_1_1(tmp_path: Path) -> None:
    path = written(extract(tmp_path, points([{"lon": 1.5, "lat": 2.0}, {"lon": -3.25, "lat": 4.0}, {}])), tmp_path)
    column = geo(path)["columns"]["geometry"]
    assert (geo(path)["version"], geo(path)["primary_column"], column["encoding"]) == ("1.1.0", "geometry", "WKB")
    assert column["geometry_types"] == ["Point"]
    assert column["bbox"] == [-3.25, 2.0, 1.5, 4.0]
    assert column["covering"]["bbox"]["xmax"] == ["bbox", "xmax"]


def test_the_coordinate_system_is_epsg_4326() -> None:
    assert pyproj.CRS.from_json_dict(EPSG_4326) == pyproj.CRS("EPSG:4326")


def test_columns_are_the_attributes_then_geometry_and_box(tmp_path: Path) -> None:
    path = written(extract(tmp_path, points([{"lon": 1.5, "lat": 2.0}])), tmp_path)
    assert pq.read_schema(path).names == [*text_columns(Layer.ADDRESSES), "geometry", "bbox"]


def test_rows_without_geometry_come_last_with_nulls(tmp_path: Path) -> None:
    rows: list[Row] = [{"hash": "a"}, {"hash": "b", "lon": 1.5, "lat": 2.0}, {"hash": "c"}]
    path = written(extract(tmp_path, points(rows)), tmp_path)
    table = pq.read_table(path)
    assert table["hash"].to_pylist() == ["b", "a", "c"]
    assert shapely.to_wkt(shapely.from_wkb(table["geometry"][0].as_py()), trim=True) == "POINT (1.5 2)"
    assert table["geometry"].to_pylist()[1:] == table["bbox"].to_pylist()[1:] == [None, None]


def test_shapes_keep_their_kind_and_box(tmp_path: Path) -> None:
    path = written(extract(tmp_path, shapes(Layer.PARCELS, PARCELS), layer=Layer.PARCELS), tmp_path)
    assert geo(path)["columns"]["geometry"]["geometry_types"] == ["LineString", "Point Z", "Polygon"]
    rows = {row["hash"][-1]: row for row in pq.read_table(path).to_pylist()}
    assert rows["0"]["bbox"] == {"xmin": 0, "ymin": 0, "xmax": 2, "ymax": 1}
    assert rows["1"]["geometry"] is rows["1"]["bbox"] is rows["3"]["bbox"] is None
    assert shapely.equals_exact(shapely.from_wkb(rows["4"]["geometry"]), shapely.from_wkt(PARCELS[4]))


def test_an_extract_without_any_geometry_has_no_bounds(tmp_path: Path) -> None:
    column = geo(written(extract(tmp_path, points([{}, {}])), tmp_path))["columns"]["geometry"]
    assert "bbox" not in column and column["geometry_types"] == []


@pytest.mark.parametrize("layer", [Layer.ADDRESSES, Layer.PARCELS])
def test_the_order_is_the_same_in_one_bucket_and_in_many(tmp_path: Path, layer: Layer) -> None:
    frame = scattered(2_000)
    if layer is Layer.PARCELS:
        places = frame.select("lon", "lat").rows()
        boxes = (f"POLYGON (({x} {y}, {x + 0.01} {y}, {x} {y + 0.01}, {x} {y}))" for x, y in places)
        frame = shapes(layer, list(boxes))
    made = extract(tmp_path, *frame.iter_slices(300), layer=layer)
    for name in ("one", "many"):
        (tmp_path / name).mkdir()
    one, many = written(made, tmp_path / "one"), written(made, tmp_path / "many", bucket_rows=100)
    assert hashes(one) == hashes(many)
    assert pq.read_metadata(one).num_row_groups == 1
    assert 15 <= pq.read_metadata(many).num_row_groups <= 25
    assert pq.read_table(one).equals(pq.read_table(many))


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    made = extract(tmp_path, *scattered(1_000).iter_slices(300))
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    one, other = (written(made, tmp_path / name, bucket_rows=100) for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()


def test_rows_at_one_place_still_fill_many_buckets_evenly(tmp_path: Path) -> None:
    made = extract(tmp_path, points([{"lon": 1.0, "lat": 2.0, "hash": f"{row:04}"} for row in range(1_000)]))
    path = written(made, tmp_path, bucket_rows=100)
    assert hashes(path) == [f"{row:04}" for row in range(1_000)]
    assert pq.read_metadata(path).num_row_groups == 10


def test_row_groups_cover_little_of_the_map(tmp_path: Path) -> None:
    path = written(extract(tmp_path, *scattered(5_000).iter_slices(1_000)), tmp_path, bucket_rows=250)
    meta = pq.read_metadata(path)
    column = next(index for index in range(meta.num_columns) if meta.schema.column(index).path == "bbox.xmin")
    stats = [meta.row_group(group).column(column).statistics for group in range(meta.num_row_groups)]
    whole = max(stat.max for stat in stats) - min(stat.min for stat in stats)
    assert np.median([stat.max - stat.min for stat in stats]) < whole / 4


def test_boxes_hold_their_geometry_in_single_precision() -> None:
    values = np.random.default_rng(1).uniform(-180, 180, 10_000)
    box = box_column(values, values, values, values)
    low, high = (box.field(edge).to_numpy().astype(np.float64) for edge in ("xmin", "xmax"))
    assert (low <= values).all() and (high >= values).all()
    assert (high - low < 3.1e-5).all()


def test_points_are_wkb_as_shapely_writes_it() -> None:
    lon, lat = np.array([1.5, np.nan, -179.9999999]), np.array([2.0, np.nan, 0.1])
    made = point_wkb(lon, lat)
    made.validate(full=True)
    assert made.to_pylist() == [
        shapely.to_wkb(shapely.Point(1.5, 2)),
        None,
        shapely.to_wkb(shapely.Point(-179.9999999, 0.1)),
    ]


def test_duckdb_finds_rows_by_their_box(tmp_path: Path) -> None:
    path = written(extract(tmp_path, *scattered(2_000).iter_slices(500)), tmp_path, bucket_rows=200)
    query = f"SELECT count(*), count(geometry), count(DISTINCT hash) FROM '{path}' WHERE bbox.xmin < 8.5"
    counted = duckdb.connect().execute(query).fetchall()[0]
    wanted = int((scattered(2_000)["lon"] < 8.5).sum())
    assert counted[1:] == (counted[0], counted[0])
    assert abs(counted[0] - wanted) <= 2


DUCKDB = """
import json, sys
import duckdb
query = "SELECT typeof(geometry), ST_AsText(geometry), bbox.xmin <= 1.5 AND bbox.xmax >= 1.5 FROM read_parquet(?)"
print(json.dumps(duckdb.execute(query, [sys.argv[1]]).fetchall()))
"""


def test_duckdb_knows_geometry_coordinate_system_and_box(tmp_path: Path) -> None:
    path = written(extract(tmp_path, points([{"lon": 1.5, "lat": 2.0}])), tmp_path)
    ((kind, *seen),) = consumer(DUCKDB, path)
    assert kind.startswith("GEOMETRY(") and '"code":4326' in kind
    assert seen == ["POINT (1.5 2)", True]


def test_geopandas_reads_points_in_epsg_4326(tmp_path: Path) -> None:
    path = written(extract(tmp_path, points([{"lon": 1.5, "lat": 2.0}, {}])), tmp_path)
    assert consumer(SHOW, path) == [4326, 2, "geometry", ["Point"]]


GROWTH = """
import sys
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from openaddr.outputs.geoparquet import GeoParquet
from tests.outputs.extracts import extract, fed, scattered
folder = Path(sys.argv[1])
def peak(rows):
    made = extract(folder, *(scattered(20_000, seed) for seed in range(rows // 20_000)))
    fed(GeoParquet(made, folder, folder, bucket_rows=10_000), made)
    return getrusage(RUSAGE_SELF).ru_maxrss / 1024
print(peak(200_000), peak(800_000))
"""


def test_memory_does_not_grow_with_the_number_of_rows(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", GROWTH, str(tmp_path)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root)
    some, four_times = map(float, answer.stdout.split())
    assert four_times - some < 60, f"{some:.0f} MB for 200,000 rows, {four_times:.0f} MB for 800,000"
