"""The flows as Prefect runs them, against a server of its own."""

import json
import os
import re
import subprocess
import sys

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort
from prefect.settings import get_current_settings

from demo.servers.serving import Response
from deployments.embedded.prefect_server import JSON_LOGGING
from deployments.embedded.service import ROOT
from flows import following
from flows.dotmap import dotmap
from flows.publish_site import publish_site
from flows.source_run import source_run
from flows.sweep import sweep
from openaddr.db import dotmap as lock
from openaddr.db import outbox, runs
from openaddr.db.records import RunStatus
from tests.flows.conftest import SOURCE, Town, state_of

pytestmark = [
    pytest.mark.usefixtures("prefect", "connections_of_prefect"),
    # Clients of Prefect leave their connections to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_a_source_run_says_in_a_word_how_it_ended(town: Town) -> None:
    good = state_of(source_run, town.queued())
    assert (good.name, good.is_completed()) == ("Succeeded", True)
    assert good.message == "xx/town addresses town: succeeded, 100 rows"
    town.web.responses["/a.csv"] = Response(status=404)
    failed = state_of(source_run, town.queued())
    assert (failed.name, failed.is_completed()) == ("Failed", True)
    assert failed.message is not None and "HTTP_404" in failed.message
    town.web.responses.clear()
    done = town.run()
    assert state_of(source_run, done.id).name == "Left"


def test_a_run_shows_how_far_it_is_while_it_lasts(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "FOLLOW_SECONDS", 0.05)
    monkeypatch.setenv("OPENADDR_READ_SECONDS", "1")
    town.publish(50_000)
    town.web.cuts, town.web.silence_after_cut = [500_000], True
    run_id = town.queued()
    assert state_of(source_run, run_id).name == "Succeeded"
    wanted = ArtifactFilter(key=ArtifactFilterKey(any_=[f"run-{run_id}-progress"]))
    with get_client(sync_client=True) as client:
        # Numbers of runs begin again in each test, the server is one for all.
        shown, *_ = client.read_artifacts(artifact_filter=wanted, sort=ArtifactSort.CREATED_DESC)
    assert shown.description
    assert re.match(r"(download|unpack|conform|outputs): [0-9,]+", shown.description)


def test_the_sweep_closes_what_dead_workers_had_and_sends_what_was_not_sent(town: Town) -> None:
    run_id = town.queued()
    with town.opened.pool.connection() as conn:
        for _ in range(runs.ATTEMPTS):
            assert runs.claim(conn, run_id, "dead", None, 60, 60)
            conn.execute("update runs set lease_until = clock_timestamp() - interval '1s' where id = %s", [run_id])
            runs.release_expired(conn)
        outbox.put(conn, "site", "site", {})
        outbox.put(conn, "latest", "999", {"run": 999})
    assert town.row(run_id).status is RunStatus.LOST
    state = state_of(sweep)
    assert state.message is not None and "1 messages sent, 1 failed" in state.message
    with town.opened.storage.open("site/index.html") as file:
        assert b"RUN_LOST" in file.read()


def test_the_dot_map_has_what_runs_made_and_one_maker_at_a_time(town: Town) -> None:
    assert state_of(dotmap).name == "Nothing"
    town.run()
    assert state_of(dotmap).message == "100 points of 1 source are on the map."
    with town.opened.pool.connection() as other:
        assert lock.hold(other)
        assert state_of(dotmap).name == "Left"
        lock.release(other)
    state_of(publish_site)
    with town.opened.storage.open("site/map/index.html") as file:
        assert "100 addresses" in file.read().decode()


def test_pages_show_what_the_record_says_and_escape_it(town: Town) -> None:
    first, second = town.run(), town.run()
    third = town.run(name="<script>alert(1)</script>")
    state_of(publish_site)
    pages = {}
    for run in (first, second, third):
        with town.opened.storage.open(f"site/runs/{run.id}/index.html") as file:
            pages[run.id] = file.read().decode()
    assert "100 rows" in pages[first.id] and SOURCE in pages[first.id]
    assert "the data has not changed since" in pages[second.id]
    assert "NAME_UNKNOWN" in pages[third.id]
    assert "<script>alert" not in pages[third.id] and "&lt;script&gt;" in pages[third.id]


def test_flows_log_as_json_if_they_are_told_to_and_each_line_says_what_it_is_about(town: Town) -> None:
    run_id = town.queued()
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PREFECT_API_URL": str(get_current_settings().api.url),
        "PREFECT_LOGGING_SETTINGS_PATH": str(JSON_LOGGING),
        "OPENADDR_LOG_FORMAT": "json",
    }
    text = f"import asyncio; from flows.source_run import source_run; asyncio.run(source_run({run_id}))"
    command = [sys.executable, "-c", text]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    found = [json.loads(line) for line in done.stderr.splitlines()]
    ours = [line for line in found if line["logger"] == "openaddr.run"]
    assert {"download", "conform", "outputs"} <= {line["message"] for line in ours}
    assert {(line["run"], line["source"]) for line in ours} == {(run_id, SOURCE)}
    flow_runs = {line.get("flow_run") for line in found if line["logger"] in ("openaddr.run", "prefect.flow_runs")}
    assert len(flow_runs) == 1 and flow_runs != {None}
