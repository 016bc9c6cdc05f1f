"""GeoJSON lines: every line is a feature that any JSON reader understands."""

import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openaddr.extract import text_columns
from openaddr.outputs.geojsonl import GeoJsonLines
from openaddr.stages import Extract, Layer
from tests.outputs.consumers import consumer
from tests.outputs.extracts import extract, fed, points, shapes

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ['"', "\\", "\x00\x1f\x7f", "\n\r\t\b\f", "\u2028\u2029\x85", "שלום", "👩\u200d👧", '{"a":', "a\\u0041", "}", "{"]
)
LON, LAT = st.floats(-180, 180), st.floats(-90, 90)


def lines(made: Extract, folder: Path) -> list[str]:
    text = gzip.decompress(fed(GeoJsonLines(made, folder), made).path.read_bytes()).decode("utf-8")
    assert text.endswith("\n") or not made.rows
    return text.split("\n")[:-1]


def features(made: Extract, folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(made, folder)]


def test_a_line_has_hash_and_attributes_in_order_and_the_point(tmp_path: Path) -> None:
    made = extract(tmp_path, points([{"hash": "00ff", "number": "12", "street": "Rue d'Été", "lon": 2.5, "lat": 48.0}]))
    assert lines(made, tmp_path) == [
        '{"type":"Feature","properties":{"hash":"00ff","number":"12","street":"Rue d\'Été","unit":"","city":"",'
        '"district":"","region":"","postcode":"","id":"","accuracy":""},'
        '"geometry":{"type":"Point","coordinates":[2.5,48.0]}}'
    ]


@given(st.lists(st.tuples(TEXT, TEXT, TEXT, LON, LAT), min_size=1, max_size=8))
def test_any_text_and_any_place_comes_back(rows: list[tuple[str, str, str, float, float]]) -> None:
    names = ("number", "street", "accuracy", "lon", "lat")
    frame = points([dict(zip(names, row, strict=True)) for row in rows])
    with tempfile.TemporaryDirectory() as folder:
        found = features(extract(Path(folder), frame), Path(folder))
    back = [tuple(one["properties"][name] for name in names[:3]) for one in found]
    assert back == [row[:3] for row in rows]
    assert [one["geometry"]["coordinates"] for one in found] == [list(row[3:]) for row in rows]


@pytest.mark.parametrize("text", ["5", "-1.5", "1e+20", "12345678901234567890"])
def test_a_numeric_attribute_is_a_json_number_as_it_stands(tmp_path: Path, text: str) -> None:
    made = extract(tmp_path, points([{"accuracy": text}]), numeric=frozenset({"accuracy"}))
    assert f'"accuracy":{text}}}' in lines(made, tmp_path)[0]


def test_a_numeric_attribute_without_value_stays_empty_text(tmp_path: Path) -> None:
    made = extract(tmp_path, points([{}]), numeric=frozenset({"accuracy"}))
    assert features(made, tmp_path)[0]["properties"]["accuracy"] == ""


@pytest.mark.parametrize("numeric", [{"hash"}, {"height"}, {"levels"}, {"height", "levels"}, {"hash", "levels"}])
def test_numeric_attributes_may_stand_anywhere(tmp_path: Path, numeric: set[str]) -> None:
    frame = shapes(Layer.BUILDINGS, [None]).with_columns(hash=pl.lit("1"), height=pl.lit("2.5"), levels=pl.lit("3"))
    made = extract(tmp_path, frame, layer=Layer.BUILDINGS, numeric=frozenset(numeric))
    found = features(made, tmp_path)[0]["properties"]
    plain = {"hash": "1", "height": "2.5", "levels": "3"}
    assert list(found) == list(text_columns(Layer.BUILDINGS))
    assert found == {name: json.loads(text) if name in numeric else text for name, text in plain.items()}


def test_a_row_without_geometry_has_null(tmp_path: Path) -> None:
    assert features(extract(tmp_path, points([{}])), tmp_path)[0]["geometry"] is None


def test_shapes_are_written_with_all_their_rings_and_numbers(tmp_path: Path) -> None:
    wkt = ["POLYGON ((0 0, 4 0, 4 4, 0 0), (1 0.5, 2 0.5, 2 1.1234567, 1 0.5))", None, "LINESTRING (1e-07 2, 3 4)"]
    found = features(extract(tmp_path, shapes(Layer.PARCELS, wkt), layer=Layer.PARCELS), tmp_path)
    assert found[0]["geometry"]["coordinates"][1][2] == [2, 1.1234567]
    assert found[1]["geometry"] is None
    assert found[2]["geometry"] == {"type": "LineString", "coordinates": [[1e-07, 2], [3, 4]]}


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    made = extract(tmp_path, points([{"street": "x", "lon": 1.0, "lat": 2.0}]))
    (tmp_path / "again").mkdir()
    one, other = (fed(GeoJsonLines(made, folder), made) for folder in (tmp_path, tmp_path / "again"))
    assert one.path.read_bytes() == other.path.read_bytes()
    assert one.path.read_bytes()[4:8] == bytes(4), "the header of gzip has a time"


def test_gdal_opens_it_without_being_told_what_it_is(tmp_path: Path) -> None:
    made = extract(tmp_path, points([{"street": "ß", "lon": 1.0, "lat": 2.0}] * 3))
    output = fed(GeoJsonLines(made, tmp_path), made)
    plain = tmp_path / "plain.geojsonl"
    plain.write_bytes(gzip.decompress(output.path.read_bytes()))
    program = """
import json, sys
import pyogrio
found = pyogrio.read_info(sys.argv[1], force_feature_count=True)
print(json.dumps([found["driver"], found["features"]]))
"""
    assert consumer(program, plain) == ["GeoJSONSeq", output.rows] == ["GeoJSONSeq", 3]
