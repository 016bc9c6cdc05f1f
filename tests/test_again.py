"""The same source once more: after a kill it goes on, and where nothing has changed nothing is fetched."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demo.servers.esri import EsriServer, address_layer
from demo.servers.files import FileServer
from demo.servers.serving import HttpServer, Request, Response
from tests.conftest import Answer

Process = Callable[..., Answer]
ROWS = 40_000
HEADER = "no,street,x,y\n"
CSV = HEADER + "".join(f"{row},Main St,10.{row:05},50.5\n" for row in range(ROWS))
RULES = {"number": "no", "street": "street"}
ALLOWED = os.environ | {"OPENADDR_ALLOW_HOSTS": "127.0.0.1", "OPENADDR_RETRY_SECONDS": "0.01"}


def source(data: str, protocol: str = "http", **rules: Any) -> dict[str, Any]:
    conform = {"format": "csv", "lon": "x", "lat": "y", **(rules or RULES)}
    if protocol == "ESRI":
        conform = {"format": "geojson", "number": "HOUSE", "street": "STREET"}
    entry = {"name": "town", "protocol": protocol, "data": data, "conform": conform}
    return {"schema": 2, "coverage": {"geometry": {}}, "layers": {"addresses": [entry]}}


@pytest.fixture
def csv(web: FileServer, tmp_path: Path) -> dict[str, Any]:
    """A source of a file of ROWS rows, which says its edition."""
    (tmp_path / "web" / "a.csv").write_text(CSV)
    return source(web.url + "/a.csv")


def start(tmp_path: Path, text: dict[str, Any]) -> subprocess.Popen[bytes]:
    """The command, into the folder that the fixture `process` uses."""
    path = tmp_path / "sources" / "xx" / "town.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(text, indent=1))
    options = ["--output", str(tmp_path / "out"), "--no-tiles", "--no-preview", "--quiet"]
    return subprocess.Popen([sys.executable, "-m", "openaddr", "process", str(path), *options], env=ALLOWED)


def killed_when(server: HttpServer, enough: Callable[[], bool], running: subprocess.Popen[bytes]) -> None:
    """Kill a run as soon as the server has seen enough."""
    with running:
        server.wait_until(enough)
        running.send_signal(signal.SIGKILL)


def hidden(tmp_path: Path) -> list[str]:
    """Kinds of hidden folders that lie about."""
    found = (tmp_path / "out").rglob(".*")
    return sorted(path.name.split("-")[0] for path in found if path.is_dir())


def test_a_killed_download_goes_on_where_it_was(
    web: FileServer, csv: dict[str, Any], process: Process, tmp_path: Path
) -> None:
    web.cuts, web.silence_after_cut = [900_000], True
    with start(tmp_path, csv) as running:
        while not any(path.stat().st_size > 500_000 for path in (tmp_path / "out").rglob("data.part")):
            assert running.poll() is None
        running.send_signal(signal.SIGKILL)
    assert hidden(tmp_path) == [".partial", ".work"]
    answer = process(csv)
    assert (answer.code, answer.run["rows"]) == (None, ROWS)
    first, again = web.requests
    had = int(again.headers["range"].removeprefix("bytes=").removesuffix("-"))
    assert "range" not in first.headers and 500_000 < had <= 900_000
    assert ".partial" not in hidden(tmp_path)


def test_a_killed_esri_download_asks_for_no_finished_page_again(process: Process, tmp_path: Path) -> None:
    def pages() -> list[str]:
        return [request.parameters.get("resultOffset", "") for request in server.requests if is_page(request)]

    def is_page(request: Request) -> bool:
        return "resultOffset" in request.parameters

    def silent_from_the_eighth_on(request: Request, _number: int) -> Response | None:
        return Response(silent=True) if len(pages()) > 8 else None

    with EsriServer({0: address_layer(1_000, max_record_count=50)}) as server:
        server.trouble = silent_from_the_eighth_on
        text = source(server.layer_url(), "ESRI")
        killed_when(server, lambda: len(pages()) > 11, start(tmp_path, text))
        finished, server.trouble = set(pages()[:8]), None
        server.requests.clear()
        answer = process(text)
    assert (answer.code, answer.run["rows"], answer.run["received"]) == (None, 1_000, 1_000)
    assert not finished & set(pages())
    assert len(pages()) == 12


def test_data_that_has_not_changed_costs_one_request_and_keeps_its_files(
    web: FileServer, csv: dict[str, Any], process: Process
) -> None:
    first = process(csv)
    before = {kind: Path(path).stat() for kind, path in first.run["outputs"].items()}
    again = process(csv)
    assert again.exit_code == 0
    assert [request.headers.get("if-none-match") is not None for request in web.requests] == [False, True]
    assert (first.run["unchanged"], again.run["unchanged"]) == (False, True)
    same = (
        "status",
        "rows",
        "received",
        "rejected",
        "fills",
        "bounds",
        "warnings",
        "fingerprint",
        "edition",
        "key",
        "outputs",
    )
    assert {name: again.run[name] for name in same} == {name: first.run[name] for name in same}
    assert {kind: Path(path).stat().st_ino for kind, path in again.run["outputs"].items()} == {
        kind: stat.st_ino for kind, stat in before.items()
    }
    record = json.loads((Path(again.run["outputs"]["manifest"]).parent / "run.json").read_text())
    assert record["unchanged"] is True
    assert "succeeded, 40,000 of 40,000 rows, unchanged since the last run" in again.stderr
    assert process(csv).run["unchanged"] is True, "also the third time"


def test_an_esri_layer_that_was_not_edited_costs_one_request(process: Process) -> None:
    edited = {"editingInfo": {"lastEditDate": 1_700_000_000_000}}
    with EsriServer({0: address_layer(100, extra=edited)}) as server:
        text = source(server.layer_url(), "ESRI")
        first = process(text)
        server.requests.clear()
        again = process(text)
    assert (first.code, again.code, again.run["unchanged"], again.run["rows"]) == (None, None, True, 100)
    assert len(server.requests) == 1


CHANGES: dict[str, Callable[[dict[str, Any], Path], tuple[str, ...]]] = {
    "the data": lambda text, web: ((web / "a.csv").write_text(CSV.replace("Main", "High")) and ()) or (),
    "the conform": lambda text, web: text["layers"]["addresses"][0]["conform"].update(unit="no") or (),
    "the licence": lambda text, web: text["layers"]["addresses"][0].update(license={"text": "CC0"}) or (),
    "the options": lambda text, web: ("--preview",),
    "the wish for it fresh": lambda text, web: ("--fresh",),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_it_is_made_anew_after_a_change_of(
    change: Callable[[dict[str, Any], Path], tuple[str, ...]],
    web: FileServer,
    csv: dict[str, Any],
    process: Process,
    tmp_path: Path,
) -> None:
    process(csv)
    arguments = change(csv, tmp_path / "web")
    again = process(csv, *arguments)
    assert (again.code, again.run["unchanged"]) == (None, False)
    assert "206" not in again.stderr and len(web.requests) == 2


def test_it_is_made_anew_when_a_file_of_the_last_run_is_gone(
    web: FileServer, csv: dict[str, Any], process: Process
) -> None:
    first = process(csv)
    Path(first.run["outputs"]["sample"]).unlink()
    again = process(csv)
    assert (again.run["unchanged"], again.run["rows"]) == (False, ROWS)
    assert Path(again.run["outputs"]["sample"]).exists()


def test_a_failed_run_does_not_count_as_the_last_one(web: FileServer, csv: dict[str, Any], process: Process) -> None:
    process(csv)
    web.responses["/a.csv"] = Response(status=404)
    assert process(csv).code == "HTTP_404"
    del web.responses["/a.csv"]
    assert process(csv).run["unchanged"] is True


def test_two_runs_at_once_do_not_get_in_each_others_way(
    web: FileServer, csv: dict[str, Any], process: Process, tmp_path: Path
) -> None:
    web.cuts, web.silence_after_cut = [100_000], True
    with start(tmp_path, csv) as first:
        web.wait_until(lambda: bool(web.requests))
        answer = process(csv)
        assert (answer.code, answer.run["rows"]) == (None, ROWS)
        assert ".partial" in hidden(tmp_path), "what the first one has got so far is still its own"
        first.send_signal(signal.SIGKILL)


def test_what_killed_runs_leave_behind_is_swept_by_the_next_one(
    web: FileServer, csv: dict[str, Any], process: Process, tmp_path: Path
) -> None:
    web.cuts, web.silence_after_cut = [1_000, 1_000], True
    killed_when(web, lambda: bool(web.requests), start(tmp_path, csv))
    other = source(web.url + "/a.csv", number="no")
    killed_when(web, lambda: len(web.requests) == 2, start(tmp_path, other))
    assert hidden(tmp_path).count(".partial") == 1, "a download of another conform is of no use"
    hour_ago = 3_700
    for path in (tmp_path / "out").rglob("*"):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - hour_ago))
    web.cuts = []
    process(csv)
    assert hidden(tmp_path) == []
