"""What a download is called on disk: one of a few extensions, whatever source and server say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3 import HTTPHeaderDict

from openaddr.download.kinds import Kind, kind_of, page_title
from openaddr.download.names import EXTENSIONS, extension, of_name, suggested_name

ZIP = b"PK\x03\x04rest"
TEXT = b"a,b\n1,2\n"
OCTETS = "application/octet-stream"


@pytest.mark.parametrize(
    ("path", "has_query", "media_type", "disposition", "head", "expected"),
    [
        # The path is believed
        ("/a.csv", False, "text/plain", "", ZIP, ".csv"),
        ("/a.CSV", False, "", "", b"", ".csv"),
        ("/a.b.csv.gz", False, "", "", b"", ".csv.gz"),
        ("/a.geojson.gz", False, "", "", b"", ".geojson.gz"),
        ("/v1.2.gz", False, "", "", b"", ".gz"),
        ("/a.gml", False, "text/xml", "", b"", ".gml"),
        # unless it is weak or has a query
        ("/get.php", False, "text/csv", "", b"", ".csv"),
        ("/get.aspx", False, "application/zip", "", TEXT, ".zip"),
        ("/a.zip", True, "text/csv", "", b"", ".csv"),
        ("/a.opt", False, "application/json; charset=utf-8", "", b"", ".json"),
        ("/a", False, "application/vnd.geo+json", "", b"", ".geojson"),
        # octet streams and unknown types go by the suggested name
        ("/a", False, OCTETS, 'attachment; filename="x.zip"', b"", ".zip"),
        ("/a", False, "", "attachment; filename=x.csv", b"", ".csv"),
        ("/a", False, "application/force-download", "inline; filename*=UTF-8''x%20y.geojson", b"", ".geojson"),
        ("/a", False, "text/csv", "attachment; filename=x.zip", b"", ".csv"),
        # and then by the bytes
        ("/a", False, OCTETS, "attachment; filename=x.exe", ZIP, ".zip"),
        ("/a", False, "", "", ZIP, ".zip"),
        ("/a", False, "", "", b"\x1f\x8b\x08", ".gz"),
        ("/a", False, "", "", TEXT, ".txt"),
        ("/a", False, "", "", b' {"a": 1}', ".json"),
        ("/a", False, "", "", b"\xef\xbb\xbf<?xml?><a/>", ".xml"),
        ("/a", False, "", "", b"SQLite format 3\0" + bytes(52) + b"GPKG", ".gpkg"),
        ("/a", False, "", "", b"SQLite format 3\0" + bytes(60), ".sqlite"),
        ("/a", False, "", "", b"\0\1\2", ".bin"),
    ],
)
def test_the_best_witness_names_the_extension(
    path: str, has_query: bool, media_type: str, disposition: str, head: bytes, expected: str
) -> None:
    given = {"Content-Type": media_type, "Content-Disposition": disposition}
    headers = HTTPHeaderDict({name: value for name, value in given.items() if value})
    assert extension(path, has_query, headers, head) == expected


@given(st.text(), st.text(), st.binary(max_size=50))
def test_nothing_strange_ever_becomes_a_name(path: str, name: str, head: bytes) -> None:
    headers = {"content-disposition": f"attachment; filename={name}"}
    found = extension(path, False, headers, head)
    assert found == ".bin" or all("." + part in EXTENSIONS for part in found[1:].split("."))


@pytest.mark.parametrize("name", ["", "a", ".csv", "a.exe", "a.csv/", "../../etc/passwd", "a.tar", "a.zip.exe"])
def test_other_names_give_no_extension(name: str) -> None:
    assert of_name(name) in ("", ".csv")


def test_a_suggested_name_is_read_in_both_spellings() -> None:
    assert suggested_name({"content-disposition": 'attachment; filename="a b.csv"; size=3'}) == "a b.csv"
    both = "attachment; filename=plain.csv; filename*=utf-8'de'sch%C3%B6n.csv"
    assert suggested_name({"content-disposition": both}) == "schön.csv"
    assert suggested_name({}) == ""


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"", Kind.EMPTY),
        (b"7z\xbc\xaf\x27\x1c", Kind.SEVEN_ZIP),
        (b"Rar!\x1a\x07\x00", Kind.RAR),
        (b"%PDF-1.7", Kind.PDF),
        (b"\xff\xfea\0,\0", Kind.TEXT),
        (b"<gml:a/>", Kind.XML),
        (b"<!-- a --> <!-- b --><html lang=de>", Kind.HTML),
        (b"<htmlish/>", Kind.XML),
    ],
)
def test_first_bytes_tell_the_kind(head: bytes, kind: Kind) -> None:
    assert kind_of(head) == kind


def test_a_page_full_of_comments_is_told_in_no_time() -> None:
    assert kind_of(b"<!---->" * 580 + b"x") == Kind.XML


def test_a_long_title_is_cut() -> None:
    assert page_title(b"<title>" + b"long " * 100 + b"</title>") == ("long " * 100)[:120]
    assert page_title(b"<title>no end") == ""
