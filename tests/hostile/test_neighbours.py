"""A source among hostile ones has the same files, to the byte, as it has alone."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from demo.servers.files import FileServer
from demo.servers.serving import Response
from tests.conftest import Answer

RULES = {"format": "csv", "lon": "x", "lat": "y", "number": "no", "street": "street"}
SPINS = {"function": "regexp", "field": "street", "pattern": r"(a+)+\1$"}
TELLS_OF_ITS_TIME = ("run.json", "log.txt", "manifest.json")


def source(data: str, **rules: Any) -> dict[str, Any]:
    entry = {"name": "town", "protocol": "http", "data": data, "conform": RULES | rules}
    return {"schema": 2, "coverage": {"geometry": {}}, "layers": {"addresses": [entry]}}


def files(folder: Path) -> dict[str, str]:
    """Digests of the files of the good source, but for those that say when they were made."""
    found = {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}
    return {name: digest for name, digest in found.items() if name not in TELLS_OF_ITS_TIME}


@pytest.mark.proves("I10")
def test_no_neighbour_changes_what_becomes_of_a_source(
    web: FileServer, process: Callable[..., Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENADDR_REGEXP_SECONDS", "0.05")
    rows = "".join(f"{row},Main St,10.{row:03},50.5\n" for row in range(500))
    (web.folder or tmp_path).joinpath("good.csv").write_text("no,street,x,y\n" + rows)
    web.responses |= {
        "/spins.csv": Response(("no,street,x,y\n" + f"1,{'a' * 60}!,10.1,50.5\n" * 200).encode()),
        "/huge.csv": Response(b"no,street,x,y\n" + b"1," + b"x" * 5_000_000 + b",10.1,50.5\n"),
        "/cut.csv": Response(b"no,street,x,y\n1,Main", hangs_up=True),
        "/bytes.csv": Response(bytes(range(256)) * 2_000),
    }
    good = source(f"{web.url}/good.csv")
    alone = process(good)
    made = tmp_path / "out" / "xx" / "town"
    before = files(made)
    neighbours = []
    for name in ("spins", "huge", "cut", "bytes", "gone"):
        path = tmp_path / "sources" / "xx" / f"{name}.json"
        hostile = source(f"{web.url}/{name}.csv", **({"street": SPINS} if name == "spins" else {}))
        path.write_text(json.dumps(hostile))
        neighbours.append(str(path))
    among = process(good, "--fresh", *neighbours)
    assert (alone.runs[0]["rows"], among.runs[0]["rows"]) == (500, 500)
    assert {run["status"] for run in among.runs[1:]} == {"failed"}
    assert files(made) == before and {"addresses.zip", "extract.parquet"} <= set(before)
