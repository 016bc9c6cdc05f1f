"""`openaddr process`, through the command line: what goes well, and that everything else is a problem with a code."""

import gzip
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demo.servers.files import FileServer
from demo.servers.serving import Response
from openaddr.errors import Code
from tests.conftest import Answer

Process = Callable[..., Answer]

CSV = "id,no,street,x,y\n1,5,Main St,10.5,50.25\n2,7.0, Side St ,10.6,50.26\n3,9,Broad St,,\n"
CONFORM = {"format": "csv", "lon": "x", "lat": "y", "number": "no", "street": "street"}


def source_of(web: FileServer, path: str = "/a.csv", **changes: Any) -> dict[str, Any]:
    entry = {"name": "town", "protocol": "http", "data": f"{web.url}{path}", "conform": CONFORM} | changes
    layers = {"addresses": [{key: value for key, value in entry.items() if value is not None}]}
    return {"schema": 2, "coverage": {"country": "xx", "geometry": {}}, "layers": layers}


def serve(web: FileServer, text: str | bytes = CSV, name: str = "a.csv") -> None:
    assert web.folder is not None
    (web.folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())


def zipped(**members: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


def features(run: dict[str, Any]) -> list[dict[str, Any]]:
    with gzip.open(run["outputs"]["geojsonl"], "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_a_good_source_gives_every_file_of_the_contract(web: FileServer, process: Process, tmp_path: Path) -> None:
    serve(web)
    answer = process(source_of(web), "--tiles", "--preview")
    assert answer.exit_code == 0
    folder = tmp_path / "out" / "xx" / "town" / "addresses" / "town"
    assert sorted(path.name for path in folder.iterdir()) == [
        "addresses.geojsonl.gz", "addresses.pmtiles", "addresses.zip", "extract.parquet", "log.txt", "manifest.json",
        "preview.png", "run.json", "sample.json",
    ]  # fmt: skip
    assert [path for path in folder.parent.iterdir() if path != folder] == []
    assert len(web.requests) == 1


def test_rows_come_out_conformed_in_the_order_of_the_data(web: FileServer, process: Process) -> None:
    serve(web)
    rows = features(process(source_of(web)).run)
    assert [row["properties"]["number"] for row in rows] == ["5", "7", "9"]
    assert [row["properties"]["street"] for row in rows] == ["Main St", "Side St", "Broad St"]
    assert rows[0]["geometry"] == {"type": "Point", "coordinates": [10.5, 50.25]}
    assert rows[2]["geometry"] is None


def test_the_record_on_disk_is_what_the_command_prints(web: FileServer, process: Process) -> None:
    serve(web)
    run = process(source_of(web)).run
    folder = Path(run["outputs"]["manifest"]).parent
    record = json.loads((folder / "run.json").read_text())
    assert record | {"outputs": None} == run | {"outputs": None}
    assert {kind: str(folder / name) for kind, name in record["outputs"].items()} == run["outputs"]
    assert (run["status"], run["rows"], run["received"], run["rejected"]["count"]) == ("succeeded", 3, 3, 0)
    assert run["seconds"].keys() == {"test", "download", "unpack", "conform", "outputs"}


def test_rows_in_are_rows_out_and_rows_rejected_by_reason(web: FileServer, process: Process) -> None:
    serve(web, CSV + "4,11,Main St,ten,50\n5,12,Main St,10,50,extra\n")
    run = process(source_of(web)).run
    assert run["received"] == run["rows"] + run["rejected"]["count"] == 5
    assert run["rejected"]["reasons"] == {"COORDINATES_UNPARSABLE": 1, "ROW_TOO_LONG": 1}
    examples = {example["reason"]: example for example in run["rejected"]["examples"]}
    assert examples["COORDINATES_UNPARSABLE"] == {
        "reason": "COORDINATES_UNPARSABLE", "row": 4, "value": "lon 'ten', lat '50'",
    }  # fmt: skip
    assert examples["ROW_TOO_LONG"]["row"] == 5
    assert "ROWS_REJECTED" in [warning["code"] for warning in run["warnings"]]


def test_an_output_folder_whose_name_is_no_text_is_refused(web: FileServer, process: Process, tmp_path: Path) -> None:
    serve(web)
    answer = process(source_of(web), "--output", os.fsdecode(os.fsencode(tmp_path) + b"/o\xff"))
    assert (answer.exit_code, answer.code) == (6, "OUTPUT_NOT_WRITABLE")
    assert "\\udcff" in answer.run["problem"]["message"]
    assert web.requests == []


def test_a_row_with_a_value_that_is_too_long_names_the_attribute(web: FileServer, process: Process) -> None:
    serve(web, CSV + f"4,1,{'a' * 70_000},10,50\n")
    (example,) = process(source_of(web)).run["rejected"]["examples"]
    assert example == {"reason": "VALUE_TOO_LONG", "row": 4, "value": "street"}


def test_a_run_says_how_often_attributes_are_filled_and_where_rows_lie(web: FileServer, process: Process) -> None:
    serve(web, CSV.replace("7.0, Side St ", ",Side St"))
    run = process(source_of(web)).run
    assert {name: count for name, count in run["fills"].items() if count} == {"number": 2, "street": 3, "geometry": 2}
    assert run["fills"].keys() >= {"unit", "city", "postcode", "accuracy"}
    assert run["bounds"] == [10.5, 50.25, 10.6, 50.26]


def test_a_row_with_foreign_bytes_is_left_out_and_shown(web: FileServer, process: Process) -> None:
    serve(web, CSV.encode() + b"4,1,Caf\xe9 St,10,50\n")
    run = process(source_of(web)).run
    (example,) = run["rejected"]["examples"]
    assert (example["reason"], example["row"]) == ("ROW_ENCODING", 4)
    assert r"Caf\xe9 St" in example["value"]


def test_several_layer_sources_are_all_processed_and_the_worst_decides(web: FileServer, process: Process) -> None:
    serve(web)
    source = source_of(web)
    entry = source["layers"]["addresses"][0]
    source["layers"]["addresses"] = [entry, entry | {"name": "gone", "data": f"{web.url}/none.csv"}]
    answer = process(source)
    assert [(run["name"], run["status"]) for run in answer.runs] == [("town", "succeeded"), ("gone", "failed")]
    assert answer.exit_code == 4


def test_a_layer_and_a_name_single_one_out(web: FileServer, process: Process) -> None:
    serve(web)
    source = source_of(web)
    entry = source["layers"]["addresses"][0]
    source["layers"] = {"addresses": [entry, entry | {"name": "b"}], "parcels": [entry | {"name": "b"}]}
    run = process(source, "--layer", "addresses", "--name", "b").run
    assert (run["layer"], run["name"]) == ("addresses", "b")


def test_a_skipped_source_is_done_and_is_no_success(web: FileServer, process: Process) -> None:
    answer = process(source_of(web, skip=True))
    assert (answer.exit_code, answer.run["status"], answer.code) == (0, "skipped", "SOURCE_SKIP")
    assert web.requests == []


def test_a_failed_acceptance_test_stops_before_the_download(web: FileServer, process: Process) -> None:
    case = {"description": "corner", "inputs": {"no": "5"}, "expected": {"number": "6"}}
    answer = process(source_of(web, test={"acceptance-tests": [case]}))
    assert (answer.exit_code, answer.code) == (3, "TEST_FAILED")
    assert answer.run["problem"]["line"] is not None
    assert web.requests == []


BAD_SOURCES: list[tuple[str, dict[str, Any], Code, int]] = [
    ("an unknown protocol", {"protocol": "gopher"}, Code.PROTOCOL_UNKNOWN, 3),
    ("an unknown format", {"conform": {"format": "xls"}}, Code.FORMAT_UNKNOWN, 3),
    ("no conform", {"conform": None}, Code.CONFORM_MISSING, 3),
    ("an unknown compression", {"compression": "rar"}, Code.COMPRESSION_UNKNOWN, 3),
    ("no data", {"data": None}, Code.SOURCE_SCHEMA, 3),
    ("an address that is none", {"data": "http://"}, Code.URL_INVALID, 3),
    ("a foreign scheme", {"data": "gopher://example.org/a"}, Code.URL_INVALID, 3),
    ("an unknown function", {"conform": CONFORM | {"city": {"function": "sum"}}}, Code.FUNCTION_INVALID, 3),
    (
        "a broken pattern",
        {"conform": CONFORM | {"city": {"function": "regexp", "field": "no", "pattern": "("}}},
        Code.REGEX_INVALID,
        3,
    ),
    ("an unknown coordinate system", {"conform": CONFORM | {"srs": "EPSG:1"}}, Code.CRS_UNKNOWN, 3),
    ("an unknown encoding", {"conform": CONFORM | {"encoding": "klingon"}}, Code.ENCODING_UNKNOWN, 3),
    ("an encoding that is no text", {"conform": CONFORM | {"encoding": "zlib"}}, Code.ENCODING_UNKNOWN, 3),
    ("no coordinates", {"conform": CONFORM | {"lon": None}}, Code.COORDINATES_NOT_MAPPED, 3),
    ("a missing coordinate column", {"conform": CONFORM | {"lon": "lon"}}, Code.FIELD_NOT_FOUND, 3),
    ("missing columns", {"conform": CONFORM | {"number": "num", "street": "str"}}, Code.FIELD_NOT_FOUND, 3),
    ("a host that does not exist", {"data": "http://nowhere.invalid/a.csv"}, Code.HOST_NOT_FOUND, 4),
    ("a port that is closed", {"data": "http://127.0.0.1:9/a.csv"}, Code.CONNECT_FAILED, 4),
    ("a private address", {"data": "http://10.255.0.1/a.csv"}, Code.ADDRESS_REFUSED, 3),
    ("a file of this machine", {"protocol": "file", "data": "file:///etc/passwd"}, Code.FILE_REFUSED, 3),
    ("a file that is not there", {"data": "…/none.csv"}, Code.HTTP_404, 4),
]


@pytest.mark.parametrize(
    ("changes", "code", "exit_code"), [case[1:] for case in BAD_SOURCES], ids=[case[0] for case in BAD_SOURCES]
)
def test_a_source_with(changes: dict[str, Any], code: Code, exit_code: int, web: FileServer, process: Process) -> None:
    serve(web)
    if str(changes.get("data", "")).startswith("…"):
        changes = changes | {"data": web.url + changes["data"][1:]}
    check_problem(process(source_of(web, **changes)), code, exit_code)


def check_problem(answer: Answer, code: Code, exit_code: int) -> None:
    """The code, a whole sentence, and what to do: in the answer, on the terminal and in the record."""
    assert (answer.code, answer.exit_code) == (code.value, exit_code)
    problem = answer.run["problem"]
    assert problem["message"].endswith((".", ".'")) and problem["hint"].endswith(".")
    assert code.value in answer.stderr and problem["message"] in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.run["outputs"] == {}


BAD_ANSWERS: list[tuple[str, Response, Code]] = [
    ("403", Response(status=403), Code.HTTP_401_403),
    ("410", Response(status=410), Code.HTTP_404),
    ("429", Response(status=429), Code.HTTP_4XX),
    ("500", Response(b"oops", status=500), Code.HTTP_5XX),
    ("a web page", Response(b"<!doctype html><title>Log in</title>"), Code.HTML_INSTEAD_OF_DATA),
    ("half of what it promised", Response(CSV.encode(), stops_after=20), Code.TRUNCATED),
    ("nothing", Response(b""), Code.DATA_EMPTY),
    ("no answer at all", Response(silent=True), Code.TIMED_OUT),
    ("a redirect in circles", Response(status=302, headers={"Location": "/a.csv"}), Code.REDIRECTED_TOO_OFTEN),
    (
        "a way into a private network",
        Response(status=302, headers={"Location": "http://10.0.0.1/"}),
        Code.ADDRESS_REFUSED,
    ),
]


@pytest.mark.parametrize(
    ("response", "code"), [case[1:] for case in BAD_ANSWERS], ids=[case[0] for case in BAD_ANSWERS]
)
def test_a_server_that_sends(response: Response, code: Code, web: FileServer, process: Process) -> None:
    web.responses["/a.csv"] = response
    check_problem(process(source_of(web)), code, 3 if code is Code.ADDRESS_REFUSED else 4)


BROKEN_JSON = b'{"type": "FeatureCollection", "features": [{"a" 1}, {"type": "Feature"}]}'
BAD_DATA: list[tuple[str, bytes, dict[str, Any], Code, int]] = [
    ("only a header", b"id,no,street,x,y\n", {}, Code.NO_ROWS, 3),
    (
        "no coordinate that is a number",
        CSV.replace("10.", "ten").replace(",,", ",a,b").encode(),
        {},
        Code.ROWS_REJECTED,
        3,
    ),
    (
        "foreign bytes throughout",
        "no,street,x,y\n1,Café,1,1\n2,Café,1,1\n".encode("latin-1"),
        {},
        Code.ENCODING,
        3,
    ),
    ("a zip that is none", CSV.encode(), {"compression": "zip"}, Code.ARCHIVE_BAD, 4),
    ("a cut zip", zipped(a__csv=CSV)[:-30], {"compression": "zip"}, Code.ARCHIVE_BAD, 4),
    (
        "another file than the one named",
        zipped(b__csv=CSV),
        {"compression": "zip", "conform": CONFORM | {"file": "a.csv"}},
        Code.FILE_NOT_IN_ARCHIVE,
        3,
    ),
    (
        "several shapefiles",
        zipped(a__shp=b"", b__shp=b""),
        {"compression": "zip", "conform": CONFORM | {"format": "shapefile"}},
        Code.FILE_AMBIGUOUS,
        3,
    ),
    (
        "a shapefile that is none",
        zipped(a__shp=b"x" * 200, a__dbf=b"", a__shx=b""),
        {"compression": "zip", "conform": CONFORM | {"format": "shapefile"}},
        Code.DATA_UNREADABLE,
        3,
    ),
    ("a broken GeoJSON", BROKEN_JSON, {"conform": CONFORM | {"format": "geojson"}}, Code.DATA_UNREADABLE, 3),
    (
        "a GML that points elsewhere",
        b"<OGRVRTDataSource/>",
        {"conform": CONFORM | {"format": "xml"}},
        Code.DATA_UNREADABLE,
        3,
    ),
]


@pytest.mark.parametrize(
    ("content", "changes", "code", "exit_code"), [case[1:] for case in BAD_DATA], ids=[case[0] for case in BAD_DATA]
)
def test_data_with(
    content: bytes, changes: dict[str, Any], code: Code, exit_code: int, web: FileServer, process: Process
) -> None:
    web.responses["/a.csv"] = Response(content, headers={"Content-Type": "application/octet-stream"})
    check_problem(process(source_of(web, **changes)), code, exit_code)


@pytest.mark.parametrize(
    ("source", "arguments", "code"),
    [
        (None, (), Code.SOURCE_NOT_FOUND),
        (b"{", (), Code.SOURCE_JSON_INVALID),
        (b"[]", (), Code.SOURCE_SCHEMA),
        (b'{"layers": {"addresses": [{"name": "a", "skip": true}]}}', ("--layer", "parcels"), Code.LAYER_UNKNOWN),
        (b'{"layers": {"addresses": [{"name": "a", "skip": true}]}}', ("--name", "b"), Code.NAME_UNKNOWN),
        (b'{"layers": {"trees": [{"name": "a"}]}}', (), Code.LAYER_UNKNOWN),
    ],
)
def test_a_file_that_cannot_be_used(source: bytes | None, arguments: tuple[str], code: Code, process: Process) -> None:
    check_problem(process(source, *arguments), code, 3)


def test_a_missing_column_names_the_nearest_and_its_line(web: FileServer, process: Process) -> None:
    serve(web)
    answer = process(source_of(web, conform=CONFORM | {"number": "num", "street": "stret"}))
    problem = answer.run["problem"]
    assert problem["pointer"] == "/layers/addresses/0/conform/number"
    assert "Nearest: street" in problem["hint"] or "no" in problem["hint"]
    assert f"town.json:{problem['line']} " in answer.stderr


def test_wrong_files_in_an_archive_are_listed(web: FileServer, process: Process) -> None:
    serve(web, zipped(b__csv=CSV, readme__txt="hello"), "a.zip")
    answer = process(source_of(web, "/a.zip", conform=CONFORM | {"file": "a.csv"}))
    assert "b.csv" in answer.stderr and "readme.txt" in answer.stderr


def test_a_zip_is_recognised_without_being_declared(web: FileServer, process: Process) -> None:
    serve(web, zipped(b__csv=CSV), "a.zip")
    assert process(source_of(web, "/a.zip")).run["rows"] == 3


def test_broken_geometry_costs_its_row_only(web: FileServer, process: Process) -> None:
    shapes = [{"type": "Point", "coordinates": [1, 2]}, {"type": "Polygon", "coordinates": [[[0, 0]]]}, None]
    properties = {"no": "1", "street": "s"}
    collection = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": properties, "geometry": shape} for shape in shapes],
    }
    serve(web, json.dumps(collection), "a.geojson")
    run = process(source_of(web, "/a.geojson", conform=CONFORM | {"format": "geojson"})).run
    assert (run["rows"], run["rejected"]["reasons"]) == (1, {"GEOMETRY_BROKEN": 1, "GEOMETRY_MISSING": 1})


def test_a_failure_leaves_the_last_good_output_and_its_record_beside_it(
    web: FileServer, process: Process, tmp_path: Path
) -> None:
    serve(web)
    process(source_of(web))
    good = tmp_path / "out" / "xx" / "town" / "addresses" / "town"
    before = {path.name: path.read_bytes() for path in good.iterdir()}
    web.responses["/a.csv"] = Response(status=500)
    assert process(source_of(web)).exit_code == 4
    assert {path.name: path.read_bytes() for path in good.iterdir()} == before
    failed = good.with_name("town.failed")
    assert sorted(path.name for path in failed.iterdir()) == ["log.txt", "run.json"]
    del web.responses["/a.csv"]
    assert process(source_of(web)).exit_code == 0
    assert not failed.exists()


def test_a_skip_leaves_the_last_good_output(web: FileServer, process: Process, tmp_path: Path) -> None:
    serve(web)
    kept = process(source_of(web)).run["outputs"]["geojsonl"]
    process(source_of(web, skip=True))
    assert Path(kept).exists()


def test_a_failure_with_nothing_before_it_leaves_a_record_that_says_so(
    web: FileServer, process: Process, tmp_path: Path
) -> None:
    process(source_of(web))
    folder = tmp_path / "out" / "xx" / "town" / "addresses" / "town"
    assert sorted(path.name for path in folder.iterdir()) == ["log.txt", "run.json"]
    assert "HTTP_404" in (folder / "log.txt").read_text()


def test_names_from_the_source_never_lead_out_of_the_output_folder(
    web: FileServer, process: Process, tmp_path: Path
) -> None:
    serve(web)
    run = process(source_of(web, name="../../../../escaped")).run
    assert run["status"] == "succeeded"
    assert Path(run["outputs"]["manifest"]).resolve().is_relative_to(tmp_path / "out")
    assert not list(tmp_path.glob("**/escaped"))


def test_without_tippecanoe_the_run_says_what_is_missing(web: FileServer, tmp_path: Path) -> None:
    serve(web)
    # A Python in an empty folder, which sees a package of that name without the program.
    python, shadow = tmp_path / "bin" / "python", tmp_path / "shadow"
    for folder in (python.parent, shadow):
        folder.mkdir()
    python.symlink_to(sys.executable)
    (shadow / "tippecanoe.py").touch()
    path = os.pathsep.join([str(shadow), *filter(None, sys.path)])
    arguments = [str(python), *command(tmp_path, source_of(web), tmp_path / "out")[1:], "--json"]
    arguments.remove("--no-tiles")
    environment = ALLOWED | {"PATH": str(python.parent), "PYTHONPATH": path}
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    answer = Answer(done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr)
    check_problem(answer, Code.TIPPECANOE_MISSING, 6)


def test_an_output_folder_may_be_named_from_here_and_lie_behind_a_link(web: FileServer, tmp_path: Path) -> None:
    serve(web)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").symlink_to("elsewhere")
    arguments = [*command(tmp_path, source_of(web), Path("out")), "--json"]
    done = subprocess.run(arguments, cwd=tmp_path, env=ALLOWED, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    outputs = json.loads(done.stdout)["outputs"]
    assert outputs["manifest"] == "out/town/addresses/town/manifest.json"
    assert all((tmp_path / path).is_file() for path in outputs.values())
    assert {path.name for path in tmp_path.iterdir()} == {"town.json", "web", "elsewhere", "out"}


def test_an_output_folder_that_cannot_be_made_is_named(web: FileServer, process: Process, tmp_path: Path) -> None:
    serve(web)
    (tmp_path / "out").write_text("a file in the way")
    answer = process(source_of(web))
    assert (answer.code, answer.exit_code) == ("OUTPUT_NOT_WRITABLE", 6)


def test_a_setting_that_cannot_be_read_is_named(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENADDR_MAX_REJECTED_SHARE", "half")
    answer = process(b"{}")
    assert answer.exit_code == 6
    assert "OPENADDR_MAX_REJECTED_SHARE is 'half'" in answer.stderr


def command(tmp_path: Path, source: dict[str, Any], output: Path) -> list[str]:
    path = tmp_path / "town.json"
    path.write_text(json.dumps(source))
    return [
        sys.executable,
        "-m",
        "openaddr",
        "process",
        str(path),
        "--output",
        str(output),
        "--no-tiles",
        "--no-preview",
    ]


ALLOWED = os.environ | {"OPENADDR_ALLOW_HOSTS": "127.0.0.1"}


def test_a_killed_run_leaves_no_folder_that_looks_whole(web: FileServer, tmp_path: Path) -> None:
    web.responses["/a.csv"] = Response(CSV.encode(), stops_after=10, silent=True)
    arguments = command(tmp_path, source_of(web), tmp_path / "out")
    with subprocess.Popen(arguments, env=ALLOWED, stderr=subprocess.DEVNULL) as running:
        while not web.requests:
            assert running.poll() is None
        running.send_signal(signal.SIGKILL)
    assert [path for path in (tmp_path / "out").rglob("*.json")] == []
    shown = [path.name for path in (tmp_path / "out" / "town" / "addresses").iterdir()]
    assert all(name.startswith(".") for name in shown)


def test_what_a_killed_run_left_is_swept_away_a_day_later(web: FileServer, process: Process, tmp_path: Path) -> None:
    serve(web)
    folder = tmp_path / "out" / "xx" / "town" / "addresses"
    (folder / ".work-old").mkdir(parents=True)
    (folder / ".work-new").mkdir()
    os.utime(folder / ".work-old", (0, 0))
    process(source_of(web))
    assert sorted(path.name for path in folder.iterdir()) == [".work-new", "town"]


def test_output_that_had_stepped_aside_for_a_killed_run_comes_back(
    web: FileServer, process: Process, tmp_path: Path
) -> None:
    serve(web)
    process(source_of(web))
    good = tmp_path / "out" / "xx" / "town" / "addresses" / "town"
    good.rename(good.with_name(f".old-{'0' * 16}-town"))
    web.responses["/a.csv"] = Response(status=500)
    process(source_of(web))
    assert json.loads((good / "run.json").read_text())["status"] == "succeeded"


def test_a_header_of_a_million_columns_is_refused_at_once(web: FileServer, process: Process) -> None:
    serve(web, "," * 1_000_000)
    check_problem(process(source_of(web)), Code.DATA_UNREADABLE, 3)


def test_a_password_is_in_no_message(web: FileServer, process: Process) -> None:
    answer = process(source_of(web, data="http://user:hunt/er2@example.org/a"))
    assert answer.code == "URL_INVALID"
    assert "hunt" not in answer.run["problem"]["message"]


def test_an_interrupted_run_cleans_up_and_answers_130(web: FileServer, tmp_path: Path) -> None:
    web.responses["/a.csv"] = Response(CSV.encode(), stops_after=10, silent=True)
    arguments = command(tmp_path, source_of(web), tmp_path / "out")
    with subprocess.Popen(arguments, env=ALLOWED, stderr=subprocess.PIPE) as running:
        while not web.requests:
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=30)
    assert running.returncode == 130
    assert b"interrupted" in told and b"Traceback" not in told
    # What was downloaded so far stays for the next run; the folder of the work is gone.
    kept, folder = sorted((tmp_path / "out" / "town" / "addresses").iterdir())
    assert kept.name.startswith(".partial-")
    assert json.loads((folder / "run.json").read_text())["problem"]["code"] == "INTERRUPTED"


ON_A_SMALL_DISK = """
mount -t tmpfs -o size=2m tmpfs "$0" || exit 99
"$@"
code=$?
find "$0" -name manifest.json >&2
exit $code
"""


def test_a_full_disk_is_said_with_the_bytes_left(web: FileServer, tmp_path: Path) -> None:
    serve(web, CSV + "".join(f"{n},{n},Main St,10.5,50.5\n" for n in range(200_000)))
    small = tmp_path / "small"
    small.mkdir()
    # In a namespace of its own anybody may mount, and the disk is gone with the process.
    alone = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", ON_A_SMALL_DISK, str(small)]
    arguments = [*alone, *command(tmp_path, source_of(web), small / "out"), "--json"]
    done = subprocess.run(arguments, env=ALLOWED, capture_output=True, text=True, check=False)
    assert done.returncode == 6, done.stderr
    problem = json.loads(done.stdout)["problem"]
    assert problem["code"] == "DISK_FULL" and "bytes" in problem["message"]
    assert "manifest.json" not in done.stderr


def test_help_is_quick_and_names_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "openaddr", "--help"], capture_output=True, text=True, check=True)
    assert "process" in done.stdout
    loaded = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "openaddr", "--help"], capture_output=True, text=True, check=True
    )
    assert not any(heavy in loaded.stderr for heavy in ("polars", "pyarrow", "numpy", "shapely"))


def test_the_version_is_that_of_the_package() -> None:
    done = subprocess.run([sys.executable, "-m", "openaddr", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("openaddr ")


def test_an_unknown_option_is_a_usage_error() -> None:
    done = subprocess.run([sys.executable, "-m", "openaddr", "process", "--nope"], capture_output=True, check=False)
    assert done.returncode == 2


def test_tippecanoe_is_part_of_what_is_installed() -> None:
    assert shutil.which("tippecanoe", path=str(Path(sys.executable).parent))


def test_an_entry_without_a_name_takes_no_good_output_away(web: FileServer, process: Process) -> None:
    serve(web)
    kept = Path(process(source_of(web)).run["outputs"]["manifest"])
    assert process(source_of(web, name=None)).exit_code == 3
    assert kept.exists()


def test_a_name_like_a_failed_record_keeps_its_folder(web: FileServer, process: Process) -> None:
    serve(web)
    kept = Path(process(source_of(web, name="town.failed")).run["outputs"]["manifest"])
    process(source_of(web))
    assert kept.exists()


@pytest.mark.parametrize("name", ["𠀀" * 90, "a\0b", "x" * 200_000])
def test_odd_names_become_folders_and_titles_of_tiles(name: str, web: FileServer, process: Process) -> None:
    serve(web)
    assert process(source_of(web, name=name), "--tiles").exit_code == 0


def test_half_a_character_is_named_with_its_line(web: FileServer, process: Process) -> None:
    answer = process(source_of(web, name="a\ud800b"))
    check_problem(answer, Code.SOURCE_JSON_INVALID, 3)
    assert answer.run["problem"]["line"] == 10


def test_what_strangers_wrote_does_not_steer_the_terminal(web: FileServer, process: Process) -> None:
    serve(web)
    assert "\x1b" not in process(source_of(web, name="a\x1b[2Jb")).stderr


@pytest.mark.parametrize(("headers", "code"), [({"Location": "http://[::1"}, Code.URL_INVALID)])
def test_a_redirect_to_no_address_is_a_problem(
    headers: dict[str, str], code: Code, web: FileServer, process: Process
) -> None:
    web.responses["/a.csv"] = Response(status=302, headers=headers)
    check_problem(process(source_of(web)), code, 3)
