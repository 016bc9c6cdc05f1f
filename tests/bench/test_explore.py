"""`openaddr explore`: what it says of data that is good, and what of data that is not."""

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from demo.servers.esri import SERVICES, EsriServer, Layer, address_layer, error_response, json_response
from demo.servers.files import FileServer, redirect
from demo.servers.serving import Request, Response
from tests.bench.conftest import Bench
from tests.hostile.zipping import bomb, stored, zipped

CSV = "id,hausnr,strasse,plz,lon,lat\n1,5,Hauptstraße,10115,13.5,52.5\n2,7a,Mühlweg,10117,13.6,52.6\n"
COLUMNS = {"number": "hausnr", "street": "strasse", "postcode": "plz", "lon": "lon", "lat": "lat"}


def feature(number: int, **properties: Any) -> dict[str, Any]:
    place = {"type": "Point", "coordinates": [10 + number / 1e4, 50]}
    members = {"ADDRNUM": number, "FULLNAME": "Main St", "ZIP": "12345"} | properties
    return {"type": "Feature", "geometry": place, "properties": members}


def collection(count: int, **properties: Any) -> bytes:
    return json.dumps(
        {"type": "FeatureCollection", "features": [feature(at, **properties) for at in range(1, count + 1)]}
    ).encode()


def archive(**members: bytes | str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


def serve(web: FileServer, name: str, content: bytes | str) -> str:
    assert web.folder is not None
    (web.folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return f"{web.url}/{name}"


FILES: dict[str, tuple[str, bytes, dict[str, Any]]] = {
    "CSV in UTF-8": ("a.csv", CSV.encode(), {"format": "csv"} | COLUMNS),
    "semicolons and ISO-8859-1": (
        "a.csv", CSV.replace(",", ";").encode("latin-1"),
        {"format": "csv", "encoding": "ISO-8859-1", "csvsplit": ";"} | COLUMNS,
    ),
    "tabs, called text": ("a.txt", CSV.replace(",", "\t").encode(), {"format": "csv", "csvsplit": "\t"} | COLUMNS),
    "UTF-16 with a mark": ("a.csv", CSV.encode("utf-16"), {"format": "csv"} | COLUMNS),
    "no header": (
        "a.csv", b"5,Main Street,13.5,52.5\n7,Side Road,13.6,52.6\n",
        {"format": "csv", "headers": -1, "street": "COLUMN2", "lon": "COLUMN3", "lat": "COLUMN4"},
    ),
    "gzip": ("a.csv.gz", gzip.compress(CSV.encode()), {"format": "csv"} | COLUMNS),
    "GeoJSON": (
        "a.geojson", collection(3), {"format": "geojson", "number": "ADDRNUM", "street": "FULLNAME", "postcode": "ZIP"},
    ),
    "GeoJSON line by line": (
        "a.ndjson", b"\n".join(json.dumps(feature(at)).encode() for at in range(1, 4)),
        {"format": "geojson", "number": "ADDRNUM", "street": "FULLNAME", "postcode": "ZIP"},
    ),
    "CSV beside prose in a zip": (
        "a.zip", archive(a__csv=CSV, README__txt="Read me, please.\nThis is prose; nothing else\n"),
        {"format": "csv"} | COLUMNS,
    ),
    "a grid that the country uses": (
        "a.csv", b"nr,ulica,x,y\n5,Rynek,363000,362000\n7,Nowa,363100,362100\n",
        {"format": "csv", "srs": "EPSG:2180", "number": "nr", "street": "ulica", "lon": "x", "lat": "y"},
    ),
    "number and street in one": (
        "a.csv", b"ADDRESS,X,Y\n12 Main St,-85.5,42.5\n14 Side Rd,-85.6,42.6\n",
        {
            "format": "csv", "number": {"function": "prefixed_number", "field": "ADDRESS"},
            "street": {"function": "postfixed_street", "field": "ADDRESS"}, "lon": "X", "lat": "Y",
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_a_conform_is_suggested_for(case: str, web: FileServer, bench: Bench) -> None:
    name, content, expected = FILES[case]
    answer = bench("explore", serve(web, name, content), "--json", "--country", "pl")
    assert answer.exit_code == 0, answer.stderr
    conform = answer.json["tables"][0]["suggestions"]
    if case == "no header":
        # Numbers without a name are not taken for house numbers.
        conform = bench("explore", f"{web.url}/{name}", "--json", "--layer", "addresses").json["tables"][0][
            "suggestions"
        ]
    assert conform[0]["conform"] == expected


def test_fields_are_told_with_type_fill_and_examples(web: FileServer, bench: Bench) -> None:
    text = "no,street,unit,lon,lat\n1,Main St,,10.5,50.5\n2,Main St,B,10.6,50.6\n3,Side St,,10.7,50.7\n"
    (table,) = bench("explore", serve(web, "a.csv", text), "--json").json["tables"]
    fields = {field["name"]: (field["type"], field["filled"], field["distinct"]) for field in table["fields"]}
    assert fields["no"] == ("whole number", 3, 3)
    assert fields["street"] == ("text", 3, 2)
    assert fields["unit"] == ("text", 1, 1)
    assert fields["lon"] == ("number", 3, 3)
    assert table["rows"] == 3 and not table["is_estimate"]
    assert table["bounds"] == [10.5, 50.5, 10.7, 50.7]
    assert table["crs"] == "EPSG:4326 (WGS 84)"


@pytest.mark.parametrize("knows_ranges", [True, False])
@pytest.mark.parametrize("name", ["big.csv", "big.geojson"])
def test_of_a_large_file_only_the_beginning_is_fetched(
    name: str, knows_ranges: bool, web: FileServer, bench: Bench
) -> None:
    rows = 60_000
    lines = "".join(f"{at},Main St,10.5,50.5,{'x' * 40}\n" for at in range(rows))
    content = (
        f"no,street,lon,lat,filler\n{lines}".encode() if name == "big.csv" else collection(20_000, filler="x" * 40)
    )
    if knows_ranges:
        serve(web, name, content)
    else:
        web.responses[f"/{name}"] = Response(content, headers={"Content-Type": "text/plain"})
    found = bench("explore", f"{web.url}/{name}", "--json").json
    assert found["fetched"] == {"bytes": 1 << 20, "total": len(content), "cut": True}
    (table,) = found["tables"]
    expected = rows if name == "big.csv" else 20_000
    assert table["is_estimate"] and table["rows"] == pytest.approx(expected, rel=0.05)
    assert table["looked_at"] == 500
    assert len(web.requests) == 1
    assert web.requests[0].headers["range"] == "bytes=0-1048575"


def test_the_beginning_of_a_large_gzip_file_is_unpacked(web: FileServer, bench: Bench) -> None:
    lines = "".join(f"{at},Main St,10.5,50.5,{hash(str(at)):x}{hash(at * 3.7):x}\n" for at in range(100_000))
    url = serve(web, "big.csv.gz", gzip.compress(f"no,street,lon,lat,filler\n{lines}".encode()))
    found = bench("explore", url, "--json").json
    assert found["fetched"]["cut"] and found["compression"] == "gzip"
    assert found["tables"][0]["suggestions"][0]["conform"]["number"] == "no"


def test_a_file_of_this_machine_is_read_without_any_setting(tmp_path: Path, bench: Bench) -> None:
    (tmp_path / "a.csv").write_text(CSV, encoding="utf-8")
    found = bench("explore", "a.csv", "--json").json
    assert found["tables"][0]["suggestions"][0]["conform"]["street"] == "strasse"
    entry = found["source"]["layers"]["addresses"][0]
    assert (entry["protocol"], entry["data"]) == ("http", f"file://{tmp_path}/a.csv")


def test_every_table_of_an_archive_is_told(web: FileServer, bench: Bench) -> None:
    content = archive(a__csv=CSV, b__geojson=collection(2), notes__pdf=b"%PDF-1.4 nothing")
    found = bench("explore", serve(web, "a.zip", content), "--json").json
    assert [(table["file"], table["format"]) for table in found["tables"]] == [
        ("a.csv", "csv"),
        ("b.geojson", "geojson"),
    ]
    assert found["other_files"] == ["notes.pdf"]
    assert found["compression"] == "zip"
    entry = found["source"]["layers"]["addresses"][0]
    assert (entry["compression"], entry["protocol"]) == ("zip", "http")


def test_of_two_files_of_one_format_the_conform_names_one(web: FileServer, bench: Bench) -> None:
    url = serve(web, "a.zip", archive(a__csv=CSV, b__csv=CSV))
    tables = bench("explore", url, "--json").json["tables"]
    assert [table["suggestions"][0]["conform"]["file"] for table in tables] == ["a.csv", "b.csv"]


def test_people_get_fields_attributes_and_a_source_file_to_paste(web: FileServer, bench: Bench) -> None:
    answer = bench("explore", serve(web, "a.csv", CSV))
    assert answer.exit_code == 0
    assert "a.csv · csv · 2 rows · coordinates in columns · EPSG:4326 (WGS 84)" in answer.stdout
    assert "  street    ←  strasse  Hauptstraße · Mühlweg" in answer.stdout
    source = json.loads(answer.stdout[answer.stdout.index("\n{") :])
    assert source["coverage"]["country"] == "de"
    assert list(source) == ["coverage", "schema", "layers"]
    assert list(source["layers"]["addresses"][0]) == ["name", "data", "protocol", "conform"]


def test_an_esri_layer_costs_three_requests_whatever_its_size(bench: Bench) -> None:
    layer = address_layer(5000, extra={"copyrightText": "Town of Demo", "geometryType": "esriGeometryPoint"})
    with EsriServer({3: layer}) as server:
        found = bench("explore", f"{server.layer_url(3)}/query?f=json&where=1%3D1", "--json").json
    assert len(server.requests) == 3
    (table,) = found["tables"]
    assert (table["rows"], table["looked_at"], table["geometry"]) == (5000, 500, "Point")
    assert table["suggestions"][0]["conform"] == {"format": "geojson", "number": "HOUSE", "street": "STREET"}
    assert found["layer"]["copyright"] == "Town of Demo"
    entry = found["source"]["layers"]["addresses"][0]
    assert entry["protocol"] == "ESRI" and entry["data"] == server.layer_url(3)
    assert entry["license"] == {"attribution": True, "attribution name": "Town of Demo"}


def test_an_old_esri_layer_is_asked_for_no_page(bench: Bench) -> None:
    with EsriServer({0: address_layer(50, pagination=False, statistics=False)}) as server:
        assert bench("explore", server.layer_url(), "--json").json["tables"][0]["looked_at"] == 50


def test_the_layers_of_a_service_are_listed(bench: Bench) -> None:
    layers = {0: Layer("Address Points", (), {}), 4: Layer("Tax Parcels", (), {})}
    with EsriServer(layers) as server:
        answer = bench("explore", server.service_url, "--json")
        told = bench("explore", server.service_url).stdout
    (service,) = answer.json["directory"]["services"]
    assert [(layer["number"], layer["name"]) for layer in service["layers"]] == [
        (0, "Address Points"),
        (4, "Tax Parcels"),
    ]
    assert service["layers"][1]["address"] == server.layer_url(4)
    assert "addresses?" in told and "parcels?" in told and f"openaddr explore {server.layer_url(0)}" in told


def test_a_server_is_listed_with_its_folders(bench: Bench) -> None:
    services = {"": (("Demo", "MapServer"), ("Tools/Print", "GPServer")), "Hidden": (("Hidden/Old", "MapServer"),)}
    with EsriServer({0: address_layer(1)}, services=services) as server:
        directory = bench("explore", f"{server.url}{SERVICES}", "--json").json["directory"]
    listed = {service["path"]: service for service in directory["services"]}
    assert listed["Demo"]["layers"][0]["name"] == "Addresses"
    assert listed["Tools/Print"]["layers"] == []
    assert listed["Hidden/Old"]["problem"] == "no usable answer"


def catalog(folders: list[str], services: list[tuple[str, str]]) -> Response:
    listed = [{"name": name, "type": kind} for name, kind in services]
    return json_response({"currentVersion": 11, "folders": folders, "services": listed})


class Maze(FileServer):
    """A server whose folders all name each other, and a new one each time they are asked."""

    def answer(self, request: Request) -> Response:
        path = request.path.removeprefix(SERVICES).strip("/")
        if path.endswith("MapServer"):
            return json_response({"layers": [{"id": 0, "name": "Roads"}]})
        return catalog([path, "A", "B", f"C{len(self.requests)}"], [("Same", "MapServer")])


def test_folders_that_name_each_other_come_to_an_end(bench: Bench) -> None:
    with Maze() as server:
        found = bench("explore", f"{server.url}{SERVICES}", "--json").json["directory"]
    assert len(server.requests) <= 151
    assert found["unseen"] > 0
    assert [service["path"] for service in found["services"]] == ["Same"]


def test_of_a_million_layers_some_are_listed_and_the_others_counted(web: FileServer, bench: Bench) -> None:
    many = ",".join(f'{{"id":{at}}}' for at in range(1_000_000)).encode()
    web.responses[f"{SERVICES}/Big/MapServer"] = Response(b'{"layers":[' + many + b"]}")
    found = bench("explore", f"{web.url}{SERVICES}/Big/MapServer", "--json")
    assert found.exit_code == 0, found.stderr
    (service,) = found.json["directory"]["services"]
    assert (len(service["layers"]), service["more"]) == (500, 999_500)


PAGE = Response(b"<!DOCTYPE html><html><title>Open Data</title>...", headers={"Content-Type": "text/html"})
BAD: dict[str, tuple[str, bytes | Response, int, str]] = {
    "a web page": ("/data", PAGE, 4, "HTML_INSTEAD_OF_DATA"),
    "nothing there": ("/data.csv", Response(b"no", status=404), 4, "HTTP_404"),
    "an empty file": ("/data.csv", b"", 4, "DATA_EMPTY"),
    "a private address": ("/data.csv", redirect("http://169.254.169.254/latest"), 3, "ADDRESS_REFUSED"),
    "a bomb": ("/data.zip", zipped([bomb("a.csv", 2000)]), 4, "ARCHIVE_BAD"),
    "a bomb in gzip": ("/data.csv.gz", gzip.compress(b"a,b\n" + bytes(150_000_000)), 4, "ARCHIVE_BAD"),
    "a name that climbs out": ("/data.zip", zipped([stored("../a.csv", CSV)]), 4, "ARCHIVE_BAD"),
    "a broken zip": ("/data.zip", zipped([stored("a.csv", CSV)])[:-30], 4, "ARCHIVE_BAD"),
    "a PDF": ("/data.pdf", b"%PDF-1.4\n%%EOF", 3, "DATA_UNREADABLE"),
    "prose": ("/data.txt", b"Dear reader,\nthere is nothing here.\n", 3, "DATA_UNREADABLE"),
    "JSON that is no GeoJSON": ("/data.json", b'{"a": 1}', 3, "DATA_UNREADABLE"),
    "JSON nested too deeply": ("/data.json", b"[" * 100_000, 3, "DATA_UNREADABLE"),
    "a table without rows": ("/data.csv", b"no,street,lon,lat\n", 3, "NO_ROWS"),
    "an endless row": ("/data.csv", b'a,b\n1,2\n"' + b"x" * 3_000_000, 0, ""),
    "entities of entities": (
        "/data.xml",
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;">]><gml:a '
        b'xmlns:gml="http://www.opengis.net/gml">&c;</gml:a>',
        3, "DATA_UNREADABLE",
    ),
    "XML in an encoding of two bytes": (
        "/data.xml", b'<?xml version="1.0" encoding="shift_jis"?><a/>', 3, "DATA_UNREADABLE",
    ),
    "an ESRI address that is none": (f"{SERVICES}/A/MapServer", PAGE, 4, "HTML_INSTEAD_OF_DATA"),
    "a layer that asks for a token": (
        f"{SERVICES}/A/MapServer/0", error_response(499, "Token Required"), 4, "ESRI_TOKEN_REQUIRED",
    ),
    "a service of lists": (f"{SERVICES}/A/MapServer", json_response([1, 2]), 4, "ESRI_ERROR"),
    "a service of something else": (f"{SERVICES}/A/MapServer", json_response({"a": 1}), 4, "ESRI_SERVICE_NOT_FOUND"),
    "fields that are none": (
        f"{SERVICES}/A/MapServer/0", json_response({"fields": [1, {"name": 7}, {"name": {"a": []}}], "type": {}}),
        4, "ESRI_SERVICE_NOT_FOUND",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_is_told_with_its_code(case: str, web: FileServer, bench: Bench) -> None:
    path, content, exit_code, code = BAD[case]
    web.responses[path] = content if isinstance(content, Response) else Response(content)
    answer = bench("explore", f"{web.url}{path}", "--json")
    assert (answer.exit_code, answer.code or "") == (exit_code, code), answer.stderr
    if code:
        assert f"({code})" in answer.stderr


def test_a_private_address_is_not_asked(bench: Bench) -> None:
    answer = bench("explore", "http://10.0.0.1/rest/services")
    assert (answer.exit_code, answer.stdout) == (3, "")
    assert "ADDRESS_REFUSED" in answer.stderr


def test_a_zip_larger_than_allowed_is_refused_before_it_comes(web: FileServer, bench: Bench) -> None:
    content = archive(a__csv="".join(f"{hash(str(at))}\n" for at in range(200_000)))
    answer = bench("explore", serve(web, "a.zip", content), "--json", "--max-bytes", "1000000")
    assert (answer.exit_code, answer.code) == (3, "TOO_LARGE")
    assert answer.json["problem"]["hint"].endswith("--max-bytes.")


def test_words_of_strangers_do_not_steer_the_terminal(web: FileServer, bench: Bench) -> None:
    text = "no,\x1b[31mstreet,lon,lat\n1,\u202eniaM\x07,10.5,50.5\n"
    answer = bench("explore", serve(web, "a.csv", text))
    assert answer.exit_code == 0
    assert not any(sign in answer.stdout for sign in "\x1b\u202e\x07")


def test_a_source_file_is_no_data(tmp_path: Path, bench: Bench) -> None:
    entry = {"name": "a", "protocol": "http", "data": "https://example.org/a.csv", "conform": {"format": "csv"}}
    (tmp_path / "town.json").write_text(json.dumps({"schema": 2, "layers": {"addresses": [entry]}}))
    answer = bench("explore", "town.json", "--json")
    assert (answer.exit_code, answer.code) == (2, "ANSWER_NEEDED")
    assert "https://example.org/a.csv" in answer.json["problem"]["hint"]


@pytest.mark.parametrize("name", ["nothing.csv", "."])
def test_what_is_neither_file_nor_address_is_said_so(name: str, bench: Bench) -> None:
    answer = bench("explore", name, "--json")
    assert (answer.exit_code, answer.code) == (3, "URL_INVALID")


def test_features_without_any_property_are_counted(web: FileServer, bench: Bench) -> None:
    bare = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [10, 50]}, "properties": {}}
    url = serve(web, "a.geojson", json.dumps({"type": "FeatureCollection", "features": [bare, bare]}))
    (table,) = bench("explore", url, "--json").json["tables"]
    assert (table["rows"], table["looked_at"], table["fields"]) == (2, 2, [])


def test_a_layer_that_does_not_exist_is_a_mistake_in_the_command(bench: Bench) -> None:
    assert bench("explore", "a.csv", "--layer", "trees").exit_code == 2
