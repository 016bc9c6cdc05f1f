"""`openaddr sample`: the first rows before and after, and what it takes to get them."""

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from demo.servers.esri import EsriServer, address_layer
from demo.servers.files import FileServer
from demo.servers.serving import Response
from tests.bench.conftest import Answer, Bench
from tests.hostile.zipping import bomb, zipped

CONFORM = {"format": "csv", "lon": "x", "lat": "y", "number": "no", "street": ["dir", "street"]}
CSV = "no,dir,street,owner,x,y\n5.0,N,Main St,Miller,10.5,50.25\n7,, Side St ,Smith,10.6,50.26\n9,,Broad St,,far,50\n"


def source(data: str, conform: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    entry = {"name": "town", "protocol": "http", "data": data, "conform": conform or CONFORM} | members
    return {"schema": 2, "coverage": {"country": "xx", "geometry": {}}, "layers": {"addresses": [entry]}}


@pytest.fixture
def sample(bench: Bench, tmp_path: Path) -> Any:
    def run(found: dict[str, Any] | bytes, *arguments: object) -> Answer:
        path = tmp_path / "sources" / "xx" / "town.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(found if isinstance(found, bytes) else json.dumps(found, indent=1).encode())
        return bench("sample", path, *arguments)

    return run


def serve(web: FileServer, name: str, content: bytes | str) -> str:
    assert web.folder is not None
    (web.folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return f"{web.url}/{name}"


def archive(name: str, content: bytes | str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, content)
    return buffer.getvalue()


def test_rows_are_shown_before_and_after(web: FileServer, sample: Any) -> None:
    answer = sample(source(serve(web, "a.csv", CSV)), "--json")
    assert answer.exit_code == 0, answer.stderr
    first, second, third = answer.json["rows"]
    assert first["before"] == {
        "no": "5.0", "dir": "N", "street": "Main St", "owner": "Miller", "x": "10.5", "y": "50.25",
    }  # fmt: skip
    assert (first["after"]["number"], first["after"]["street"]) == ("5", "N Main St")
    assert (first["lon"], first["lat"], first["geometry"]) == (10.5, 50.25, "Point")
    assert second["after"]["street"] == "Side St"
    assert third["after"] is None
    assert third["reason"] == "longitude or latitude is not a number: lon 'far', lat '50'"
    assert answer.json["used"] == ["no", "dir", "street", "x", "y"]


def test_people_see_both_side_by_side(web: FileServer, sample: Any) -> None:
    answer = sample(source(serve(web, "a.csv", CSV)), "--rows", 1)
    lines = answer.stdout.splitlines()
    assert lines[:4] == [
        "xx/town · addresses · town · all 106 bytes were read",
        "",
        "row 1   before      after",
        "no      5.0      →  number  5",
    ]
    assert "1 more columns are not used" in answer.stdout


LARGE = "no,dir,street,owner,x,y\n" + "".join(f"{at},N,Main St,{'x' * 30},10.5,50.25\n" for at in range(50_000))


def features(count: int) -> bytes:
    place = {"type": "Point", "coordinates": [10.5, 50.25]}
    rows = (
        {"type": "Feature", "geometry": place, "properties": {"no": at, "street": "Main St"}} for at in range(count)
    )
    return json.dumps({"type": "FeatureCollection", "features": list(rows)}).encode()


GEOJSON = {"format": "geojson", "number": "no", "street": "street", "unit": "seldom"}
BEGINNINGS: dict[str, tuple[str, bytes, dict[str, Any], dict[str, Any]]] = {
    "CSV": ("a.csv", LARGE.encode(), CONFORM, {}),
    "CSV in gzip": ("a.csv.gz", gzip.compress(LARGE.encode(), 0), CONFORM, {"compression": "gzip"}),
    "GeoJSON without a column that the conform names": ("a.geojson", features(20_000), GEOJSON, {}),
}


@pytest.mark.parametrize("case", BEGINNINGS)
def test_of_a_large_file_only_the_beginning_is_fetched(case: str, web: FileServer, sample: Any) -> None:
    name, content, conform, members = BEGINNINGS[case]
    found = sample(source(serve(web, name, content), conform, **members), "--json", "--rows", 7).json
    assert found["fetched"] == {"bytes": 1 << 20, "total": len(content), "cut": True}
    assert [row["after"]["number"] for row in found["rows"]] == [str(at) for at in range(7)]
    assert [row["number"] for row in found["rows"]] == list(range(1, 8))
    assert len(web.requests) == 1


def test_a_row_that_is_cut_is_no_row(web: FileServer, sample: Any) -> None:
    rows = f"no,dir,street,owner,x,y\n1,N,Main St,,10.5,50\n2,N,Main St,{'x' * 2_000_000},10.5,50\n"
    found = sample(source(serve(web, "a.csv", rows)), "--json").json
    assert [row["after"]["number"] for row in found["rows"]] == ["1"]


def test_an_esri_layer_costs_two_requests(sample: Any) -> None:
    conform = {"format": "geojson", "number": "HOUSE", "street": "STREET"}
    with EsriServer({0: address_layer(30_000)}) as server:
        found = sample(source(server.layer_url(), conform, protocol="ESRI"), "--json", "--rows", 3).json
    assert len(server.requests) == 2
    assert server.requests[1].parameters["resultRecordCount"] == "3"
    assert [row["after"]["number"] for row in found["rows"]] == ["2", "3", "4"]
    assert found["rows"][0]["before"]["OBJECTID"] == "1"


def test_a_zip_is_fetched_whole(web: FileServer, sample: Any) -> None:
    found = sample(source(serve(web, "a.zip", archive("b/a.csv", CSV)), compression="zip"), "--json").json
    assert found["fetched"]["cut"] is False
    assert found["rows"][0]["after"]["street"] == "N Main St"
    assert len(web.requests) == 1


def test_a_zip_that_is_larger_than_allowed_is_refused(web: FileServer, sample: Any) -> None:
    url = serve(web, "a.zip", archive("a.csv", CSV))
    answer = sample(source(url, compression="zip"), "--json", "--max-bytes", 100)
    assert (answer.exit_code, answer.code) == (3, "TOO_LARGE")
    assert "100 are allowed" in answer.json["problem"]["message"]
    assert answer.json["problem"]["line"] == 12


def test_parcels_come_with_their_shape(web: FileServer, sample: Any) -> None:
    ring = [[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]
    parcel = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": {"PIN": "7"}}
    url = serve(web, "a.geojson", json.dumps({"type": "FeatureCollection", "features": [parcel]}))
    found = source(url, {"format": "geojson", "pid": "PIN"})
    found["layers"]["parcels"] = found["layers"].pop("addresses")
    (row,) = sample(found, "--json").json["rows"]
    assert (row["after"], row["geometry"], row["lon"], row["lat"]) == ({"pid": "7"}, "Polygon", 1.0, 1.0)


def test_buildings_without_any_attribute_have_rows_too(web: FileServer, sample: Any) -> None:
    found = source(serve(web, "a.geojson", features(3)), {"format": "geojson"})
    found["layers"]["buildings"] = found["layers"].pop("addresses")
    rows = sample(found, "--json").json["rows"]
    assert [row["before"]["no"] for row in rows] == ["0", "1", "2"]
    assert rows[0]["geometry"] == "Point"


def test_every_layer_source_is_shown_and_the_worst_exit_code_counts(web: FileServer, sample: Any) -> None:
    found = source(serve(web, "a.csv", CSV))
    lost = dict(found["layers"]["addresses"][0], name="lost", data=f"{web.url}/lost.csv")
    found["layers"]["addresses"] += [lost, {"name": "resting", "skip": True}]
    answer = sample(found, "--json")
    assert [line["problem"] and line["problem"]["code"] for line in answer.lines] == [None, "HTTP_404", "SOURCE_SKIP"]
    assert answer.exit_code == 4
    assert sample(found, "--json", "--name", "town").exit_code == 0
    assert sample(found, "--json", "--name", "resting").exit_code == 0


def test_a_warning_has_its_line(web: FileServer, sample: Any) -> None:
    conform = CONFORM | {"city": "CITY"}
    answer = sample(source(serve(web, "a.csv", CSV), conform), "--json")
    (warning,) = answer.json["warnings"]
    assert (warning["code"], warning["pointer"]) == ("FIELD_NOT_FOUND", "/layers/addresses/0/conform/city")
    assert warning["line"] == 22


UNREADABLE = CONFORM | {"number": {"function": "regexp", "field": "no", "pattern": "("}}
FAILING = {"acceptance-tests": [{"description": "a", "inputs": {"no": "1"}, "expected": {"number": "2"}}]}
BAD: dict[str, tuple[Any, bytes | Response, int, str]] = {
    "no conform": ({"conform": None}, CSV.encode(), 3, "CONFORM_MISSING"),
    "a pattern that is none": ({"conform": UNREADABLE}, CSV.encode(), 3, "REGEX_INVALID"),
    "a test that fails": ({"test": FAILING}, CSV.encode(), 3, "TEST_FAILED"),
    "columns that are not there": ({"conform": CONFORM | {"lon": "east"}}, CSV.encode(), 3, "FIELD_NOT_FOUND"),
    "no rows": ({}, b"no,dir,street,x,y\n", 3, "NO_ROWS"),
    "a web page": ({}, Response(b"<html><title>Log in</title>"), 4, "HTML_INSTEAD_OF_DATA"),
    "not there": ({}, Response(status=404), 4, "HTTP_404"),
    "no zip": ({"compression": "zip"}, CSV.encode(), 4, "ARCHIVE_BAD"),
    "a bomb": ({"compression": "zip"}, zipped([bomb("a.csv", 2000)]), 4, "ARCHIVE_BAD"),
    "another format": ({"conform": CONFORM | {"format": "gpkg"}}, CSV.encode(), 3, "DATA_UNREADABLE"),
}


@pytest.mark.parametrize("case", BAD)
def test_is_told_with_its_code(case: str, web: FileServer, sample: Any) -> None:
    members, content, exit_code, code = BAD[case]
    web.responses["/a.csv"] = content if isinstance(content, Response) else Response(content)
    found = source(f"{web.url}/a.csv")
    entry = found["layers"]["addresses"][0]
    entry |= members
    if entry["conform"] is None:
        del entry["conform"]
    answer = sample(found, "--json")
    assert (answer.exit_code, answer.code) == (exit_code, code), answer.stderr
    assert "xx/town/addresses/town" in answer.stderr


def test_a_source_that_points_inside_is_refused(sample: Any) -> None:
    assert sample(source("http://10.0.0.1/a.csv"), "--json").code == "ADDRESS_REFUSED"
    assert sample(source("file:///etc/passwd"), "--json").code == "FILE_REFUSED"


def test_a_broken_source_file_is_told_with_its_exit_code(sample: Any, bench: Bench) -> None:
    assert sample(b"{", "--json").code == "SOURCE_JSON_INVALID"
    answer = bench("sample", "lost.json", "--json")
    assert (answer.exit_code, answer.code) == (3, "SOURCE_NOT_FOUND")
    assert sample(source("http://10.0.0.1/a.csv"), "--layer", "parcels", "--json").code == "LAYER_UNKNOWN"
    assert bench("sample").exit_code == 2
