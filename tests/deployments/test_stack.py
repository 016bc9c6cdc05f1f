"""`openaddr up`: everything starts, says where it is, ends with nothing left, and goes on."""

import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
import pytest
from prefect.client.orchestration import SyncPrefectClient

from deployments.embedded.service import ROOT
from deployments.stack import Stack, _beside
from openaddr.errors import ProblemError
from openaddr.settings import Settings
from tests.deployments.conftest import Lives, run_tiny
from tests.deployments.processes import concerned_with, eventually

pytestmark = pytest.mark.timeout(300)


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "openaddr", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def state(client: SyncPrefectClient, flow_run: object) -> str | None:
    assert isinstance(flow_run, UUID)
    return client.read_flow_run(flow_run).state_name


def test_ctrl_c_ends_every_process_and_flow_runs_in_sessions_of_their_own(lives: Lives) -> None:
    first = lives.first
    assert first.left == []
    assert first.seconds_to_stop < 20 and first.exit_code == 0
    assert first.last_words == "openaddr: stopped; the data is kept"


def test_a_second_start_goes_on_with_the_data_of_both_databases(lives: Lives, client: SyncPrefectClient) -> None:
    with psycopg.connect(lives.second.database) as connection:
        assert connection.execute("SELECT word FROM note").fetchall() == [("kept",)]
    crashed = [run.state for run in client.read_flow_runs(limit=200) if run.state_name == "Crashed"]
    assert [state and state.message for state in crashed].count("The machine was stopped while this ran.") == 1


def test_the_table_leads_to_what_it_names(lives: Lives) -> None:
    assert "<title>Prefect" in httpx.get(lives.second.place("Prefect")).text
    assert lives.second.api in httpx.get(f"{lives.second.place('Prefect')}/ui-settings").text
    assert Path(lives.second.place("Storage")).is_dir()
    assert httpx.get(lives.second.place("Webhook").replace("/hook", "/health")).status_code == 200
    assert "openaddr_workers_online 3.0" in httpx.get(lives.second.place("Metrics")).text
    answer = httpx.get(lives.second.place("Site"))
    assert (answer.status_code, answer.headers["X-Content-Type-Options"]) == (404, "nosniff")
    assert "There is no such page" in answer.text, "no flow of this stack publishes pages"
    logs = {path.name for path in Path(lives.second.place("Logs")).iterdir()}
    assert logs >= {
        "postgres.log",
        "prefect-server.log",
        "site.log",
        "setup.log",
        "webhook.log",
        "metrics.log",
        "worker.log",
        "worker-ci.log",
        "worker-upkeep.log",
    }


def test_no_password_and_no_secret_is_in_a_log_or_in_the_table(lives: Lives) -> None:
    secrets = [(lives.second.folder / name).read_text() for name in ("postgres/password", "webhook-secret")]
    texts = [path.read_text() for path in (lives.second.folder / "logs").iterdir()]
    assert [text for text in [lives.second.text, *texts] if any(secret in text for secret in secrets)] == []


def test_a_second_stack_on_the_same_folder_is_refused(lives: Lives) -> None:
    answer = command("up", "--folder", str(lives.second.folder))
    assert answer.returncode == 6
    assert f"Another stack (process {lives.second.process.pid}) uses {lives.second.folder}." in answer.stderr
    assert "STACK_BUSY" in answer.stderr


def test_a_ci_run_starts_while_the_batch_queue_is_full_and_a_sweep_while_all_are(
    lives: Lives, client: SyncPrefectClient, tmp_path: Path
) -> None:
    batch = [run_tiny(client, "tiny/batch", tmp_path / f"batch-{number}", 600) for number in range(3)]
    eventually(lambda: "Running" in {state(client, run) for run in batch}, 120)
    wanted = run_tiny(client, "tiny/ci", tmp_path / "ci", 600)
    eventually(lambda: state(client, wanted) == "Running", 120)
    assert [state(client, run) for run in batch].count("Running") == 1
    sweep = client.create_flow_run_from_deployment(client.read_deployment_by_name("sweep/sweep").id).id
    eventually(lambda: state(client, sweep) == "Completed", 120)


def test_servers_that_are_given_are_used_and_left_running(lives: Lives, tmp_path: Path) -> None:
    given = Settings(database_url=lives.second.database, prefect_api_url=lives.second.api, worker_slots=1)
    with Stack(tmp_path / "stack", given, lives.second.prefect_file) as stack:
        assert stack.changes == []
        started = [service.program.name for service in stack.services]
        assert started == ["site", "webhook", "metrics", "worker", "worker-ci", "worker-upkeep"]
        assert stack.addresses.environment["DATABASE_URL"] == lives.second.database
    assert httpx.get(f"{lives.second.api}/health").json() is True


NOBODY = "127.0.0.1:1"


@pytest.mark.parametrize(
    "words, environment, told",
    [
        ("up", {"DATABASE_URL": f"postgresql://a:secret@{NOBODY}/x"}, "No connection to x at 127.0.0.1"),
        ("up", {"PREFECT_API_URL": f"http://{NOBODY}/api"}, f"No Prefect server answers at http://{NOBODY}/api"),
        ("deploy", {"PREFECT_API_URL": f"http://{NOBODY}/api"}, f"No Prefect server answers at http://{NOBODY}/api"),
        ("deploy", {"PREFECT_API_URL": ""}, "PREFECT_API_URL is not set"),
        ("up", {"OPENADDR_WORKER_SLOTS": "many"}, "OPENADDR_WORKER_SLOTS is 'many'"),
    ],
)
def test_what_is_given_but_cannot_be_used_is_told(
    tmp_path: Path, words: str, environment: dict[str, str], told: str
) -> None:
    answer = command(words, *(["--folder", str(tmp_path / "stack")] if words == "up" else []), **environment)
    assert answer.returncode == 6
    assert told in answer.stderr and "secret" not in answer.stderr and "Traceback" not in answer.stderr
    assert concerned_with(tmp_path) == []


def test_prefects_database_is_beside_ours() -> None:
    assert _beside("postgresql://a:b@host/ours?sslmode=require", "prefect") == (
        "postgresql://a:b@host/prefect?sslmode=require"
    )


def test_a_flow_that_does_not_load_is_told(lives: Lives, tmp_path: Path) -> None:
    file = tmp_path / "prefect.yaml"
    file.write_text("{name: x, deployments: [{name: x, entrypoint: no.py:x, work_pool: {work_queue_name: ci}}]}")
    given = Settings(database_url=lives.second.database, prefect_api_url=lives.second.api)
    with pytest.raises(ProblemError, match=r"setup.log ends with: .*no\.py:x\) does not load"):
        Stack(tmp_path / "stack", given, file).__enter__()
    assert concerned_with(tmp_path) == []


def test_without_the_extra_the_commands_say_what_to_install() -> None:
    hidden = "import sys; sys.modules['psycopg'] = sys.modules['prefect'] = None; from openaddr.cli import main; main()"
    for words in ("up", "deploy"):
        done = subprocess.run(
            [sys.executable, "-c", hidden, words], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 6 and "openaddr-machine[operate]" in done.stderr
