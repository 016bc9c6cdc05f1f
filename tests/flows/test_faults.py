"""One source of a set meets a fault: its run ends with a name for it, and the others end as if nothing had been."""

import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import get_current_settings

from demo.servers.serving import Response
from deployments.embedded.service import ROOT
from flows import policies
from flows.batch_set import batch_set
from flows.services import services
from flows.source_run import source_run
from openaddr.db import runs
from openaddr.db.records import Run
from tests.flows.conftest import Town, state_of
from tests.storage.proxy import Proxy

pytestmark = [
    pytest.mark.usefixtures("prefect", "connections_of_prefect"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

SPINS = {"function": "regexp", "field": "street", "pattern": r"(a+)+\1$"}
GOOD: dict[str, dict[str, Any]] = {"xx/good": {}, "xx/well": {}}
ON_A_SMALL_DISK = 'mount -t tmpfs -o size=2m tmpfs "$0" || exit 99; exec "$@"'
RUN_THE_SET = "import asyncio, sys; from flows.batch_set import batch_set; asyncio.run(batch_set(folder=sys.argv[1]))"


def repository(town: Town, folder: Path, changes: dict[str, dict[str, Any]]) -> Path:
    """A folder of source files, each that of the town but for what it changes."""
    entry = json.loads(town.source())["layers"]["addresses"][0]
    for name, change in changes.items():
        path = folder / "repository" / "sources" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = {"schema": 2, "coverage": {"geometry": {}}, "layers": {"addresses": [entry | change]}}
        path.write_text(json.dumps(text))
    return folder / "repository"


def outcomes(town: Town) -> dict[str, tuple[str, str, int]]:
    """Status, problem and attempts of each source."""
    with town.opened.pool.connection() as conn:
        found = runs.recent(conn, 100)
    return {run.source_id: (run.status.value, str((run.problem or {}).get("code", "")), run.attempt) for run in found}


@pytest.mark.proves("I2", "I10", kind="publishers and patterns without an end")
def test_a_set_goes_on_around_servers_and_expressions_that_never_come_to_an_end(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENADDR_READ_SECONDS", "0.5")
    monkeypatch.setenv("OPENADDR_REGEXP_SECONDS", "0.05")
    rows = "".join(f"{row},{'a' * 40}!{row},10.1,50.5\n" for row in range(300))
    (tmp_path / "web" / "spins.csv").write_text("no,street,x,y\n" + rows)
    town.web.responses |= {
        "/silent.csv": Response(b"no,street", stops_after=5, silent=True),
        "/hangs-up.csv": Response(hangs_up=True),
    }
    rules = json.loads(town.source())["layers"]["addresses"][0]["conform"]
    bad: dict[str, dict[str, Any]] = {
        "xx/silent": {"data": f"{town.web.url}/silent.csv"},
        "xx/hangs-up": {"data": f"{town.web.url}/hangs-up.csv"},
        "xx/spins": {"data": f"{town.web.url}/spins.csv", "conform": rules | {"street": SPINS}},
    }
    assert state_of(batch_set, folder=str(repository(town, tmp_path, GOOD | bad))).is_completed()
    assert outcomes(town) == {
        "xx/good": ("succeeded", "", 1),
        "xx/well": ("succeeded", "", 1),
        "xx/silent": ("failed", "TIMED_OUT", 1),
        "xx/hangs-up": ("failed", "CONNECT_FAILED", 1),
        "xx/spins": ("failed", "REGEX_TOO_SLOW", 1),
    }


@pytest.mark.proves("I2", "I10", kind="bucket away")
@pytest.mark.parametrize("kept_in", ["bucket"])
def test_a_bucket_that_is_away_for_one_run_fails_that_run_by_name(
    town: Town, tmp_path: Path, s3_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policies, "PATIENCE_SECONDS", 0.0)
    with Proxy(s3_port) as proxy:
        monkeypatch.setenv("OPENADDR_S3_ENDPOINT_URL", proxy.url)
        proxy.upward = lambda block, seen: None if b"/runs/1/" in block else block
        state_of(batch_set, folder=str(repository(town, tmp_path, {"xx/away": {}} | GOOD)))
    assert outcomes(town) == {
        "xx/away": ("failed", "STORAGE_UNREACHABLE", 1),
        "xx/good": ("succeeded", "", 1),
        "xx/well": ("succeeded", "", 1),
    }


@pytest.mark.proves("I2", kind="bucket away")
@pytest.mark.parametrize("kept_in", ["bucket"])
def test_a_bucket_that_is_back_in_time_costs_nothing(town: Town, s3_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    cuts: list[bytes] = []

    def cut_sometimes(block: bytes, seen: int) -> bytes | None:
        if b"/runs/" in block and len(cuts) < 9:
            cuts.append(block)
            return None
        return block

    with Proxy(s3_port) as proxy:
        monkeypatch.setenv("OPENADDR_S3_ENDPOINT_URL", proxy.url)
        proxy.upward = cut_sometimes
        with services() as opened:
            run = replace(town, opened=opened).run()
    assert (run.status.value, len(cuts)) == ("succeeded", 9), "boto3 itself asks four times, so it was asked again"


@pytest.mark.proves("I2", "I10", kind="disk of the storage full")
def test_a_disk_that_is_full_fails_the_run_that_does_not_fit(town: Town, tmp_path: Path) -> None:
    # No compression helps, so that already the first file does not fit.
    rows = "".join(f"{row},{random.randbytes(500).hex()},10.{row:05},50.5\n" for row in range(6_000))
    (tmp_path / "web" / "large.csv").write_text("no,street,x,y\n" + rows)
    root = repository(town, tmp_path, {"xx/large": {"data": f"{town.web.url}/large.csv"}} | GOOD)
    # In a namespace of its own anybody may mount, and the disk is gone with the process.
    alone = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", ON_A_SMALL_DISK, str(tmp_path / "storage")]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PREFECT_API_URL": str(get_current_settings().api.url)}
    subprocess.run([*alone, sys.executable, "-c", RUN_THE_SET, str(root)], check=True, env=environment)
    assert outcomes(town) == {
        "xx/large": ("failed", "STORAGE_FULL", 1),
        "xx/good": ("succeeded", "", 1),
        "xx/well": ("succeeded", "", 1),
    }


@pytest.mark.proves("I2", kind="database away at the start")
def test_a_record_that_is_away_at_the_start_is_said_and_the_run_waits(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = town.queued()
    with monkeypatch.context() as away:
        away.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/record")
        state = state_of(source_run, run_id)
    assert state.is_failed() and "No connection to record at 127.0.0.1" in str(state.message)
    assert town.row(run_id).status.value == "queued"
    assert state_of(source_run, run_id).name == "Succeeded"


def test_a_storage_that_is_nowhere_is_said_and_the_run_waits(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    run_id = town.queued()
    with monkeypatch.context() as away:
        away.setenv("OPENADDR_STORAGE_FOLDER", str(tmp_path / "file" / "storage"))
        state = state_of(source_run, run_id)
    assert state.is_failed() and "Not a directory" in str(state.message)
    found: Run = town.row(run_id)
    assert (found.status.value, found.attempt) == ("queued", 1)
