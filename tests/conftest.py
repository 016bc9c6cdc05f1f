"""What many tests need: a web server on this machine, and the command line with what it printed."""

import gc
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from typer.testing import CliRunner
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling

from demo.servers.files import FileServer
from openaddr.cli import app
from tests.databases import migrated_url, server_url, url
from tests.gdal import bring_drivers_back

pytest_plugins = ["tests.proof.marked"]
__all__ = ["migrated_url", "server_url", "url"]

# Whether a change lands is decided by the same examples every time; the search for new ones goes on at desks. No
# deadlines: the machines are shared, and slow at times.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


@pytest.fixture(autouse=True)
def drivers_of_gdal() -> Iterator[None]:
    """What a test reads in this process takes no driver from the tests after it."""
    yield
    if "openaddr.conform.readers.gdal" in sys.modules:
        bring_drivers_back()


TOGETHER = {
    "tests/deployments/test_stack.py": "stack",
    "tests/deployments/test_setup.py": "stack",
    "tests/deployments/test_faults.py": "faults",
    "tests/deployments/test_doctor.py": "stack",
    "tests/deployments/test_webhook_stack.py": "stack",
    "tests/deployments/test_notices.py": "stack",
    "tests/test_demo.py": "demo",
    "tests/flows/test_beginning.py": "flows",
    "tests/flows/test_notice.py": "flows",
    "tests/flows/test_bundles.py": "flows",
    "tests/flows/test_flows.py": "flows",
    "tests/flows/test_sets.py": "flows",
    "tests/flows/test_ci_job.py": "flows",
    "tests/flows/test_faults.py": "flows",
    **{f"tests/dashboards/preview/test_{name}.py": "preview" for name in ("browser", "command", "pages", "server")},
    "tests/flows/test_deduplicated.py": "flows",
    "tests/flows/test_keeping.py": "flows",
    "tests/flows/test_dotmap.py": "flows",
    "tests/flows/test_collection.py": "flows",
    **dict.fromkeys((f"tests/dashboards/test_{name}.py" for name in ("browser", "html", "links", "programs")), "site"),
}
"""Tests that share what takes long to start, a server of Prefect or a site: all of a group go to one worker."""


class ByStack(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out tests one by one, but groups together. Groups by marks do not work with pytest 9.2."""

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER.get(nodeid.partition("::")[0], nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByStack:
    """Called by pytest-xdist."""
    return ByStack(config, log)


def pytest_collection_finish() -> None:
    """What the tests import stays: the garbage collector need not look through all of it again and again."""
    gc.collect()
    gc.freeze()


@dataclass(frozen=True)
class Answer:
    """What a command answered: exit code, JSON lines on standard output, and all of standard error."""

    exit_code: int
    runs: list[dict[str, Any]]
    stderr: str

    @property
    def run(self) -> dict[str, Any]:
        """The one run of a source with one layer source."""
        (run,) = self.runs
        return run

    @property
    def code(self) -> str | None:
        """The code of the problem of the one run."""
        problem = self.run["problem"]
        return problem and str(problem["code"])


@pytest.fixture
def web(tmp_path: Path) -> Iterator[FileServer]:
    """A web server of the folder `tmp_path/web`, with responses that tests may set."""
    folder = tmp_path / "web"
    folder.mkdir()
    with FileServer(folder) as server:
        yield server


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """`openaddr process` on a source given as an object, into `tmp_path/out`; servers on this machine are allowed."""
    monkeypatch.setenv("OPENADDR_ALLOW_HOSTS", "127.0.0.1,localhost")
    monkeypatch.setenv("OPENADDR_CONNECT_SECONDS", "5")
    monkeypatch.setenv("OPENADDR_READ_SECONDS", "1")
    monkeypatch.setenv("OPENADDR_RETRY_SECONDS", "0.01")

    def run(source: dict[str, Any] | bytes | None, *arguments: str) -> Answer:
        path = tmp_path / "sources" / "xx" / "town.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        if source is not None:
            path.write_bytes(source if isinstance(source, bytes) else json.dumps(source, indent=1).encode())
        light = [] if "--tiles" in arguments else ["--no-tiles"]
        light += [] if "--preview" in arguments else ["--no-preview"]
        command = ["process", str(path), "--output", str(tmp_path / "out"), "--json", *light, *arguments]
        result = CliRunner().invoke(app, command)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, [json.loads(line) for line in result.stdout.splitlines()], result.stderr)

    return run
