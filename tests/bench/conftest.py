"""The commands of the bench, as people and scripts call them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from openaddr.cli import app


@dataclass(frozen=True)
class Answer:
    """What a command answered: exit code, standard output and standard error."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The objects of `--json`."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def json(self) -> dict[str, Any]:
        """The one object of `--json`."""
        (found,) = self.lines
        return found

    @property
    def code(self) -> str | None:
        """The code of the problem of the one object."""
        problem = self.json["problem"]
        return problem and str(problem["code"])


Bench = Callable[..., Answer]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A command of the bench in `tmp_path`, with servers of this machine allowed; `typed` is what somebody answers."""
    monkeypatch.setenv("OPENADDR_ALLOW_HOSTS", "127.0.0.1,localhost")
    monkeypatch.setenv("OPENADDR_CONNECT_SECONDS", "5")
    monkeypatch.setenv("OPENADDR_READ_SECONDS", "1")
    monkeypatch.setenv("OPENADDR_RETRY_SECONDS", "0.01")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object, typed: str = "") -> Answer:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=typed)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)

    return run
