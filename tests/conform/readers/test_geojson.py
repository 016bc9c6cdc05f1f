import json
import math
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from openaddr.conform.readers.dataset import Batch, Points, Shapes
from openaddr.conform.readers.feature_stream import Limits
from openaddr.conform.readers.geojson import GeojsonFile, declared_crs, open_geojson
from openaddr.errors import Code, ProblemError, RowReason
from openaddr.stages import RowAccount

BLOCKS = (1, 64, 300, 2 << 20)
POINT = {"type": "Point", "coordinates": [1.5, 2]}


def feature(properties: Any, geometry: Any = POINT) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def opened(path: Path, data: Any, encoding: str | None = None, block: int = 2 << 20) -> GeojsonFile:
    if not isinstance(data, bytes):
        data = (data if isinstance(data, str) else json.dumps(data)).encode()
    path.write_bytes(data)
    return open_geojson(path, encoding=encoding, limits=Limits(block, 100_000))


def read(file: GeojsonFile, *columns: str) -> tuple[list[tuple[str, ...]], list[Batch], RowAccount]:
    account, rows, batches = RowAccount(), list[tuple[str, ...]](), list[Batch]()
    for batch in file.batches(columns or file.columns, account):
        rows += batch.frame.rows()
        batches.append(batch)
    account.kept = sum(len(batch.rows) for batch in batches)
    assert account.received == account.kept + account.rejected_total
    return rows, batches, account


def shapes(batches: list[Batch]) -> list[str]:
    texts = list[str]()
    for batch in batches:
        if isinstance(batch.geometry, Points):
            texts += [shapely.Point(x, y).wkt for x, y in zip(batch.geometry.x, batch.geometry.y, strict=True)]
        elif isinstance(batch.geometry, Shapes):
            texts += [shape.wkt for shape in batch.geometry.values]
    return texts


def as_text(value: Any) -> str:
    """The rule of the predecessor, said plainly."""
    if value is None:
        return ""
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return str(int(value))
    return str(value)


NAMES = st.sampled_from(["a", "b", "straße", 'q"uote', "back\\slash", "", "properties"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.sampled_from(["},{", "}\n{", "]}", '"', "\\"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=4,
)
FEATURES = st.lists(st.dictionaries(NAMES, VALUES, max_size=4).map(feature), max_size=12)


@settings(max_examples=200, deadline=None)
@given(FEATURES, st.sampled_from(BLOCKS), st.sampled_from([None, 1]), st.booleans(), st.sampled_from("cals"))
def test_any_features_in_any_form_give_what_pythons_json_gives(
    tmp_path_factory: pytest.TempPathFactory,
    features: list[dict[str, Any]],
    block: int,
    indent: int | None,
    ascii_only: bool,
    form: str,
) -> None:
    def text(value: Any, indented: int | None = indent) -> str:
        return json.dumps(value, indent=indented, ensure_ascii=ascii_only)

    data = {
        "c": text({"type": "FeatureCollection", "name": "},{", "features": features, "bbox": [1, 2, 3, 4]}),
        "a": text(features),
        "l": "".join(text(one, None) + "\n" for one in features) or "[]",
        "s": "".join("\x1e" + text(one) + "\n" for one in features) or "[]",
    }[form]
    file = opened(tmp_path_factory.getbasetemp() / "any.geojson", data, block=block)
    names = tuple(dict.fromkeys(name for one in features for name in one["properties"]))
    if block > 100_000:
        assert file.columns == names
    rows, batches, account = read(file, *names)
    if names:
        assert rows == [tuple(as_text(one["properties"].get(name)) for name in names) for one in features]
    assert account.kept == len(features)
    assert shapes(batches) == ["POINT (1.5 2)"] * len(features)
    assert [row for batch in batches for row in batch.rows.tolist()] == list(range(1, len(features) + 1))


ONE, TWO = json.dumps(feature({"a": "1"})), json.dumps(feature({"a": "2"}))


@pytest.mark.parametrize(
    "text",
    [
        f'{{"type":"FeatureCollection","features":[{ONE},{TWO}]}}',
        f'{{"features":[{ONE},{TWO}],"type":"FeatureCollection","crs":null,"x":[{{}},{{}}]}}',
        f'  {{ "type" : "FeatureCollection" , "crs":{{"a":[1,"]}}"]}}, "features" : [ {ONE} ,\n\n {TWO} ] }}  \n',
        f'\ufeff{{"type":"FeatureCollection","features":[{ONE},{TWO}]}}',
        f"[{ONE},{TWO}]",
        f"[\n{ONE}\n,\r\n{TWO}\n]\n",
        f"{ONE}\n{TWO}\n",
        f"{ONE}\r\n\r\n{TWO}",
        f"{ONE} {TWO}",
        f"\x1e{ONE}\n\x1e{TWO}\n",
        f"[{ONE},{TWO},]",
    ],
)
def test_every_form_of_geojson_is_read(tmp_path: Path, text: str) -> None:
    for block in BLOCKS:
        rows, batches, _ = read(opened(tmp_path / "form.json", text, block=block))
        assert rows == [("1",), ("2",)]
        assert shapes(batches) == ["POINT (1.5 2)"] * 2


@pytest.mark.parametrize(
    "data",
    [
        {"type": "FeatureCollection", "features": []},
        {"type": "FeatureCollection", "features": None},
        {"type": "FeatureCollection"},
        [],
    ],
)
def test_collections_without_features_have_no_rows(tmp_path: Path, data: Any) -> None:
    file = opened(tmp_path / "empty.json", data)
    assert file.columns == ()
    assert read(file)[2].received == 0


def test_a_single_feature_is_one_row(tmp_path: Path) -> None:
    assert read(opened(tmp_path / "one.json", feature({"a": 1, "features": [1]})), "a")[0] == [("1",)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("5", "5"), ("5.0", "5"), ("-0.0", "0"), ("1e20", "100000000000000000000"), ("0.1", "0.1"), ("1e-7", "1e-07"),
        ("123456789012345678901234567890", "123456789012345678901234567890"), ("true", "True"), ("false", "False"),
        ("null", ""),
        ('"a b "', "a b "), ('[1, 2.0, null, "x"]', "[1, 2.0, None, 'x']"), ('{"a": true}', "{'a': True}"),
        ("1e400", "inf"), ("NaN", "nan"), ('"tab\\tand\ttab"', "tab\tand\ttab"),
    ],
)  # fmt: skip
def test_values_become_the_text_that_the_predecessor_wrote(tmp_path: Path, value: str, text: str) -> None:
    data = f'{{"features": [{{"properties": {{"v": {value}}}, "geometry": {json.dumps(POINT)}}}]}}'
    assert read(opened(tmp_path / "value.json", data))[0] == [(text,)]


def test_a_property_may_have_no_name(tmp_path: Path) -> None:
    file = opened(tmp_path / "x.geojson", [feature({"": "a", "b": "c"})])
    _, (batch,), _ = read(file)
    assert batch.frame.to_dict(as_series=False) == {"": ["a"], "b": ["c"]}


def test_columns_are_the_union_of_the_first_block_and_absent_ones_are_empty(tmp_path: Path) -> None:
    features = [feature({"a": 1}), feature(None), feature({"b": 2, "a": 3}), {"type": "Feature", "geometry": POINT}]
    file = opened(tmp_path / "union.json", features)
    assert file.columns == ("a", "b")
    assert read(file, "b", "a")[0] == [("", "1"), ("", ""), ("2", "3"), ("", "")]
    account = RowAccount()
    (batch,) = file.batches((), account)
    assert (batch.frame.width, len(batch.rows), account.received) == (0, 4, 4)


def test_a_wanted_property_may_come_first_in_a_later_block(tmp_path: Path) -> None:
    path = tmp_path / "late.json"
    features = [feature({"a": str(number)}) for number in range(20)] + [feature({"late": "b"}), feature({"c": "d"})]
    assert opened(path, features, block=64).columns == ("a",)
    file = open_geojson(path, encoding=None, wanted=["late", "a"], limits=Limits(64, 100_000))
    assert file.columns[:2] == ("a", "late")
    assert read(file, "late")[0] == [("",)] * 20 + [("b",), ("",)]


SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
HOLE = [[1, 1], [1, 2], [2, 2], [1, 1]]


@pytest.mark.parametrize(
    ("geometry", "wkt"),
    [
        ({"type": "Point", "coordinates": [1, 2, 3]}, "POINT (1 2)"),
        ({"type": "Point", "coordinates": [1, 2, 3, 4]}, "POINT (1 2)"),
        ({"coordinates": [1, 2], "bbox": [1], "type": "Point"}, "POINT (1 2)"),
        ({"type": "MultiPoint", "coordinates": [[1, 2]]}, "MULTIPOINT ((1 2))"),
        ({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, "LINESTRING (0 0, 1 1)"),
        ({"type": "LineString", "coordinates": [[0, 0, 5], [1, 1, 6]]}, "LINESTRING Z (0 0 5, 1 1 6)"),
        ({"type": "LineString", "coordinates": [[0, 0, 5, 9], [1, 1, 6, 9]]}, "LINESTRING Z (0 0 5, 1 1 6)"),
        (
            {"type": "MultiLineString", "coordinates": [[[0, 0], [1, 1]], [[2, 2], [3, 3]]]},
            "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))",
        ),
        (
            {"type": "Polygon", "coordinates": [SQUARE, HOLE]},
            "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 1 2, 2 2, 1 1))",
        ),
        ({"type": "Polygon", "coordinates": [SQUARE[:-1]]}, "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE[:-1]]]}, "MULTIPOLYGON (((0 0, 4 0, 4 4, 0 4, 0 0)))"),
        (
            {"type": "Polygon", "coordinates": [[[0, 0, 1], [4, 0, 1], [4, 4, 1]]]},
            "POLYGON Z ((0 0 1, 4 0 1, 4 4 1, 0 0 1))",
        ),
        (
            {"type": "GeometryCollection", "geometries": [POINT, {"type": "Polygon", "coordinates": [SQUARE[:-1]]}]},
            "GEOMETRYCOLLECTION (POINT (1.5 2), POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0)))",
        ),
    ],
)  # fmt: skip
def test_geometry_of_every_kind_is_given(tmp_path: Path, geometry: Any, wkt: str) -> None:
    _, batches, account = read(opened(tmp_path / "shape.json", [feature({}, geometry)]), "a")
    assert shapes(batches) == [wkt]
    _, batches, account = read(opened(tmp_path / "shape.json", [feature({}), feature({}, geometry), feature({})]), "a")
    assert shapes(batches) == ["POINT (1.5 2)", wkt, "POINT (1.5 2)"]
    assert account.rejected_total == 0


RING = st.lists(st.tuples(st.integers(-9, 9), st.floats(-9, 9)), min_size=2, max_size=6).map(
    lambda ring: [*ring, ring[0]]
)
POLYGON = st.lists(RING, min_size=1, max_size=3)
FLAT = st.one_of(
    st.none(),
    RING.map(lambda line: {"type": "LineString", "coordinates": line}),
    st.lists(RING, max_size=3).map(lambda lines: {"type": "MultiLineString", "coordinates": lines}),
    POLYGON.map(lambda rings: {"type": "Polygon", "coordinates": rings}),
    st.lists(POLYGON, max_size=3).map(lambda parts: {"type": "MultiPolygon", "coordinates": parts}),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(FLAT, min_size=1, max_size=8))
def test_shapes_built_by_the_column_equal_those_that_geos_reads(
    tmp_path_factory: pytest.TempPathFactory, geometries: list[dict[str, Any] | None]
) -> None:
    _, batches, _ = read(
        opened(tmp_path_factory.getbasetemp() / "flat.json", [feature({}, one) for one in geometries]), "a"
    )
    read_alone = [shapely.from_geojson(json.dumps(one), on_invalid="ignore") for one in geometries if one]
    assert shapes(batches) == [shape.wkt for shape in read_alone if shape is not None and not shape.is_empty]


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        ("null", RowReason.GEOMETRY_MISSING),
        ('{"type":"Point","coordinates":[]}', RowReason.GEOMETRY_MISSING),
        ('{"type":"MultiPolygon","coordinates":[]}', RowReason.GEOMETRY_MISSING),
        ('{"type":"Point","coordinates":[1]}', RowReason.GEOMETRY_BROKEN),
        ('{"type":"Point","coordinates":[NaN,1]}', RowReason.GEOMETRY_BROKEN),
        ('{"type":"Point","coordinates":[1e999,1]}', RowReason.GEOMETRY_BROKEN),
        ('{"type":"Point","coordinates":["1","2"]}', RowReason.GEOMETRY_BROKEN),
        ('{"type":"Point","coordinates":[null,2]}', RowReason.GEOMETRY_BROKEN),
        ('{"type":"Point"}', RowReason.GEOMETRY_BROKEN),
        ('{"type":"Polygon","coordinates":[[[0,0],[1,1]]]}', RowReason.GEOMETRY_BROKEN),
        ('{"type":"Circle","coordinates":[0,0]}', RowReason.GEOMETRY_BROKEN),
        ("{}", RowReason.GEOMETRY_BROKEN),
        ("5", RowReason.GEOMETRY_BROKEN),
    ],
)
def test_a_row_whose_geometry_cannot_be_used_is_rejected_alone(
    tmp_path: Path, geometry: str, reason: RowReason
) -> None:
    for other in (POINT, {"type": "Polygon", "coordinates": [SQUARE]}):
        good = json.dumps(feature({"a": "x"}, other))
        bad = f'{{"type":"Feature","properties":{{"a":"y"}},"geometry":{geometry}}}'
        for block in BLOCKS:
            rows, batches, account = read(opened(tmp_path / "bad.json", f"[{good},{bad},{good}]", block=block), "a")
            assert rows == [("x",), ("x",)]
            assert account.rejected == {reason: 1}
            assert account.examples[0].row == 2
            assert [row for batch in batches for row in batch.rows.tolist()] == [1, 3]


def test_a_feature_without_geometry_member_is_rejected(tmp_path: Path) -> None:
    account = read(opened(tmp_path / "no.json", [{"properties": {"a": 1}}, feature({"a": 2})]))[2]
    assert account.rejected == {RowReason.GEOMETRY_MISSING: 1}


def test_what_is_no_object_among_features_is_rejected(tmp_path: Path) -> None:
    rows, _, account = read(opened(tmp_path / "odd.json", [feature({"a": 1}), 5, None, feature({"a": 2})]))
    assert rows == [("1",), ("2",)]
    assert account.rejected == {RowReason.ROW_UNREADABLE: 2}


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8", None), ("utf-8-sig", None), ("utf-16", None), ("utf-16-le", None), ("utf-16-be", None),
     ("utf-32", None), ("utf-8", "CP1251"), ("cp1251", "CP1251"), ("utf-16-le", "UTF-16")],
)  # fmt: skip
def test_json_is_utf8_unless_its_bytes_deny_it(tmp_path: Path, encoding: str, declared: str | None) -> None:
    data = json.dumps([feature({"улица": "Мир"})] * 3, ensure_ascii=False).encode(encoding)
    for block in BLOCKS:
        file = opened(tmp_path / "text.json", data, declared, block)
        assert file.columns == ("улица",)
        assert read(file)[0] == [("Мир",)] * 3


def test_bad_bytes_cost_only_rows_that_need_them(tmp_path: Path) -> None:
    data = json.dumps([feature({"a": "x", "b": "BAD"}), feature({"a": "y", "b": "z"})]).encode()
    file = opened(tmp_path / "bad.json", data.replace(b"BAD", b"b\xe4d"))
    rows, _, account = read(file, "a", "b")
    assert rows == [("y", "z")]
    assert account.rejected == {RowReason.ROW_ENCODING: 1}
    assert (account.examples[0].row, account.examples[0].value) == (1, r"b\xe4d")
    assert read(file, "a")[0] == [("x",), ("y",)]


def test_a_lone_surrogate_costs_only_rows_that_need_it(tmp_path: Path) -> None:
    file = opened(tmp_path / "lone.json", json.dumps([feature({"a": "\ud800", "b": 1}), feature({"a": "y", "b": 2})]))
    assert read(file, "b")[0] == [("1",), ("2",)]
    rows, _, account = read(file, "a")
    assert (rows, account.rejected) == ([("y",)], {RowReason.ROW_ENCODING: 1})


MANY = ",".join([ONE] * 50)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", Code.DATA_EMPTY, "0 bytes"),
        (" \n", Code.DATA_EMPTY, "2 bytes"),
        ("<html>", Code.DATA_UNREADABLE, "starts with b'<html>'"),
        ('{"error": {"code": 400}}', Code.DATA_UNREADABLE, "an object with error"),
        ('{"type": "Point", "coordinates": [1, 2]}', Code.DATA_UNREADABLE, "an object with type, coordinates"),
        (f"[{MANY}", Code.TRUNCATED, "after 50 whole features"),
        (f"[{MANY},", Code.TRUNCATED, "after 50 whole features"),
        (f"[{MANY},{ONE[:-1]}", Code.TRUNCATED, "after 50 whole features"),
        (f"[{MANY},{ONE[:-20]}", Code.TRUNCATED, "after 50 whole features"),
        (f'{{"features":[{MANY}]', Code.TRUNCATED, "after 50 whole features"),
        (f'{{"features":[{MANY}],"x":[1', Code.TRUNCATED, "after 50 whole features"),
        ('{"type":"FeatureCollection","feat', Code.TRUNCATED, "after 0 whole features"),
        (f"{ONE}\n{ONE}\n{ONE[:30]}", Code.TRUNCATED, "after 2 whole features"),
        (f'[{MANY},{{"properties":oops}},{MANY}]', Code.DATA_UNREADABLE, r"'oops}.*after 50 whole features"),
        (f"[{MANY} {MANY}]", Code.DATA_UNREADABLE, "after 49 whole features"),
        (f"{ONE}\n{{oops}}\n{ONE}\n", Code.DATA_UNREADABLE, "after 1 whole features"),
        (f'[{MANY},{{"properties":{{"a":{"[" * 20_000}', Code.DATA_UNREADABLE, "nested too deeply"),
        (f'[{MANY},{{"properties":{{"a":"{"x" * 200_000}"}}}}]', Code.DATA_UNREADABLE, "Feature 51 is longer than"),
        (f'{{"x":"{"x" * 400_000}","features":[{ONE}]}}', Code.DATA_UNREADABLE, "before the features is longer"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(tmp_path: Path, text: str, code: Code, words: str) -> None:
    for block in (64, 2000):
        with pytest.raises(ProblemError, match=words) as caught:
            read(opened(tmp_path / "bad.json", text, block=block), "a")
        assert caught.value.problem.code is code


@pytest.mark.parametrize(
    ("member", "crs"),
    [
        (None, "EPSG:4326"),
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}, "EPSG:4326"),
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25832"}}, "EPSG:25832"),
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG:6.9:25832"}}, "EPSG:25832"),
        ({"type": "name", "properties": {"name": "EPSG:3857"}}, "EPSG:3857"),
        ({"type": "name", "properties": {"name": "http://www.opengis.net/def/crs/EPSG/0/2180"}}, "EPSG:2180"),
        ({"type": "EPSG", "properties": {"code": 2056}}, "EPSG:2056"),
        ({"type": "link", "properties": {"href": "x"}}, "EPSG:4326"),
        ({"type": "name", "properties": {"name": "EPSG:oops"}}, "EPSG:4326"),
        ("EPSG:2056", "EPSG:4326"),
    ],
)
def test_an_old_crs_member_before_the_features_is_reported(tmp_path: Path, member: Any, crs: str) -> None:
    assert declared_crs(member) == crs
    assert opened(tmp_path / "crs.json", {"crs": member, "features": [feature({})]}).crs == crs
    assert opened(tmp_path / "crs.json", {"features": [feature({})], "crs": member}).crs == "EPSG:4326"
