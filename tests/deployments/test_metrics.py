"""The numbers for Prometheus: each is what the record says, and without a record there is a sentence instead."""

import base64
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import promql_parser
import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from psycopg import Connection
from typer.testing import CliRunner

from dashboards.site import PUBLISHED
from demo.servers.files import FileServer
from demo.servers.serving import Response
from deployments.embedded.service import ROOT
from deployments.listening import listener, server
from deployments.metrics import looking
from deployments.metrics.looking import Watch
from deployments.metrics.serving import CONNECTIONS, application
from openaddr import __version__
from openaddr.cli import app
from openaddr.db import collections, deliveries, last_good, outbox, runs, sets
from openaddr.db.connections import connect, open_pool
from openaddr.db.records import Lease, NewCollection, Outcome, RunStatus
from openaddr.dotmap.making import KEY as DOTMAP
from openaddr.errors import Code, Problem
from openaddr.settings import Settings
from openaddr.storage import open_storage
from openaddr.storage.objects import About
from tests.buckets import credentials
from tests.db.conftest import Rows
from tests.deployments.hooks import listening as hooked
from tests.deployments.processes import eventually

__all__ = ["credentials"]

NOBODY = "http://127.0.0.1:1"
ALARMS = ROOT / "deployments/prometheus/alarms.yml"

NAMED = {
    "tasks_waiting": 3,
    "task_waiting_seconds": 90,
    "tasks_done hour succeeded": 1,
    "tasks_done hour failed": 1,
    "tasks_done hour skipped": 1,
    "tasks_done hour held": 0,
    "tasks_done hour lost": 0,
    "tasks_done day succeeded": 2,
    "tasks_done day failed": 2,
    "tasks_done day skipped": 1,
    "tasks_done day held": 0,
    "tasks_done day lost": 0,
    "tasks_due": 2,
    "expected_results": 5,
    "active_workers": 2,
    "idle_seconds": 10,
    "layer_sources": 3,
    "layer_sources_without_success": 1,
    "oldest_success_age_seconds": 3 * 86_400,
    "problems HTTP_404": 1,
    "problems NO_ROWS": 1,
    "newest_set_age_seconds": 7_200,
    "open_set_age_seconds": 300,
    "deliveries waiting": 2,
    "deliveries parked": 1,
    "delivery_waiting_seconds": 600,
    "delivery_overdue_seconds": 1_200,
    "outbox waiting": 2,
    "outbox parked": 1,
    "outbox_waiting_seconds": 60,
    "outbox_overdue_seconds": 40,
    "storage_up": 1,
    "stored_bytes latest": 700,
    "stored_bytes collections": 5_000,
    "stored_bytes dotmap": 11,
    "collection_age_seconds": 1_800,
    "collections_in_trouble": 1,
    "dotmap_age_seconds": 0,
    "site_age_seconds": 0,
    "prefect_up": 1,
    "workers_online": 2,
    "info": 1,
}
"""Every sample of the record that `filled` makes; ages may be a little more."""


def ago(conn: Connection[Any], statement: str, seconds: float, *values: object) -> None:
    """Let something have happened so many seconds ago."""
    conn.execute(statement.replace("AGO", f"clock_timestamp() - interval '{seconds} seconds'"), values)


def ended(rows: Rows, status: RunStatus, seconds: float, code: Code | None = None, **changes: Any) -> int:
    """A run that ended so many seconds ago."""
    lease = rows.claimed(**changes)
    problem = Problem(code, "It is so.") if code else None
    assert runs.finish(rows.conn, lease, Outcome(status, "11", problem=problem, record={"bytes": 700}, rows=10))
    ago(rows.conn, "update runs set finished_at = AGO, started_at = AGO where id = %s", seconds, lease.run_id)
    return lease.run_id


def filled(conn: Connection[Any]) -> None:
    """A record with something of everything."""
    rows = Rows(conn)
    conn.autocommit = True
    old = ended(rows, RunStatus.SUCCEEDED, 3 * 86_400, source_id="xx/gone")
    assert last_good.move(conn, old)
    ended(rows, RunStatus.SUCCEEDED, 4 * 86_400, source_id="xx/left-the-repository")
    ended(rows, RunStatus.FAILED, 7_000, Code.HTTP_404, source_id="xx/gone")
    found = sets.start(conn, "me/sources", "a" * 40)
    assert found
    ended(rows, RunStatus.SUCCEEDED, 20, source_id="xx/good", set_id=found.id)
    ended(rows, RunStatus.SUCCEEDED, 7_000, source_id="xx/other")
    ended(rows, RunStatus.FAILED, 30, Code.HTTP_404, source_id="xx/gone", set_id=found.id)
    ended(rows, RunStatus.SKIPPED, 40, Code.SOURCE_SKIP, source_id="xx/skipped", set_id=found.id)
    ended(rows, RunStatus.FAILED, 90_000, Code.NO_ROWS, source_id="xx/never", set_id=found.id)
    sets.mark_listed(conn, found.id)
    assert sets.complete_if_done(conn, found.id)
    ago(conn, "update sets set created_at = AGO, completed_at = AGO where id = %s", 7_200, found.id)
    begun = sets.start(conn, "me/sources", "b" * 40)
    assert begun
    ago(conn, "update sets set created_at = AGO where id = %s", 300, begun.id)
    _at_work(rows)
    _told(conn)


def _at_work(rows: Rows) -> None:
    waiting = [rows.queued().id for _ in range(3)]
    ago(rows.conn, "update runs set queued_at = AGO where id = %s", 90, waiting[0])
    alive, _, expired, overrun = (rows.claimed() for _ in range(4))
    assert isinstance(alive, Lease)
    rows.expire(expired.run_id)
    rows.overrun(overrun.run_id)
    ago(rows.conn, "update runs set started_at = AGO where status = 'running'", 10)


def _told(conn: Connection[Any]) -> None:
    for name in ("waiting", "begun", "given up", "done"):
        deliveries.receive(conn, name, "push", {})
    assert deliveries.begin(conn, "begun", None)
    assert deliveries.ignore(conn, "done", "It asks for nothing.")
    conn.execute("update deliveries set status = 'parked' where id = 'given up'")
    ago(conn, "update deliveries set received_at = AGO where id = 'begun'", 600)
    ago(conn, "update deliveries set started_at = AGO where id = 'begun'", 1_200)
    numbers = [outbox.put(conn, "site", name, {}) for name in ("a", "b", "parked", "sent")]
    ago(conn, "update outbox set created_at = AGO where id = %s", 60, numbers[0])
    ago(conn, "update outbox set next_try_at = AGO where id = %s", 40, numbers[0])
    ago(conn, "update outbox set next_try_at = AGO where id = %s", -40, numbers[1])
    conn.execute("update outbox set parked_at = clock_timestamp() where id = %s", [numbers[2]])
    assert outbox.sent(conn, numbers[3])
    collections.publish(conn, NewCollection("global", "collections/global.zip", "0" * 64, 5_000, 10, {}))
    collections.note_try(conn, "global", None)
    collections.note_try(conn, "asia", Problem(Code.COLLECTION_EMPTY, "It is so."))
    ago(conn, "update collection_tries set tried_at = AGO where name = 'global'", 1_800)


@contextmanager
def listening(settings: Settings) -> Iterator[str]:
    """The real server in a thread; gives its address."""
    with open_pool(settings.database_url, 2, at_once=False) as pool:
        found = server(application(Watch(settings, pool, open_storage(settings))), CONNECTIONS)
        place = listener("127.0.0.1", 0)
        thread = threading.Thread(target=found.run, args=([place],))
        thread.start()
        try:
            eventually(lambda: found.started)
            yield f"http://127.0.0.1:{place.getsockname()[1]}/metrics"
        finally:
            found.should_exit = True
            thread.join()


@pytest.fixture
def settings(url: str, tmp_path: Path, web: FileServer) -> Settings:
    """A record, a folder, and somebody who answers in the place of Prefect."""
    workers = [{"status": "ONLINE"}, {"status": "OFFLINE"}, {"status": "ONLINE"}]
    web.responses["/api/work_pools/machine/workers/filter"] = Response(msgspec.json.encode(workers))
    return Settings(database_url=url, storage_folder=str(tmp_path / "storage"), prefect_api_url=f"{web.url}/api")


def numbers(text: str) -> dict[str, float]:
    """Samples by name and labels, as `NAMED` writes them."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation.endswith((".", "0.")), family.name
        assert family.type == "gauge", family.name
        if family.name.endswith("_seconds"):
            assert family.documentation.endswith("In seconds."), family.name
        for sample in family.samples:
            labels = "" if "version" in sample.labels else " ".join(value for _, value in sorted(sample.labels.items()))
            key = f"{sample.name.removeprefix('openaddr_')} {' '.join(reversed(labels.split()))}".strip()
            assert key not in found
            found[key] = sample.value
    return found


def test_every_number_is_what_the_record_and_the_storage_say(settings: Settings) -> None:
    storage = open_storage(settings)
    storage.put(DOTMAP, b"x" * 11, About())
    storage.put(PUBLISHED, b"{}", About())
    with connect(settings.database_url) as conn:
        filled(conn)
    with listening(settings) as address:
        answer = httpx.get(address)
        asked = httpx.get(address, headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert f'openaddr_info{{version="{__version__}"}} 1.0' in answer.text
    found = numbers(answer.text)
    assert found.keys() == NAMED.keys()
    for name, expected in NAMED.items():
        more = 30 if name.endswith("_seconds") else 0
        assert expected <= found[name] <= expected + more, name
    families = openmetrics.text_string_to_metric_families(asked.text)  # type: ignore[no-untyped-call]
    assert len(list(families)) == answer.text.count("# TYPE")


@pytest.mark.parametrize("how", ["refuses", "never answers"])
def test_without_the_record_there_is_a_sentence_and_no_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(looking, "POOL_SECONDS", 0.3)
    silent = socket.create_server(("127.0.0.1", 0))
    port = silent.getsockname()[1] if how == "never answers" else 1
    database = f"postgresql://me:secret@127.0.0.1:{port}/x"
    with listening(Settings(database_url=database, storage_folder=str(tmp_path / "storage"))) as address:
        began = time.monotonic()
        answer = httpx.get(address, timeout=20)
        seconds = time.monotonic() - began
        silent.close()
    assert (answer.status_code, seconds < 5) == (503, True)
    assert answer.text.startswith("The database is away") and "secret" not in answer.text


def test_a_storage_and_a_prefect_that_are_away_leave_the_numbers_of_the_record(
    settings: Settings, credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "OTHERS_SECONDS", 0.3)
    away = replace(settings, s3_bucket="away", s3_endpoint_url=NOBODY, prefect_api_url=f"{NOBODY}/api")
    with listening(away) as address:
        found = numbers(httpx.get(address).text)
    assert (found["storage_up"], found["prefect_up"], found["tasks_waiting"]) == (0, 0, 0)
    assert found.keys() & {"workers_online", "site_age_seconds", "dotmap_age_seconds"} == set()


def test_an_empty_record_has_no_ages_rather_than_new_ones(settings: Settings) -> None:
    with listening(settings) as address:
        found = numbers(httpx.get(address).text)
    ages = {"oldest_success_age_seconds", "newest_set_age_seconds", "task_waiting_seconds", "idle_seconds"}
    assert found.keys() & ages == set()
    assert {value for name, value in found.items() if "_up" not in name} == {0, 1, 2}


def test_a_prefect_that_wants_a_password_gets_it(settings: Settings, web: FileServer) -> None:
    assert looking.online(replace(settings, prefect_auth="admin:pass word")) == 2
    asked = web.requests[-1].headers["authorization"]
    assert base64.b64decode(asked.removeprefix("Basic ")) == b"admin:pass word"


def test_the_webhook_does_not_give_the_numbers(url: str) -> None:
    with hooked(url) as hook:
        assert httpx.get(f"{hook.url}/metrics").status_code == 404


def test_the_table_of_the_manual_has_every_name(settings: Settings) -> None:
    with listening(settings) as address:
        families = {family.name for family in text_string_to_metric_families(httpx.get(address).text)}
    manual = (ROOT / "docs/operating.md").read_text()
    assert set(re.findall(r"^\| `(openaddr_[a-z_]+)", manual, re.M)) == families


def test_alarms_can_be_read_and_ask_for_numbers_that_there_are() -> None:
    (group,) = msgspec.yaml.decode(ALARMS.read_bytes())["groups"]
    asked: set[str] = set()
    for rule in group["rules"]:
        assert set(rule) <= {"alert", "expr", "for", "annotations"} and rule["annotations"]["summary"].endswith(".")
        promql_parser.parse(rule["expr"])
        asked |= set(re.findall(r"openaddr_([a-z_]+)", rule["expr"]))
    assert len(asked) > 10
    assert asked <= {name.partition(" ")[0] for name in NAMED}


@pytest.mark.skipif(not shutil.which("promtool"), reason="Debian's package prometheus has promtool")
def test_prometheus_itself_takes_alarms_and_numbers(settings: Settings) -> None:
    with listening(settings) as address:
        text = httpx.get(address).text
    subprocess.run(["promtool", "check", "rules", str(ALARMS)], check=True)
    done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


@pytest.mark.parametrize("taken", [False, True])
def test_the_command_says_what_it_lacks(taken: bool, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        environment = {"DATABASE_URL": "postgresql://x" if taken else "", "OPENADDR_STORAGE_FOLDER": str(tmp_path)}
        done = CliRunner().invoke(app, ["metrics", "--port", port], env=environment)
    assert done.exit_code == 6
    assert ("Nobody can listen at port" if taken else "DATABASE_URL is not set") in done.stderr
