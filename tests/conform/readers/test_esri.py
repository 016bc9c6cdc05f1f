import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from openaddr.conform.readers.dataset import Batch, Points, Shapes
from openaddr.conform.readers.esri import open_esri
from openaddr.conform.readers.object_ids import ObjectIds
from openaddr.errors import Code, ProblemError, RowReason
from openaddr.stages import RowAccount

Row = tuple[str, ...]


def feature(attributes: Any, geometry: Any = None) -> dict[str, Any]:
    return {"attributes": attributes, "geometry": geometry}


def written(folder: Path, *pages: Any) -> list[Path]:
    paths = [folder / f"page-{number}.json" for number in range(len(pages))]
    for path, page in zip(paths, pages, strict=True):
        if isinstance(page, list):
            page = {"features": page}
        path.write_bytes(page if isinstance(page, bytes) else json.dumps(page).encode())
    return paths


def read(
    paths: list[Path], columns: tuple[str, ...] = (), wanted: tuple[str, ...] | None = None
) -> tuple[list[Row], list[Batch], RowAccount]:
    dataset, account, rows = open_esri(paths, columns), RowAccount(), list[Row]()
    assert dataset.crs == "EPSG:4326"
    batches = list(dataset.batches(dataset.columns if wanted is None else wanted, account))
    for batch in batches:
        rows += batch.frame.rows()
    account.kept = sum(len(batch.rows) for batch in batches)
    assert account.received == account.kept + account.rejected_total
    return rows, batches, account


def where(folder: Path, *geometries: Any) -> list[str | None]:
    """The geometry of features as WKT."""
    _, batches, _ = read(written(folder, [feature({"a": 1}, geometry) for geometry in geometries]))
    texts = list[str | None]()
    for batch in batches:
        if isinstance(batch.geometry, Points):
            pairs = zip(batch.geometry.x, batch.geometry.y, strict=True)
            texts += [None if np.isnan(x) else shapely.Point(x, y).wkt for x, y in pairs]
        elif isinstance(batch.geometry, Shapes):
            texts += [shape and shape.wkt for shape in batch.geometry.values]
    return texts


@pytest.mark.parametrize(
    ("value", "text"),
    [(5, "5"), (5.0, "5.0"), (1e20, "1e+20"), (0.1, "0.1"), (2**70, str(2**70)), (None, ""), (True, "True"),
     (False, "False"), ("a ", "a "), ("5", "5"), ("\ud83d\ude00", "😀"), ([1], "[1]"),
     (1609459200000, "1609459200000")],
)  # fmt: skip
def test_attributes_become_the_text_that_the_predecessor_wrote(tmp_path: Path, value: Any, text: str) -> None:
    assert read(written(tmp_path, [feature({"v": value})]))[0] == [(text,)]


VALUES = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.dictionaries(st.sampled_from("abc"), VALUES | TEXTS), max_size=4), max_size=4))
def test_any_attributes_give_pythons_text(
    tmp_path_factory: pytest.TempPathFactory, pages: list[list[dict[str, Any]]]
) -> None:
    paths = written(tmp_path_factory.mktemp("any"), *[[feature(one) for one in page] for page in pages])
    rows, batches, _ = read(paths, ("a", "b", "c"))
    everything = [one for page in pages for one in page]
    assert rows == [
        tuple("" if one.get(name) is None else str(one[name]) for name in ("a", "b", "c")) for one in everything
    ]
    assert [row for batch in batches for row in batch.rows.tolist()] == list(range(1, len(everything) + 1))


def test_columns_are_those_of_the_metadata_or_of_the_first_feature(tmp_path: Path) -> None:
    paths = written(tmp_path, [], [feature({"b": 1, "a": 2})])
    assert open_esri(paths, ()).columns == ("b", "a")
    assert open_esri(paths, ("a", "Shape", "b")).columns == ("a", "Shape", "b")
    assert read(paths, ("a", "Shape", "b"))[0] == [("2", "", "1")]
    _, (batch,), _ = read(paths, ("a",), ())
    assert (batch.frame.width, batch.rows.tolist()) == (0, [1])


def test_an_attribute_that_differs_in_case_alone_is_found_when_it_is_the_only_one(tmp_path: Path) -> None:
    paths = written(tmp_path, [feature({"STREET": "x", "No": 1, "NO": 2})], [feature({"street": "y", "no": 3})])
    assert read(paths, ("Street", "no", "No"))[0] == [("x", "", "1"), ("y", "3", "3")]


def test_the_same_object_id_is_taken_once_and_not_counted_twice(tmp_path: Path) -> None:
    first = {"objectIdFieldName": "OID", "features": [feature({"OID": n, "a": n}) for n in (1, 2, 2, 5)]}
    fields = [{"name": "a", "type": "esriFieldTypeString"}, {"name": "Oid", "type": "esriFieldTypeOID"}]
    second = {"fields": fields, "features": [feature({"OID": n, "a": -n}) for n in (5, 3, 1)]}
    rows, batches, account = read(written(tmp_path, first, second), ("a",))
    assert rows == [("1",), ("2",), ("5",), ("-3",)]
    assert account.received == 4
    assert batches[0].rows.tolist() == [1, 2, 3, 4]


def test_features_without_an_object_id_are_all_taken(tmp_path: Path) -> None:
    page = {"objectIdFieldName": "OID", "features": [feature({"a": 1}), feature({"a": 1, "OID": None})] * 2}
    assert read(written(tmp_path, page), ("a",))[2].received == 4


@given(st.lists(st.lists(st.integers(-600, 600) | st.integers() | st.none(), max_size=20), max_size=5))
def test_object_ids_are_remembered(pages: list[list[int | None]]) -> None:
    ids, seen = ObjectIds(), set[int]()
    for page in pages:
        expected = []
        for value in page:
            expected.append(value is None or value not in seen)
            seen |= {value} if value is not None else set()
        assert ids.fresh(page).tolist() == expected


SQUARE = [[0, 0], [0, 9], [9, 9], [9, 0], [0, 0]]
HOLE = [[1, 1], [8, 1], [8, 8], [1, 8], [1, 1]]
ISLAND = [[2, 2], [2, 7], [7, 7], [7, 2], [2, 2]]
POND = [[3, 3], [4, 3], [4, 4], [3, 3]]
FAR = [[20, 20], [20, 29], [29, 29], [29, 20], [20, 20]]
FAR_HOLE = [[21, 21], [22, 21], [22, 22], [21, 21]]


def text_of(*rings: list[list[int]]) -> str:
    return ", ".join("(" + ", ".join(f"{x} {y}" for x, y in ring) + ")" for ring in rings)


@pytest.mark.parametrize(
    ("geometry", "wkt"),
    [
        (None, None),
        ({}, None),
        ({"x": 1.5, "y": 2}, "POINT (1.5 2)"),
        ({"x": 0, "y": 0}, "POINT (0 0)"),
        ({"x": 1, "y": 2, "z": 3, "m": "NaN"}, "POINT (1 2)"),
        ({"x": "NaN", "y": "NaN"}, None),
        ({"x": "1.5", "y": "2"}, "POINT (1.5 2)"),
        ({"x": None, "y": 2}, None),
        ({"x": "a", "y": 2}, None),
        ({"points": [[1, 2]]}, "POINT (1 2)"),
        ({"points": [[1, 2], [3, 4, 5]]}, "MULTIPOINT ((1 2), (3 4))"),
        ({"points": []}, None),
        ({"points": [[]]}, None),
        ({"paths": [[[0, 0], [1, 1]]]}, "LINESTRING (0 0, 1 1)"),
        ({"paths": [[[0, 0], [1, 1]], [[2, 2]], [[3, 3], [4, 4]]]}, "MULTILINESTRING ((0 0, 1 1), (3 3, 4 4))"),
        ({"hasM": True, "paths": [[[0, 0, 7], [1, 1, None]]]}, "LINESTRING (0 0, 1 1)"),
        ({"paths": [[[0, 0]]]}, None),
        ({"paths": []}, None),
        ({"rings": [SQUARE]}, f"POLYGON ({text_of(SQUARE)})"),
        ({"rings": [SQUARE[:-1]]}, f"POLYGON ({text_of(SQUARE)})"),
        ({"rings": [HOLE]}, f"POLYGON ({text_of(HOLE)})"),
        ({"rings": [SQUARE, HOLE]}, f"POLYGON ({text_of(SQUARE, HOLE)})"),
        ({"rings": [HOLE, SQUARE]}, f"POLYGON ({text_of(SQUARE, HOLE)})"),
        ({"rings": [SQUARE, FAR]}, f"MULTIPOLYGON (({text_of(SQUARE)}), ({text_of(FAR)}))"),
        (
            {"rings": [SQUARE, FAR, HOLE, FAR_HOLE]},
            f"MULTIPOLYGON (({text_of(SQUARE, HOLE)}), ({text_of(FAR, FAR_HOLE)}))",
        ),
        (
            {"rings": [SQUARE, HOLE, ISLAND, POND]},
            f"MULTIPOLYGON (({text_of(SQUARE, HOLE)}), ({text_of(ISLAND, POND)}))",
        ),
        ({"rings": [SQUARE, FAR_HOLE]}, f"MULTIPOLYGON (({text_of(SQUARE)}), ({text_of(FAR_HOLE)}))"),
        ({"rings": [SQUARE[::-1], HOLE[::-1]]}, f"POLYGON ({text_of(SQUARE[::-1], HOLE[::-1])})"),
        ({"rings": [HOLE[::-1], SQUARE[::-1]]}, f"POLYGON ({text_of(SQUARE[::-1], HOLE[::-1])})"),
        (
            {"rings": [SQUARE[::-1], FAR[::-1], HOLE[::-1]]},
            f"MULTIPOLYGON (({text_of(SQUARE[::-1], HOLE[::-1])}), ({text_of(FAR[::-1])}))",
        ),
        (
            {"rings": [SQUARE[::-1], HOLE, ISLAND[::-1]]},
            f"MULTIPOLYGON (({text_of(SQUARE[::-1], HOLE)}), ({text_of(ISLAND[::-1])}))",
        ),
        ({"rings": [HOLE, HOLE]}, f"MULTIPOLYGON (({text_of(HOLE)}), ({text_of(HOLE)}))"),
        (
            {"hasZ": True, "hasM": True, "rings": [[[*at, 5, None] for at in ring] for ring in (SQUARE, HOLE)]},
            f"POLYGON ({text_of(SQUARE, HOLE)})",
        ),
        ({"rings": [HOLE, FAR_HOLE]}, f"MULTIPOLYGON (({text_of(HOLE)}), ({text_of(FAR_HOLE)}))"),
        ({"rings": [SQUARE, [[1, 1], [2, 2]], [[1, 1], [2, 2], [1, 1]], []]}, f"POLYGON ({text_of(SQUARE)})"),
        ({"rings": [[[1, 1], [2, 2]]]}, None),
        ({"rings": []}, None),
        ({"rings": [], "curveRings": [[[0, 0], [0, 9], [9, 9], [0, 0]]]}, "POLYGON ((0 0, 0 9, 9 9, 0 0))"),
        ({"paths": [[[0, 0], [1, 1]]], "curvePaths": [[[5, 5], [6, 6]]]}, "LINESTRING (0 0, 1 1)"),
    ],
)
def test_geometry_of_every_kind_is_given(tmp_path: Path, geometry: Any, wkt: str | None) -> None:
    assert where(tmp_path, geometry) == [wkt]
    others = [{"x": 5, "y": 6}, {"rings": [FAR]}, {"paths": [[[0, 0], [1, 1]]]}, None]
    wkts = ["POINT (5 6)", f"POLYGON ({text_of(FAR)})", "LINESTRING (0 0, 1 1)", None]
    assert where(tmp_path, *others, geometry) == [*wkts, wkt]


@pytest.mark.parametrize(
    "geometry",
    [
        {"rings": [[[0, 0], ["NaN", 9], [9, 9], [0, 0]]]},
        {"rings": [[[0, 0], [None, 9], [9, 9], [0, 0]]]},
        {"rings": [[[0, 0], [], [9, 9], [0, 0]]]},
        {"rings": "oops"},
        {"paths": [[[0, 0], [1]]]},
        {"paths": [[[0, 0], 1]]},
        {"curveRings": [[[0, 0], {"c": []}, {}]]},
        {"curvePaths": [[[0, 0], "x"]]},
        {"curvePaths": [[{"c": [[1, 1], [0, 1]]}]]},
        {"curvePaths": [[[0, 0], {"d": [[1, 1], [0, 1]]}]]},
        {"curvePaths": [[[0, 0], {"c": [[1, 1], [0, 1]], "b": []}]]},
        {"curvePaths": [[[0, 0], {"c": [["NaN", 1], [0, 1]]}]]},
        {"curvePaths": [[[0, 0], {"b": [[1, 1], [0, 1]]}]]},
        {"curvePaths": [[[0, 0], {"a": [[1, 1], [0, 1], 0]}]]},
        {"curvePaths": [[[0, 0], {"a": [[1, 1], [0, 1], 0, 1, 0, 5, 0]}]]},
        {"curvePaths": [[[0, 0], {"a": [[1, 1], [0, 1], 0, 1, "x", 5, 1]}]]},
        {"curvePaths": [[[0, 0], {"a": [[1, 1], [1e308, -1e308], 0, 1, 0.5]}]]},
        "oops",
        [1, 2],
    ],
)
def test_a_row_whose_geometry_is_broken_is_rejected_alone(tmp_path: Path, geometry: Any) -> None:
    for good in ({"x": 5, "y": 6}, {"rings": [SQUARE]}, {"paths": [[[0, 0], [1, 1]]]}):
        features = [feature({"a": 1}, good), feature({"a": 2}, geometry), feature({"a": 3}, good)]
        rows, batches, account = read(written(tmp_path, features))
        assert rows == [("1",), ("3",)]
        assert batches[0].rows.tolist() == [1, 3]
        assert account.rejected == {RowReason.GEOMETRY_BROKEN: 1}
        assert account.examples[0].row == 2


@pytest.mark.parametrize(
    ("segment", "through", "length"),
    [
        # Half circles around 5 0, above and below.
        ({"c": [[10, 0], [5, 5]]}, (5, 5), 15.708),
        ({"c": [[10, 0, 7, 8], [5, -5]]}, (5, -5), 15.708),
        ({"c": [[10, 0], [5, 0]]}, (5, 0), 10),
        # A whole circle ends where it begins.
        ({"c": [[0, 0], [10, 0]]}, (5, 5), 31.416),
        ({"a": [[10, 0], [5, 0], 0, 1]}, (5, 5), 15.708),
        ({"a": [[10, 0], [5, 0], 0, 0]}, (5, -5), 15.708),
        ({"a": [[0, 0], [5, 0], 0, 1]}, (10, 0), 31.416),
        ({"a": [[0, 1e-8], [5, 0], 0, 0]}, (10, 0), 31.416),
        ({"a": [[5, 5], [5, 0], 1, 1, 0, 5, 1]}, (1.4645, 3.5355), 7.854),
        ({"a": [[5, 5], [5, 0], 0, 0, 0, 5, 1]}, (10, 0), 23.562),
        # Half an ellipse, lying and standing: half axes 5 and 2.
        ({"a": [[10, 0], [5, 0], 0, 1, 0, 5, 0.4]}, (5, 2), 11.506),
        ({"a": [[10, 0], [5, 0], 0, 1, 1.5707963, 12.5, 0.4]}, (5, 12.5), 28.766),
        ({"b": [[10, 0], [0, 5], [10, 5]]}, (5, 3.75), 13.944),
        ({"b": [[10, 0], [0, 0], [10, 0]]}, (5, 0), 10),
    ],
)
def test_curves_become_lines_along_them(
    tmp_path: Path, segment: Any, through: tuple[float, float], length: float
) -> None:
    ends = [[0, 0], segment, [20, 20]]
    (wkt,) = where(tmp_path, {"curvePaths": [ends]})
    line: Any = shapely.from_wkt(wkt)
    (end,) = segment.values()
    last = shapely.Point(end[0][:2]).distance(shapely.Point(20, 20))
    assert line.coords[0] == (0, 0) and line.coords[-1] == (20, 20)
    assert line.distance(shapely.Point(through)) < 0.02
    assert line.length - last == pytest.approx(length, rel=2e-3)
    assert len(line.coords) < 100


def test_a_circle_is_a_polygon_and_its_hole_is_one_too(tmp_path: Path) -> None:
    outer, inner = [[0, 0], {"c": [[0, 0], [10, 0]]}], [[4, 0], {"a": [[4, 0], [5, 0], 0, 0]}]
    (wkt,) = where(tmp_path, {"curveRings": [outer, inner]})
    shape: Any = shapely.from_wkt(wkt)
    assert (shape.geom_type, len(shape.interiors)) == ("Polygon", 1)
    assert shape.area == pytest.approx(np.pi * (25 - 1), rel=3e-3)
    assert shape.is_valid


def test_what_is_no_feature_is_rejected(tmp_path: Path) -> None:
    rows, _, account = read(written(tmp_path, [feature({"a": 1}), 5, None, feature([1]), feature(None)]), ("a",))
    assert rows == [("1",), ("",)]
    assert account.rejected == {RowReason.ROW_UNREADABLE: 3}


def test_lenient_json_is_read(tmp_path: Path) -> None:
    page = (
        b'\xef\xbb\xbf{"features": [{"attributes": {"a": "tab\there", "b": NaN}, "geometry": {"x": NaN, "y": 1}},'
        b'{"attributes": {"a": "\\ud800", "b": 1}, "geometry": {"x": 1, "y": 1}}]}'
    )
    paths = written(tmp_path, page)
    rows, _, account = read(paths, ("a", "b"))
    assert (rows, account.rejected) == ([("tab\there", "nan")], {RowReason.ROW_ENCODING: 1})
    assert read(paths, ("a", "b"), ("b",))[0] == [("nan",), ("1",)]


def test_bad_bytes_cost_only_rows_that_need_them(tmp_path: Path) -> None:
    page = b'{"features": [{"attributes": {"a": "b\xe4d", "b": 1}}, {"attributes": {"a": "x", "b": 2}}]}'
    rows, _, account = read(written(tmp_path, page))
    assert (rows, account.rejected) == ([("x", "2")], {RowReason.ROW_ENCODING: 1})
    assert account.examples[0].value == r"b\xe4d"


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (b"", "page-1.json is not JSON"),
        (b"<html>", "page-1.json is not JSON.*<html>"),
        (b'{"features": [{"attr', "page-1.json is not JSON"),
        (b"[" * 50_000, "page-1.json is not JSON"),
        (b"[1]", "page-1.json is not an answer of an ESRI layer query"),
        (b"{}", "it has no members"),
        (b'{"error": {"code": 498, "message": "Invalid Token"}}', "it has the error 'Invalid Token'"),
        (b'{"count": 5}', "it has only count"),
        (b'{"features": 5}', "page-1.json is not an answer"),
    ],
)
def test_a_page_that_is_no_answer_is_named(tmp_path: Path, page: bytes, words: str) -> None:
    with pytest.raises(ProblemError, match=f"(?s){words}") as caught:
        read(written(tmp_path, [feature({"a": 1})], page))
    assert caught.value.problem.code is Code.DATA_UNREADABLE


def test_small_pages_are_joined_into_one_batch_and_large_data_is_split(tmp_path: Path) -> None:
    pages = [[feature({"a": f"{page}-{n}"}, {"x": n, "y": page}) for n in range(900)] for page in range(20)]
    rows, batches, _ = read(written(tmp_path, *pages))
    assert [len(batch.rows) for batch in batches] == [17_100, 900]
    assert rows[901] == ("1-1",)
    assert isinstance(batches[1].geometry, Points)
    assert batches[1].geometry.y[0] == 19


def test_no_pages_and_empty_pages_have_no_rows(tmp_path: Path) -> None:
    assert read([])[1] == []
    assert read(written(tmp_path, [], []), ("a",))[1] == []
