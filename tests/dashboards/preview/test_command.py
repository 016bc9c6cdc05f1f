"""`openaddr preview` as people and scripts call it: what it says, and how it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from openaddr.cli import app
from tests.dashboards.preview.conftest import ALLOWED, BROKEN, GOOD, write_record

COMMAND = [sys.executable, "-m", "openaddr", "preview"]


@contextmanager
def running(*arguments: object, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The command, killed if a test leaves it alive."""
    command = [*COMMAND, *map(str, arguments)]
    with subprocess.Popen(
        command, env=ALLOWED | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def first_line(started: subprocess.Popen[str]) -> str:
    """What it says first on standard output, when it is ready."""
    assert started.stdout
    return started.stdout.readline().strip()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_its_address_shows_pages_and_stops_with_a_sentence(outputs: Path, number: signal.Signals) -> None:
    with running(outputs, "--no-open") as started:
        address = first_line(started)
        with urllib.request.urlopen(address) as answer:
            assert b"<h1>3 runs</h1>" in answer.read()
        started.send_signal(number)
        _, told = started.communicate(timeout=30)
    assert started.returncode == 0
    assert told == f"openaddr: 3 runs of {outputs}; Ctrl-C stops it\nopenaddr: stopped; the files are as they were\n"


def test_programs_are_told_the_address_of_every_run(outputs: Path) -> None:
    with running(outputs, "--json", "--no-open") as started:
        found = json.loads(first_line(started))
        status = {run["url"].removeprefix(found["url"]): run["status"] for run in found["runs"]}
        with urllib.request.urlopen(found["runs"][0]["url"]) as answer:
            assert answer.status == 200
    assert status[f"runs/{GOOD}"] == "succeeded" and status[f"runs/{BROKEN}"] == "failed"


def test_a_browser_with_a_window_is_opened(outputs: Path, tmp_path: Path) -> None:
    told, browser = tmp_path / "told", tmp_path / "browser"
    os.mkfifo(told)
    browser.write_text(f'#!/bin/sh\necho "$1" > {told}\n')
    browser.chmod(0o755)
    with running(outputs, BROWSER=f"{browser} %s &") as started:
        assert told.read_text().strip() == first_line(started)


def test_it_takes_the_port_that_is_named(outputs: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with running(outputs, "--no-open", "--port", port) as started:
        assert first_line(started) == f"http://127.0.0.1:{port}/"


def refused(*arguments: object) -> tuple[int, str]:
    """The exit code and words of a command that does not start."""
    result = CliRunner().invoke(app, ["preview", "--no-open", *map(str, arguments)])
    assert result.stdout == ""
    return result.exit_code, result.stderr


def test_a_port_that_is_taken_is_named(outputs: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, words = refused(outputs, "--port", port)
    assert code == 2
    assert f"Port {port} of 127.0.0.1 cannot be had: Address already in use." in words and "(PORT_TAKEN)" in words


def test_a_folder_that_is_not_there_a_file_and_a_folder_without_runs_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("{}")
    for name, words in [("none", "does not exist."), ("file", "is no folder."), ("empty", "or below it.")]:
        code, told = refused(tmp_path / name)
        assert (code, words in told, "(OUTPUT_UNREADABLE)" in told) == (2, True, True), told
        assert "Name the folder that `openaddr process` wrote" in told


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"source": 1}', b"\xff\xfe", b"[" * 100_000, b'"' + b"x" * 5_000_001 + b'"',
     b'{"source": "a", "layer": "b", "name": "c", "status": "lovely"}'],
    ids=["nothing", "half", "a list", "null", "a number", "no text", "deep", "large", "another status"],
)  # fmt: skip
def test_a_damaged_record_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    folder = write_record(tmp_path / "out")
    (folder / "run.json").write_bytes(content)
    code, words = refused(folder)
    assert (code, "(OUTPUT_UNREADABLE)" in words, f"{folder}/run.json" in words) == (2, True, True)
    assert len(words.splitlines()) == 2 and "Traceback" not in words


def test_one_damaged_record_among_others_is_said_and_the_others_are_shown(tmp_path: Path) -> None:
    write_record(tmp_path / "a")
    (write_record(tmp_path / "b") / "run.json").write_text("{")
    with running(tmp_path, "--no-open") as started:
        with urllib.request.urlopen(first_line(started)) as answer:
            page = answer.read().decode()
        started.send_signal(signal.SIGINT)
        assert f"openaddr: not shown: {tmp_path}/b/run.json cannot be read" in started.communicate(timeout=30)[1]
    assert "/runs/a/" in page and "b/run.json cannot be read" in page


@pytest.mark.parametrize("arguments", [[], ["--port", "70000", "."], ["--nope", "."]])
def test_what_cannot_be_understood_is_a_usage_error(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, ["preview", *arguments]).exit_code == 2


def test_it_takes_nothing_of_what_running_for_everybody_takes() -> None:
    heavy = {"boto3", "fastapi", "prefect", "psycopg", "starlette", "uvicorn", "polars", "pyarrow", "shapely"}
    show = f"import sys, dashboards.preview.command; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", show], env=ALLOWED, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
