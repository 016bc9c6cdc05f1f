"""What `openaddr process` made of a town, once for all tests that only look at it, and servers that show folders."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from dashboards.preview.server import Preview
from demo.servers.files import FileServer

ROOT = Path(__file__).parents[3]
ALLOWED = os.environ | {"OPENADDR_ALLOW_HOSTS": "127.0.0.1", "OPENADDR_RETRY_SECONDS": "0.01", "PYTHONPATH": str(ROOT)}
CENTRE = (14.3034, 51.8565)
GOOD, BROKEN, PLAIN = "xx/town/addresses/good/", "xx/town/addresses/broken/", "xx/plain/addresses/good/"
HOSTILE = "=1+1 <b>Gasse</b>"


def rows() -> str:
    """A grid of 60 houses around the centre; one far off, one nowhere, one that cannot be used, one without a place."""
    lon, lat = CENTRE
    lines = ["no,street,zip,x,y"]
    for at in range(60):
        street = "Lange Straße" if at % 2 else HOSTILE
        lines.append(f"{at},{street},{3046 + at}.0,{lon + (at % 8 - 4) * 4e-4},{lat + (at // 8 - 4) * 3e-4}")
    lines += ["61,Far Street,1,20.5,51.8", "62,No Street,1,0,0", "63,Bad Street,1,ten,51.8", "64,Side Street,1,,"]
    return "\n".join(lines) + "\n"


def source(address: str) -> dict[str, Any]:
    """A source with a good layer source, and one that names a column which is not there."""
    square = [[14.0, 51.5], [14.6, 51.5], [14.6, 52.1], [14.0, 52.1], [14.0, 51.5]]
    conform = {"format": "csv", "lon": "x", "lat": "y", "number": "no", "street": "street", "postcode": "zip"}
    entry = {"name": "good", "protocol": "http", "data": address, "conform": conform}
    broken = entry | {"name": "broken", "conform": conform | {"lon": "laenge"}}
    return {
        "schema": 2,
        "coverage": {"country": "xx", "geometry": {"type": "Polygon", "coordinates": [square]}},
        "layers": {"addresses": [entry, broken]},
    }


@pytest.fixture(scope="session")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of outputs of two sources, one of them without tiles and picture."""
    place = tmp_path_factory.mktemp("preview")
    (place / "web").mkdir()
    (place / "web/a.csv").write_text(rows(), encoding="utf-8")
    with FileServer(place / "web") as web:
        for name, options in (("town", []), ("plain", ["--name", "good", "--no-tiles", "--no-preview"])):
            path = place / f"sources/xx/{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(source(f"{web.url}/a.csv"), indent=1), encoding="utf-8")
            command: list[str | Path] = [sys.executable, "-m", "openaddr", "process", path, "--output", place / "out"]
            done = subprocess.run(
                [*command, *options, "--quiet"], env=ALLOWED, capture_output=True, text=True, check=False
            )
            assert done.returncode == (3 if name == "town" else 0), done.stderr
    return place / "out"


@contextmanager
def shown(root: Path) -> Iterator[Preview]:
    """The server of a folder, in a thread."""
    with Preview(root) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


@pytest.fixture(scope="session")
def server(outputs: Path) -> Iterator[Preview]:
    """The server of the outputs."""
    with shown(outputs) as found:
        yield found


def ask(server: Preview, path: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
    """An answer and its body; `_` in names of headers stands for a dash."""
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def write_record(folder: Path, **members: object) -> Path:
    """A folder with a record, for which `members` are what differs from a good one."""
    folder.mkdir(parents=True)
    record = {"source": "xx/town", "layer": "addresses", "name": "good", "status": "succeeded", "rows": 0} | members
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return folder
