"""`openaddr doctor` on a real stack: all right in good health, and each part that is hurt is named with the fix."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deployments.doctor import database
from deployments.doctor.examining import operators
from deployments.embedded.service import ROOT
from openaddr.doctor.parts import examine
from openaddr.settings import Settings
from tests.buckets import credentials, s3_port
from tests.clients import collect
from tests.deployments.ailments import CASES, GONE
from tests.deployments.conftest import Lives
from tests.deployments.patient import Patient, patient

__all__ = ["credentials", "s3_port"]

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("credentials"),
    # Clients of Prefect leave their connections to the garbage collector, which the module calls once in the end.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def healthy(lives: Lives, s3_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    """One patient for the module: who hurts it mends it."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="pg-") as folder:
        patch.setenv("AWS_ACCESS_KEY_ID", "key-of-nobody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-nobody")
        with patient(lives.second, Path(folder), tmp_path_factory.mktemp("work"), s3_port) as found:
            yield found
    collect()


def test_in_good_health_everything_holds(healthy: Patient) -> None:
    checks = healthy.examined()
    assert [str(check) for check in checks if not check.holds] == []
    assert len(checks) > 30


def test_an_app_with_the_rights_that_are_needed_is_all_right(healthy: Patient) -> None:
    with healthy.app():
        assert [str(check) for check in healthy.examined("GitHub") if not check.holds] == []


@pytest.mark.parametrize("name", CASES)
def test_what_is_hurt_is_named_with_the_fix(healthy: Patient, name: str, tmp_path: Path) -> None:
    group, (hurt, wrong, found, fix) = CASES[name]
    with hurt(healthy, tmp_path):
        # Others take their time, and are not what this is about.
        checks = healthy.examined(group, "Clocks")
    told = {check.name: check for check in checks if check.holds is False}
    assert told.keys() == wrong, "\n".join(map(str, told.values()))
    assert any(found in check.found for check in told.values()), "\n".join(map(str, told.values()))
    assert any(fix in check.fix for check in told.values())


def test_an_old_server_of_the_database_is_named(healthy: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    # No old one is in the registries: what is too old is moved instead.
    monkeypatch.setattr(database, "OLDEST", 99)
    (wrong,) = [check for check in healthy.examined("Database") if not check.holds]
    assert wrong.name == "version" and "99 or newer is needed" in wrong.found and "Move to Postgres 99" in wrong.fix


def test_what_is_not_set_up_is_not_checked_and_says_what_would_change_that() -> None:
    _, parts = operators(Settings(), None, None)
    told = {check.group: check.found for check in examine(parts) if check.holds is None}
    names = {
        "Database": "DATABASE_URL",
        "Storage": "S3_BUCKET",
        "Backups": "DATABASE_URL",
        "Prefect": "PREFECT_API_URL",
        "GitHub": "GITHUB_TOKEN",
        "Webhook": "OPENADDR_WEBHOOK_SECRETS",
        "Clocks": "DATABASE_URL",
    }
    assert told.keys() == names.keys()
    assert [group for group, name in names.items() if name not in told[group]] == []


def doctor(up: Any, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    options = ["--folder", str(up.folder), "--prefect-file", str(up.prefect_file)]
    return subprocess.run(
        [sys.executable, "-m", "openaddr", "doctor", *options, *arguments],
        cwd=ROOT,
        env=os.environ | {"OPENADDR_WORKER_SLOTS": "1"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_stack_on_this_machine_is_examined_by_its_folder(lives: Lives) -> None:
    done = doctor(lives.second)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "✓ worker on upkeep" in done.stdout and "✓ site" in done.stdout and "\n  ✗" not in done.stdout


def test_objects_say_the_same_and_no_secret_is_told(lives: Lives) -> None:
    secret = (lives.second.folder / "webhook-secret").read_text()
    password = (lives.second.folder / "postgres" / "password").read_text()
    environment = {"DATABASE_URL": f"postgresql://openaddr:{password}@127.0.0.1:1/openaddr", "S3_BUCKET": ""}
    done = doctor(lives.second, "--json", GITHUB_TOKEN=secret, GITHUB_API_URL=GONE, **environment)
    assert done.returncode == 6
    checks = [json.loads(line) for line in done.stdout.splitlines()]
    wrong = {check["name"] for check in checks if check["holds"] is False}
    assert wrong >= {"database reachable", "GitHub answers", "webhook secret: its own"}
    assert all(check["fix"] for check in checks if check["holds"] is False)
    assert secret not in done.stdout + done.stderr and password not in done.stdout + done.stderr


def test_a_folder_without_a_stack_is_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "openaddr", "doctor", "--folder", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 6 and "is no folder of `openaddr up`" in done.stderr and "Traceback" not in done.stderr
