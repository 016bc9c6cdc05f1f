import sqlite3
import struct
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely

from openaddr.conform.readers.dataset import Geometry, Points, Shapes
from openaddr.conform.readers.vector import VectorFile, open_vector
from openaddr.errors import Code, ProblemError, RowReason
from openaddr.stages import RowAccount
from tests.gdal import write_table

POINTS = ("POINT (1 2)", None, "POINT (3 4)")
CRS = "EPSG:25833"


def make(
    path: Path,
    driver: str,
    columns: dict[str, Any] | None = None,
    geometry: Iterable[str | None] = POINTS,
    kind: str = "Point",
    crs: str | None = CRS,
    **options: Any,
) -> Path:
    """A file of GDAL's making; `geometry` is WKT."""
    shapes = [None if text is None else shapely.to_wkb(shapely.from_wkt(text), flavor="iso") for text in geometry]
    fields = columns if columns is not None else {"name": pa.array([f"v{row}" for row in range(len(shapes))])}
    table = pa.table({**fields, "geom": pa.array(shapes, pa.binary())})
    write_table(table, path, driver=driver, geometry_name="geom", geometry_type=kind, crs=crs or "EPSG:4326", **options)
    if crs is None:
        path.with_suffix(".prj").unlink()
    return path


def read(file: VectorFile, *columns: str) -> tuple[list[tuple[str, ...]], list[Geometry | None], RowAccount]:
    account, rows, geometries = RowAccount(), list[tuple[str, ...]](), list[Geometry | None]()
    for batch in file.batches(columns or file.columns, account):
        assert batch.frame.columns == list(columns or file.columns)
        assert len(batch.rows) == batch.frame.height
        rows += batch.frame.rows()
        geometries.append(batch.geometry)
        account.kept += batch.frame.height
    assert account.received == account.kept + account.rejected_total
    return rows, geometries, account


def located(geometries: list[Geometry | None]) -> list[tuple[float, float] | None]:
    (points,) = geometries
    assert isinstance(points, Points)
    return [None if np.isnan(x) else (x, y) for x, y in zip(points.x.tolist(), points.y.tolist(), strict=True)]


def shapes_of(geometries: list[Geometry | None]) -> list[str | None]:
    (shapes,) = geometries
    assert isinstance(shapes, Shapes)
    return [value and value.wkt for value in shapes.values]


def problem_of(path: Path, form: str, **settings: Any) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        read(open_vector(path, form, **settings))
    assert str(path.parent) not in caught.value.problem.message
    return caught.value


FORMS = [("shapefile", "ESRI Shapefile", "x.shp"), ("gpkg", "GPKG", "x.gpkg"), ("gdb", "OpenFileGDB", "x.gdb")]
FORMS += [("xml", "GML", "x.gml"), ("xml", "LIBKML", "x.kml"), ("shapefile-polygon", "ESRI Shapefile", "x.shp")]


@pytest.mark.parametrize(("form", "driver", "name"), FORMS)
def test_rows_of_every_format_are_text_columns_and_points(form: str, driver: str, name: str, tmp_path: Path) -> None:
    crs = "EPSG:4326" if driver == "LIBKML" else CRS
    path = make(
        tmp_path / name, driver, {"street": ["Süd", "Nord", None], "nr": pa.array([1, None, 3], pa.int32())}, crs=crs
    )
    file = open_vector(path, form)
    assert file.crs == crs
    assert {"street", "nr"} <= set(file.columns)
    rows, geometries, account = read(file, "nr", "street")
    assert rows == [("1", "Süd"), ("", "Nord"), ("3", "")]
    assert located(geometries) == [(1, 2), None, (3, 4)]
    assert account.received == 3


def test_no_column_at_all_still_gives_the_geometry(tmp_path: Path) -> None:
    file = open_vector(make(tmp_path / "x.gpkg", "GPKG"), "gpkg")
    batches = list(file.batches((), RowAccount()))
    assert [(batch.frame.shape, batch.rows.tolist()) for batch in batches] == [((3, 0), [1, 2, 3])]


VALUES = {
    "yes": pa.array([True, False, None]),
    "small": pa.array([0.1, 1e20, None], pa.float32()),
    "area": pa.array([5.0, 1e20, None]),
    "big": pa.array([2**60, -5, None]),
    "day": pa.array([date(2020, 1, 2), None, date(1800, 12, 31)]),
    "at": pa.array([datetime(2020, 1, 2, 3, 4, 5), None, datetime(2020, 1, 2)], pa.timestamp("ms")),
    "utc": pa.array([datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), None, None], pa.timestamp("ms", "UTC")),
    "bytes": pa.array([b"\0\xff", b"", None]),
}


def test_values_of_a_geopackage_have_the_text_of_their_kind(tmp_path: Path) -> None:
    rows, _, _ = read(open_vector(make(tmp_path / "x.gpkg", "GPKG", VALUES), "gpkg"))
    numbers, times = ("1", "0.10000000149011612", "5.0", str(2**60)), ("2020/01/02 03:04:05", "2020/01/02 03:04:05+00")
    assert rows[0] == (*numbers, "2020/01/02", *times, "00FF")
    assert rows[1] == ("0", "1.0000000200408773e+20", "1e+20", "-5", "", "", "", "")
    assert rows[2] == ("", "", "", "", "1800/12/31", "2020/01/02 00:00:00", "", "")


def test_values_of_a_geodatabase_have_the_text_of_their_kind(tmp_path: Path) -> None:
    values = {name: VALUES[name] for name in ("small", "area", "utc", "bytes")}
    rows, _, _ = read(open_vector(make(tmp_path / "x.gdb", "OpenFileGDB", values), "gdb"))
    assert rows[0] == ("0.10000000149011612", "5.0", "2020/01/02 03:04:05+00", "00FF")
    assert rows[2] == ("", "", "", "")


def test_lists_in_gml_are_python_lists(tmp_path: Path) -> None:
    path = make(tmp_path / "x.gml", "GML", {"names": pa.array([["a", "b'"], ["c"], None], pa.list_(pa.string()))})
    rows, _, _ = read(open_vector(path, "xml"), "names")
    assert rows == [("['a', \"b'\"]",), ("['c']",), ("",)]


def test_the_code_of_a_coded_column_is_the_value(tmp_path: Path) -> None:
    path = make(tmp_path / "x.gpkg", "GPKG", {"kind": pa.array([1, 0, None], pa.int32())})
    with sqlite3.connect(path) as db:
        db.executescript(
            """
            create table gpkg_data_columns (table_name text, column_name text, name text, title text,
                description text, mime_type text, constraint_name text);
            create table gpkg_data_column_constraints (constraint_name text, constraint_type text, value text,
                min numeric, min_is_inclusive boolean, max numeric, max_is_inclusive boolean, description text);
            insert into gpkg_data_columns values ('x', 'kind', 'kind', '', '', '', 'kinds');
            insert into gpkg_data_column_constraints values ('kinds', 'enum', '0', null, 0, null, 0, 'zero'),
                ('kinds', 'enum', '1', null, 0, null, 0, 'one');
            """
        )
    db.close()
    assert read(open_vector(path, "gpkg"))[0] == [("1",), ("0",), ("",)]


@pytest.mark.parametrize(
    ("language", "cpg", "encoding", "raw", "text"),
    [
        (0, None, None, b"Stra\xdfe", "Straße"),
        (0, None, "cp1251", b"\xd3\xeb\xe8\xf6\xe0", "Улица"),
        (0, None, "EUCKR", "서울로".encode("cp949"), "서울로"),
        (0, None, "SHIFT_JISX0213", "東京".encode("shift_jis"), "東京"),
        (0, None, "utf-8", "ПУТЬ".encode(), "ПУТЬ"),
        (0xC9, None, "utf-8", b"\xd3\xeb\xe8\xf6\xe0", "Улица"),
        (0x57, None, None, b"Stra\xdfe", "Straße"),
        (0x57, None, "utf-8", "Straße".encode(), "Straße"),
        (0xC9, "1250", None, b"\x8aed\xe1", "Šedá"),
        (0, "ANSI 1252", "cp1251", b"\x80 1", "€ 1"),
        (0, "8859_2", None, b"\xa9ed\xe1", "Šedá"),
        (0, "UTF-8\n", "ISO-8859-1", "ПУТЬ".encode(), "ПУТЬ"),
        (0, "no such thing", "cp1251", b"\xd3", "У"),
    ],
)
def test_text_of_a_shapefile_is_read_as_it_says_else_as_the_source_says(
    tmp_path: Path, language: int, cpg: str | None, encoding: str | None, raw: bytes, text: str
) -> None:
    values = {"name": ["plain", raw.decode("latin-1"), None]}
    path = make(tmp_path / "x.shp", "ESRI Shapefile", values, encoding="ISO-8859-1")
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    table[29] = language
    path.with_suffix(".dbf").write_bytes(table)
    path.with_suffix(".cpg").unlink()
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg)
    rows, _, account = read(open_vector(path, "shapefile", encoding=encoding))
    assert rows == [("plain",), (text,), ("",)]
    assert not account.rejected


def test_column_names_are_in_the_encoding_of_the_data(tmp_path: Path) -> None:
    values = {"Straße".encode("cp850").decode("latin-1"): ["a"]}
    path = make(tmp_path / "x.shp", "ESRI Shapefile", values, POINTS[:1], encoding="ISO-8859-1")
    path.with_suffix(".cpg").write_text("850")
    file = open_vector(path, "shapefile")
    assert file.columns == ("Straße",)
    assert read(file, "Straße")[0] == [("a",)]


@pytest.mark.parametrize("cpg", ["UTF-8", "1252"])
def test_undecodable_text_costs_its_row_only_where_the_column_is_needed(tmp_path: Path, cpg: str) -> None:
    bad = b"a\x81b\xff".decode("latin-1")
    path = make(
        tmp_path / "x.shp", "ESRI Shapefile", {"a": ["1", "2", "3"], "b": ["x", bad, "z"]}, encoding="ISO-8859-1"
    )
    path.with_suffix(".cpg").write_text(cpg)
    rows, geometries, account = read(open_vector(path, "shapefile"))
    assert rows == [("1", "x"), ("3", "z")]
    assert located(geometries) == [(1, 2), (3, 4)]
    assert account.rejected == {RowReason.ROW_ENCODING: 1}
    assert [(item.row, "\\x81b" in item.value) for item in account.examples] == [(2, True)]
    assert len(read(open_vector(path, "shapefile"), "a")[0]) == 3


def test_column_names_that_are_not_utf8_do_not_stop_a_file_that_says_so(tmp_path: Path) -> None:
    path = make(tmp_path / "x.shp", "ESRI Shapefile", {"Größe": ["ü"]}, POINTS[:1], encoding="ISO-8859-1")
    path.with_suffix(".cpg").write_text("UTF-8")
    file = open_vector(path, "shapefile")
    assert file.columns == ("Gr\\xf6\\xdfe",)
    assert read(file)[2].rejected == {RowReason.ROW_ENCODING: 1}


def test_an_unknown_encoding_is_a_problem(tmp_path: Path) -> None:
    path = make(tmp_path / "x.shp", "ESRI Shapefile")
    assert problem_of(path, "shapefile", encoding="klingon").problem.code is Code.ENCODING_UNKNOWN


@pytest.mark.parametrize("capital", [str.upper, str.capitalize])
def test_endings_of_a_shapefile_may_have_capitals(tmp_path: Path, capital: Any) -> None:
    path = make(tmp_path / "x.shp", "ESRI Shapefile", {"name": ["ü", "b", "c"]}, encoding="UTF-8")
    for ending in ("shp", "shx", "dbf", "prj", "cpg"):
        path.with_suffix(f".{ending}").rename(tmp_path / f"x.{capital(ending)}")
    file = open_vector(tmp_path / f"x.{capital('shp')}", "shapefile")
    assert file.crs == CRS
    assert read(file)[0] == [("ü",), ("b",), ("c",)]


def test_a_missing_index_of_a_shapefile_is_made_again(tmp_path: Path) -> None:
    path = make(tmp_path / "x.shp", "ESRI Shapefile")
    path.with_suffix(".shx").unlink()
    assert located(read(open_vector(path, "shapefile"))[1]) == [(1, 2), None, (3, 4)]


def test_without_prj_a_shapefile_says_no_system(tmp_path: Path) -> None:
    assert open_vector(make(tmp_path / "x.shp", "ESRI Shapefile", crs=None), "shapefile").crs is None


@pytest.mark.parametrize("number", [0, -1])
def test_the_undefined_systems_of_a_geopackage_are_none(tmp_path: Path, number: int) -> None:
    path = make(tmp_path / "x.gpkg", "GPKG")
    with sqlite3.connect(path) as db:
        db.execute("update gpkg_geometry_columns set srs_id = ?", (number,))
    db.close()
    assert open_vector(path, "gpkg").crs is None


def test_heights_are_kept_and_measures_are_not(tmp_path: Path) -> None:
    lines = ["LINESTRING ZM (0 0 7 1, 1 1 8 2)"]
    path = make(tmp_path / "x.shp", "ESRI Shapefile", geometry=lines, kind="Unknown")
    assert shapes_of(read(open_vector(path, "shapefile"))[1]) == ["LINESTRING Z (0 0 7, 1 1 8)"]
    path = make(tmp_path / "y.gpkg", "GPKG", geometry=["LINESTRING M (0 0 7, 1 1 8)"], kind="Unknown")
    assert shapes_of(read(open_vector(path, "gpkg"))[1]) == ["LINESTRING (0 0, 1 1)"]


def test_curves_and_broken_bytes_of_a_geopackage(tmp_path: Path) -> None:
    path = make(tmp_path / "x.gpkg", "GPKG", geometry=["POINT (1 2)"] * 3, kind="Unknown")
    head = b"GP\0\1" + struct.pack("<i", 25833)
    arc = head + struct.pack("<BII6d", 1, 8, 3, 0, 0, 1, 1, 2, 0)
    with sqlite3.connect(path) as db:
        for (name,) in db.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            db.execute(f'drop trigger "{name}"')
        db.execute("update x set geom = ? where fid = 1", (arc,))
        db.execute("update x set geom = ? where fid = 2", (head + b"\1\2\3",))
        db.execute("update x set name = cast(x'61ff' as text) where fid = 3")
    db.close()
    rows, geometries, account = read(open_vector(path, "gpkg"))
    assert rows == [("v0",)]
    assert shapes_of(geometries)[0] is not None
    assert account.rejected == {RowReason.ROW_ENCODING: 1, RowReason.GEOMETRY_BROKEN: 1}


def gml(path: Path, srs: str, position: str, version: str = "http://www.opengis.net/gml/3.2") -> Path:
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?><a:Data xmlns:a="http://a.example/" xmlns:gml="{version}">'
        f'<gml:featureMember><a:Address gml:id="a1"><a:place><gml:Point{srs}><gml:pos>{position}</gml:pos></gml:Point>'
        "</a:place><a:number>7</a:number></a:Address></gml:featureMember></a:Data>"
    )
    return path


@pytest.mark.parametrize(
    ("srs", "position", "crs", "place"),
    [
        ("EPSG:2180", "362247.37 362733.55", "EPSG:2180", (362247.37, 362733.55)),
        ("urn:ogc:def:crs:EPSG::2180", "362733.55 362247.37", "EPSG:2180", (362247.37, 362733.55)),
        ("http://www.opengis.net/def/crs/EPSG/0/2180", "362733.55 362247.37", "EPSG:2180", (362247.37, 362733.55)),
        ("EPSG:4326", "15.634 52.106", "EPSG:4326", (15.634, 52.106)),
        ("urn:ogc:def:crs:EPSG::4326", "52.106 15.634", "EPSG:4326", (15.634, 52.106)),
        ("http://www.opengis.net/gml/srs/epsg.xml#4326", "15.634 52.106", "EPSG:4326", (15.634, 52.106)),
        ("urn:ogc:def:crs:EPSG::3067", "385000.0 6672000.0", "EPSG:3067", (385000.0, 6672000.0)),
        (None, "15.634 52.106", None, (15.634, 52.106)),
    ],
)
@pytest.mark.parametrize("version", ["http://www.opengis.net/gml", "http://www.opengis.net/gml/3.2"])
def test_gml_is_read_easting_first(
    tmp_path: Path, srs: str | None, position: str, crs: str | None, place: tuple[float, float], version: str
) -> None:
    file = open_vector(gml(tmp_path / "x.gml", f' srsName="{srs}"' if srs else "", position, version), "xml")
    assert file.crs == crs
    rows, geometries, _ = read(file, "number")
    assert rows == [("7",)]
    assert located(geometries) == [place]


def test_kml_gives_its_extended_data(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_text(
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder><name>Haus</name><Placemark><name>A</name>'
        '<ExtendedData><Data name="nr"><value>7</value></Data></ExtendedData>'
        "<Point><coordinates>6.5,51.2,0</coordinates></Point></Placemark></Folder></Document></kml>"
    )
    file = open_vector(path, "xml", layer="haus")
    rows, geometries, _ = read(file, "nr", "Name")
    assert (file.crs, rows, located(geometries)) == ("EPSG:4326", [("7", "A")], [(6.5, 51.2)])


def layered(path: Path, driver: str) -> Path:
    write_table(pa.table({"name": ["t"]}), path, driver=driver, layer="names")
    geometry = pa.array([shapely.to_wkb(shapely.Point(1, 2))], pa.binary())
    for name in ("Streets", "Points"):
        table = pa.table({"name": [name], "geom": geometry})
        options = {"geometry_name": "geom", "geometry_type": "Point", "crs": CRS, "append": True}
        write_table(table, path, driver=driver, layer=name, **options)
    return path


@pytest.mark.parametrize(
    ("layer", "expected"), [(None, "Streets"), (2, "Points"), ("Points", "Points"), ("STREETS", "Streets"), (0, "t")]
)
def test_a_layer_is_found_by_index_or_name_else_the_first_with_a_geometry(
    tmp_path: Path, layer: str | int | None, expected: str
) -> None:
    path = layered(tmp_path / "x.gdb", "OpenFileGDB")
    rows, geometries, _ = read(open_vector(path, "gdb", layer=layer))
    assert rows == [(expected,)]
    assert (geometries == [None]) == (expected == "t")


@pytest.mark.parametrize("layer", [3, -1, "houses"])
def test_a_layer_that_is_not_there_is_a_problem_that_lists_the_others(tmp_path: Path, layer: str | int) -> None:
    problem = problem_of(layered(tmp_path / "x.gpkg", "GPKG"), "gpkg", layer=layer).problem
    assert problem.code is Code.LAYER_NOT_FOUND
    assert "3: Streets, Points, names" in problem.message


def test_batches_are_bounded_and_rows_are_counted_on(tmp_path: Path) -> None:
    rows = 20_000
    geometry = pa.array(list(shapely.to_wkb(shapely.points(np.arange(rows), 1))), pa.binary())
    table = pa.table({"n": pa.array(range(rows), pa.int32()), "geom": geometry})
    write_table(table, tmp_path / "x.gpkg", driver="GPKG", geometry_name="geom", geometry_type="Point", crs=CRS)
    account = RowAccount()
    numbers = [batch.rows for batch in open_vector(tmp_path / "x.gpkg", "gpkg").batches(["n"], account)]
    assert len(numbers) > 1
    assert np.concatenate(numbers).tolist() == list(range(1, rows + 1))
    assert account.received == rows


def cut(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


@pytest.mark.parametrize("ending", [".shp", ".dbf"])
def test_a_shapefile_that_breaks_off_is_unreadable(tmp_path: Path, ending: str) -> None:
    path = make(tmp_path / "x.shp", "ESRI Shapefile", geometry=["POINT (1 2)"] * 100)
    cut(path.with_suffix(ending), 0.5)
    problem = problem_of(path, "shapefile").problem
    assert problem.code is Code.DATA_UNREADABLE
    assert "100" in problem.message and "breaks off" in problem.message


def test_a_shapefile_whose_index_lacks_its_head_is_unreadable(tmp_path: Path) -> None:
    path = make(tmp_path / "x.shp", "ESRI Shapefile")
    path.with_suffix(".shx").write_bytes(b"")
    assert problem_of(path, "shapefile").problem.message == "x.shx breaks off: it has 0 bytes, its head alone has 100."


def test_a_coordinate_system_with_letters_of_an_unknown_encoding_is_read(tmp_path: Path) -> None:
    path = make(tmp_path / "x.shp", "ESRI Shapefile", crs="EPSG:4326")
    projection = path.with_suffix(".prj")
    projection.write_bytes(projection.read_bytes().replace(b"GCS_WGS_1984", b"R\xe9seau"))
    assert (open_vector(path, "shapefile").crs or "").startswith('GEOGCS["R?seau"')


def test_a_coordinate_system_that_pyogrio_stumbles_over_is_unreadable(tmp_path: Path) -> None:
    path = make(tmp_path / "x.gpkg", "GPKG", crs="EPSG:25833")
    name = b'GEOGCS["\xe9",DATUM["b",SPHEROID["c",6378137,298]],PRIMEM["d",0],UNIT["degree",0.0174532925199433]]'
    with sqlite3.connect(path) as connection:
        connection.execute(
            "UPDATE gpkg_spatial_ref_sys SET organization = 'X', definition = CAST(? AS TEXT) WHERE srs_id = 25833",
            (name,),
        )
    connection.close()
    assert problem_of(path, "gpkg").problem.code is Code.DATA_UNREADABLE


def test_a_geodatabase_that_breaks_off_is_unreadable(tmp_path: Path) -> None:
    path = make(tmp_path / "x.gdb", "OpenFileGDB", geometry=["POINT (1 2)"] * 1000)
    cut(max(path.iterdir(), key=lambda file: file.stat().st_size), 0.5)
    problem = problem_of(path, "gdb").problem
    assert problem.code is Code.DATA_UNREADABLE
    assert "of its 1,000 rows can be read" in problem.message


def test_a_geopackage_with_a_spoilt_page_is_unreadable(tmp_path: Path) -> None:
    values = {"name": [f"row number {row}" for row in range(2000)]}
    path = make(tmp_path / "x.gpkg", "GPKG", values, ["POINT (1 2)"] * 2000)
    data = bytearray(path.read_bytes())
    page = data.find(b"row number 1000") // 4096 * 4096
    data[page : page + 4096] = b"\xff" * 4096
    path.write_bytes(data)
    assert problem_of(path, "gpkg").problem.code is Code.DATA_UNREADABLE


def test_gml_that_breaks_off_or_is_no_xml_inside_is_unreadable(tmp_path: Path) -> None:
    path = gml(tmp_path / "x.gml", "", "1 2")
    whole = path.read_text()
    path.write_text(whole[:-20])
    assert "there is no </a:Data> at its end" in problem_of(path, "xml").problem.message
    member = whole[whole.index("<gml:featureMember>") : whole.index("</a:Data>")]
    path.with_suffix(".gfs").unlink(missing_ok=True)
    path.write_text(whole.replace(member, member * 50 + member.replace("7", "&nothing;")))
    assert problem_of(path, "xml").problem.code is Code.DATA_UNREADABLE
