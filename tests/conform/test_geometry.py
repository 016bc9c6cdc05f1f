import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st

from openaddr.conform import geometry as geo
from openaddr.conform.readers.dataset import Points, Shapes
from openaddr.errors import Code, ProblemError
from tests.hostile.canaries import READS, Watch

NAN = float("nan")
POLISH_X, POLISH_Y = 362247.370000110415276, 362733.549999997019768


def shapes(*texts: str | None) -> Shapes:
    return Shapes(np.array([text and shapely.from_wkt(text) for text in texts], dtype=np.object_))


def points(*pairs: tuple[float, float]) -> Points:
    x, y = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    return Points(x, y)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.5", 1.5),
        ("1,5", 1.5),
        (" 1.5\t", 1.5),
        ("+10", 10.0),
        ("-,5", -0.5),
        ("3.", 3.0),
        ("1e2", 100.0),
        ("0", 0.0),
    ],
)
def test_a_number_may_have_a_comma_a_plus_and_blanks_around(text: str, number: float) -> None:
    placed, bad = geo.points_from_text(pl.Series([text]), pl.Series(["2"]))
    assert (placed.x.tolist(), placed.y.tolist(), bad.tolist()) == ([number], [2.0], [False])


@pytest.mark.parametrize(
    "text",
    ["abc", "NULL", "nan", "inf", "-inf", "infinity", "-", "1.5.2", "1,234.5", "1,2,3", "10°", "1_0", "0x1F", "1e999"],
)
def test_text_that_is_no_number_is_bad(text: str) -> None:
    placed, bad = geo.points_from_text(pl.Series(["1", text]), pl.Series(["2", "2"]))
    assert bad.tolist() == [False, True]
    assert math.isnan(placed.x[1]) and math.isnan(placed.y[1])


@pytest.mark.parametrize("text", [",", ".", "e5", "٣", "--1", "10 5", "+ 1"])
def test_parts_of_numbers_are_bad(text: str) -> None:
    _, bad = geo.points_from_text(pl.Series(["2", "2"]), pl.Series(["1", text]))
    assert bad.tolist() == [False, True]


@pytest.mark.parametrize("lon, lat", [("", ""), ("", "2"), ("1", "  "), ("", "abc")])
def test_a_blank_coordinate_is_no_geometry_and_not_bad(lon: str, lat: str) -> None:
    placed, bad = geo.points_from_text(pl.Series([lon]), pl.Series([lat]))
    assert np.isnan([placed.x[0], placed.y[0]]).all()
    assert not bad[0]


def plain_number(text: str) -> float | None:
    bare = text.strip().replace(",", ".", 1)
    if not set(bare.lower()) <= set("0123456789+-.e"):
        return None
    try:
        value = float(bare)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


@given(st.lists(st.text("0123456789.,+-eE _xinfa", max_size=9) | st.floats().map(repr), min_size=1))
@example(["1_0", "0x1", "inf", ".e1", "1e", "1.e5", "+.5", "-0"])
def test_numbers_are_those_that_python_reads(texts: list[str]) -> None:
    placed, bad = geo.points_from_text(pl.Series(texts), pl.Series(["1"] * len(texts)))
    for text, x, spoilt in zip(texts, placed.x.tolist(), bad.tolist(), strict=True):
        expected = plain_number(text)
        assert spoilt == (expected is None and bool(text.strip())), text
        assert (None if math.isnan(x) else x) == expected, text


@pytest.mark.parametrize("srs", ["EPSG:2180", "2180", " epsg:2180 ", "urn:ogc:def:crs:EPSG::2180"])
def test_a_northing_first_system_is_read_easting_first(srs: str) -> None:
    crs = geo.check_crs(srs)
    found, bad = geo.to_wgs84(points((POLISH_X, POLISH_Y), (NAN, NAN)), crs)
    assert isinstance(found, Points)
    assert geo.round7(found.x)[0] == 17.0313290
    assert geo.round7(found.y)[0] == 51.1147939
    assert np.isnan(found.x[1])
    assert not bad.any()


@pytest.mark.parametrize(
    "srs", ["EPSG:4326", "4326", "OGC:CRS84", "urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326"]
)
def test_longitude_and_latitude_stay_as_they_are(srs: str) -> None:
    assert geo.check_crs(srs) == geo.WGS84
    given_points = points((15.634, 52.106), (500_000.0, 1.0))
    found, bad = geo.to_wgs84(given_points, geo.WGS84)
    assert found is given_points
    assert not bad.any()


@pytest.mark.parametrize(
    "srs", ["EPSG:99999999", "EPSG:5773", "EPSG:4978", "nonsense", "", "EPSG:", 'LOCAL_CS["plan"]']
)
def test_a_system_that_says_no_place_on_earth_is_unknown(srs: str) -> None:
    with pytest.raises(ProblemError) as caught:
        geo.check_crs(srs, "/layers/addresses/0/conform/srs")
    assert caught.value.problem.code is Code.CRS_UNKNOWN
    assert caught.value.problem.pointer == "/layers/addresses/0/conform/srs"
    assert repr(srs) in caught.value.problem.message


@pytest.mark.parametrize(
    "srs",
    [
        "+proj=longlat +nadgrids={} +type=crs",
        "+proj=longlat +nadgrids=@null,{} +type=crs",
        "+proj=longlat +geoidgrids=@{} +type=crs",
        "+proj=pipeline +step +proj=hgridshift +grids={}",
        "+init={}:1",
        'GEOGCS["x",EXTENSION["PROJ4","+proj=longlat +nadgrids={}"]]',
        'BOUNDCRS[ABRIDGEDTRANSFORMATION["x",METHOD["NTv2"],PARAMETERFILE["x","{}"]]]',
        '{{"type": "BoundCRS", "file": "{}"}}',
        "{}",
        "@{}",
        "WGS 84 / UTM zone 33N",
        "EPSG:4326\0",
        "+proj=utm " * 3000,
    ],
)
def test_a_system_that_names_a_file_or_has_to_be_guessed_is_unknown(srs: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.gsb"
    secret.write_text("x")
    watch = Watch([tmp_path], READS)
    with pytest.raises(ProblemError) as caught:
        geo.check_crs(srs.format(secret))
    assert caught.value.problem.code is Code.CRS_UNKNOWN
    assert watch.seen() == []
    watch.close()


def test_the_grid_that_is_called_null_is_no_file() -> None:
    assert geo.check_crs("+proj=longlat +ellps=GRS80 +nadgrids=@null +no_defs +type=crs")


def test_numbers_that_no_system_has_are_bad_whatever_the_system() -> None:
    _, bad = geo.to_wgs84(points((1e308, 5.0), (5.0, -1e10), (1e8, 5.0)), geo.WGS84)
    assert bad.tolist() == [True, True, False]
    _, bad = geo.to_wgs84(shapes("LINESTRING (0 0, 1e200 1)", "LINESTRING (0 0, 1 1)"), geo.WGS84)
    assert bad.tolist() == [True, False]


def test_what_lies_outside_a_system_is_bad_and_the_rest_is_kept() -> None:
    crs = geo.check_crs("EPSG:25833")
    found, bad = geo.to_wgs84(points((400_000, 5_800_000), (1e30, 1e30)), crs)
    assert bad.tolist() == [False, True]
    line, bad = geo.to_wgs84(shapes("LINESTRING (400000 5800000, 1e30 1e30)", "POINT (400000 5800000)", None), crs)
    assert bad.tolist() == [True, False, False]
    assert isinstance(found, Points) and isinstance(line, Shapes)
    assert shapely.get_x(line.values[1]) == found.x[0]


def test_shapes_are_transformed_with_their_heights_untouched() -> None:
    crs = geo.check_crs("EPSG:25833")
    before = shapes(
        "LINESTRING Z (400000 5800000 7, 400010 5800000 8)", "POLYGON ((4e5 58e5, 4e5 59e5, 5e5 59e5, 4e5 58e5))"
    )
    after, bad = geo.to_wgs84(before, crs)
    assert isinstance(after, Shapes)
    assert not bad.any()
    assert shapely.get_coordinates(after.values[0], include_z=True)[:, 2].tolist() == [7.0, 8.0]
    assert [round(value) for value in after.values[1].bounds] == [14, 52, 15, 53]
    assert shapely.get_x(shapely.get_point(before.values[0], 0)) == 400000


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("POLYGON ((0 0, 3 0, 3 1, 1 1, 1 3, 0 3, 0 0))", (0.5, 2.0)),
        ("LINESTRING (0 0, 2 0, 2 2)", (2.0, 0.0)),
        ("POINT (1 2)", (1.0, 2.0)),
        ("MULTIPOINT ((1 2))", (1.0, 2.0)),
        ("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))", None),
        ("GEOMETRYCOLLECTION (POINT (9 9), POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0)))", (1.0, 1.0)),
    ],
)
def test_a_shape_becomes_a_point_on_it(text: str, point: tuple[float, float] | None) -> None:
    found, broken = geo.to_points(shapes(text))
    assert not broken.any()
    if point is None:
        assert 0 <= found.x[0] <= 2 and 0 <= found.y[0] <= 2
    else:
        assert (found.x[0], found.y[0]) == point


def test_no_shape_and_empty_shapes_have_no_point_which_is_not_broken() -> None:
    found, broken = geo.to_points(shapes(None, "POINT EMPTY", "POLYGON EMPTY", "LINESTRING (0 0, 0 0)"))
    assert np.isnan(found.x).tolist() == [True, True, True, False]
    assert not broken.any()


@given(st.lists(st.floats(-1e7, 1e7) | st.integers(-(10**11), 10**11).map(lambda n: n / 1e8)))
@example([0.00000005, 1.00000005, 2.675, -0.00000001, 179.99999995, 0.5, 5e-8, 1.5e-7, -2.5e-7, 9999999.99999995])
def test_rounding_is_that_of_python(values: list[float]) -> None:
    rounded = geo.round7(np.array(values, dtype=np.float64)).tolist()
    assert rounded == [round(value, 7) for value in values]
    assert not any(math.copysign(1, value) < 0 for value in rounded if value == 0)


def test_rounding_leaves_what_is_no_number() -> None:
    assert np.isnan(geo.round7(np.array([NAN]))).all()
    assert geo.round7(np.array([1e300])).tolist() == [1e300]


def test_shapes_are_rounded_in_all_ordinates() -> None:
    rounded = geo.round_shapes(shapes("POINT Z (1.123456789 -0.00000001 3.000000051)", "POINT (2.00000005 1)", None))
    texts = [value and shapely.to_wkt(value, rounding_precision=-1) for value in rounded.values]
    assert texts == ["POINT Z (1.1234568 0 3.0000001)", f"POINT ({round(2.00000005, 7)} 1)", None]


def test_bounds_leave_out_rows_without_geometry() -> None:
    assert geo.bounds(points((1, 5), (NAN, NAN), (3, 2))) == (1.0, 2.0, 3.0, 5.0)
    assert geo.bounds(shapes("LINESTRING (0 1, 2 3)", None)) == (0.0, 1.0, 2.0, 3.0)
    assert geo.bounds(points((NAN, NAN))) is None
    assert geo.bounds(shapes(None)) is None


def test_wkb_is_iso_little_endian_and_null_without_geometry() -> None:
    binary = geo.wkb(shapes("POINT Z (1 2 3)", None)).to_list()
    assert binary[0][:5] == bytes([1]) + (1001).to_bytes(4, "little")
    assert binary[1] is None
    flat = geo.wkb(points((1, 2), (NAN, NAN)))
    assert flat.dtype == pl.Binary
    assert flat.to_list() == [shapely.to_wkb(shapely.Point(1, 2)), None]
