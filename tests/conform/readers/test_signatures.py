import socket
from pathlib import Path

import pyogrio
import pytest

from openaddr.conform.readers.gdal import prepare
from openaddr.conform.readers.vector import open_vector
from openaddr.errors import Code, ProblemError
from openaddr.stages import RowAccount

VRT = b'<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/x</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
GML = b'xmlns:gml="http://www.opengis.net/gml"'


@pytest.mark.parametrize(
    ("name", "form", "data", "words"),
    [
        ("x.shp", "shapefile", VRT, "XML with the root element <OGRVRTDataSource>, not a shapefile"),
        ("x.gml", "xml", VRT, "<OGRVRTDataSource>, not GML or KML"),
        ("x.gpkg", "gpkg", VRT, "<OGRVRTDataSource>, not a GeoPackage"),
        ("x.gml", "xml", b"<OGRWFSDataSource><URL>http://127.0.0.1/</URL></OGRWFSDataSource>", "<OGRWFSDataSource>"),
        ("x.gml", "xml", b"<wfs:WFS_Capabilities xmlns:wfs='w' " + GML + b"/>", "<WFS_Capabilities>"),
        ("x.gml", "xml", b"<schema " + GML + b"/>", "<schema>"),
        ("x.gml", "xml", b"<ows:ExceptionReport xmlns:ows='o' " + GML + b"/>", "<ExceptionReport>"),
        ("x.gml", "xml", b"<?xml version='1.0' encoding='evil'?><a " + GML + b"/>", "begins with the bytes 3c 3f"),
        ("x.gml", "xml", b"<?xml version='1.0' encoding='shift_jis'?><a " + GML + b"/>", "begins with the bytes 3c 3f"),
        ("x.gml", "xml", b"<metadata/>", "XML with the root element <metadata>"),
        ("x.gml", "xml", b"not xml at all", "begins with the bytes 6e 6f 74"),
        ("x.shp", "shapefile", b"<!DOCTYPE html><br><p>", "XML with the root element <br>"),
        ("x.shp", "shapefile", b"<!-- <html> --", "a web page"),
        ("x.shp", "shapefile", b"", "empty"),
        ("x.shp", "shapefile", b'{"type": "FeatureCollection"}', "JSON"),
        ("x.shp", "shapefile", b"PK\3\4", "a zip archive"),
        ("x.gpkg", "gpkg", b"%PDF-1.4", "a PDF document"),
        ("x.gpkg", "gpkg", b"\0\0\x27\x0a", "a shapefile, not a GeoPackage"),
    ],
)
def test_what_is_dressed_up_as_data_is_refused_by_name(
    tmp_path: Path, name: str, form: str, data: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ProblemError) as caught:
        open_vector(tmp_path / name, form)
    assert caught.value.problem.code is Code.DATA_UNREADABLE
    assert words in caught.value.problem.message


@pytest.mark.parametrize(
    ("name", "form", "data"),
    [
        ("x.gpkg", "gpkg", b"SQLite format 3\0" + b"x" * 5000),
        ("x.shp", "shapefile", b"\0\0\x27\x0a" + b"\0" * 40),
    ],
)
def test_what_gdal_cannot_open_is_said_in_its_words_without_our_paths(
    tmp_path: Path, name: str, form: str, data: bytes
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ProblemError) as caught:
        open_vector(tmp_path / name, form)
    assert caught.value.problem.code is Code.DATA_UNREADABLE
    assert caught.value.problem.message.startswith(f"{name} cannot be read: ")
    assert str(tmp_path) not in caught.value.problem.message


@pytest.mark.parametrize("driver", ["GML", "GPKG", "ESRI Shapefile", "GML"])
def test_gdal_has_no_driver_but_the_one_that_is_needed(driver: str) -> None:
    prepare(driver)
    assert list(pyogrio.list_drivers()) == [driver]


def test_nothing_is_fetched_that_a_file_refers_to(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        host = f"http://127.0.0.1:{server.getsockname()[1]}"
        path = tmp_path / "x.gml"
        path.write_text(
            f'<?xml version="1.0"?><!DOCTYPE a:D [<!ENTITY e SYSTEM "{host}/entity">]>'
            '<a:D xmlns:a="http://a.example/" xmlns:gml="http://www.opengis.net/gml" '
            'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            f'xsi:schemaLocation="http://a.example/ {host}/schema.xsd?request=DescribeFeatureType">'
            '<gml:featureMember><a:b><a:n>7</a:n><a:p><gml:Point srsName="EPSG:4326"><gml:pos>1 2</gml:pos></gml:Point>'
            f'</a:p><a:q xlink:href="{host}/linked.xml"/></a:b></gml:featureMember></a:D>'
        )
        rows = [batch.frame["n"].to_list() for batch in open_vector(path, "xml").batches(["n"], RowAccount())]
        assert rows == [["7"]]
        with pytest.raises(BlockingIOError):
            server.accept()
