"""Logs: one JSON object a line for programs, what each line is about, and no secret in any."""

import io
import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextvars import copy_context
from typing import Any

import pytest

from deployments.embedded.service import ROOT
from openaddr import logs
from openaddr.settings import Settings

KEY = "-----BEGIN KEY-----\nMIIEcanaryOfTheFirstLine0123456789\nMIIEcanaryOfTheSecondLine012345678\n-----END KEY-----"
SETTINGS = Settings(
    database_url="postgresql://me:p%40ss+canary@db/openaddr",
    github_token="ghp_canary",
    github_app_key=KEY,
    webhook_secrets=("canary one", "canary one and more"),
    prefect_auth="admin:canary-of-prefect",
    notice_webhook_url="https://hooks.example.com/services/canary",
)
SECRETS = (
    "p@ss+canary",
    "p%40ss+canary",
    "p%40ss%2Bcanary",
    "ghp_canary",
    KEY,
    KEY.replace("\n", "\\n"),
    "MIIEcanaryOfTheSecondLine012345678",
    "canary one",
    "canary one and more",
    "canary-of-prefect",
    "https://hooks.example.com/services/canary",
    "canary-of-amazon",
)


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is set up for this process is undone."""
    made_by, level = logging.getLogRecordFactory(), logging.getLogger("openaddr").level
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-of-amazon")
    logging.setLogRecordFactory(logging.LogRecord)
    yield
    logging.setLogRecordFactory(made_by)
    logging.getLogger("openaddr").setLevel(level)


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger, and what its handler writes."""
    logs.set_up(SETTINGS)
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logs.JsonFormatter())
    found = logging.getLogger("openaddr.test")
    found.addHandler(handler)
    yield found, out
    found.removeHandler(handler)


Log = tuple[logging.Logger, io.StringIO]


def lines(text: str) -> list[dict[str, Any]]:
    """The objects of all lines."""
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_says_when_how_bad_who_and_what_it_is_about(log: Log) -> None:
    logger, out = log
    with logs.about(flow_run="f-1"), logs.about(run=12, source="us/oh/trumbull", job=None):
        logger.warning("%d rows\nare gone", 5)
    logger.info("later")
    first, second = lines(out.getvalue())
    assert first.pop("time").endswith("+00:00")
    assert first == {
        "level": "WARNING",
        "logger": "openaddr.test",
        "message": "5 rows\nare gone",
        "flow_run": "f-1",
        "run": 12,
        "source": "us/oh/trumbull",
    }
    assert second.keys() == {"time", "level", "logger", "message"}


def test_lines_of_a_thread_are_about_what_its_maker_is_about(log: Log) -> None:
    logger, out = log
    with logs.about(run=1):
        thread = threading.Thread(target=copy_context().run, args=[logger.info, "beside"])
        thread.start()
        thread.join()
    assert lines(out.getvalue())[0]["run"] == 1


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_in_a_message_an_argument_or_a_traceback(log: Log, secret: str) -> None:
    logger, out = log
    logger.info(f"a {secret} b")
    logger.info("%s and %r", {"a": secret}, secret)
    try:
        raise ValueError(f"no {secret}") from KeyError(secret)
    except ValueError:
        logger.exception("it failed")
    logger.error("bad", exc_info=True, extra={"flow_run_id": "f"})
    text = out.getvalue()
    # Inside JSON the ends of lines are written differently.
    assert secret not in text and json.dumps(secret)[1:-1] not in text and "canary" not in text
    assert text.count("•••") >= 5 and text.count("Traceback") == 1 and len(lines(text)) == 4


def test_a_message_that_does_not_fit_its_arguments_is_logged_all_the_same(log: Log) -> None:
    logger, out = log
    logger.info("%d rows", "ghp_canary")
    assert lines(out.getvalue())[0]["message"] == "%d rows ('•••',)"


def test_a_secret_too_short_to_be_one_leaves_words_alone() -> None:
    assert logs.Redactor(frozenset({"a", "abc"}))("abc and a") == "abc and a"
    assert logs.Redactor(frozenset())("anything") == "anything"


def test_setting_up_again_takes_the_new_secrets_and_no_second_turn(log: Log) -> None:
    logger, out = log
    logs.set_up(Settings(github_token="ghp_another"))
    logger.info("ghp_another")
    assert lines(out.getvalue())[0]["message"] == "•••"
    made_by = logging.getLogRecordFactory()
    assert isinstance(made_by, logs.Lines) and not isinstance(made_by.make, logs.Lines)


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_the_webhook_logs_as_it_is_told(log_format: str) -> None:
    environment = os.environ | {
        "OPENADDR_LOG_FORMAT": log_format,
        "OPENADDR_WEBHOOK_SECRETS": "canary",
        "DATABASE_URL": "postgresql://me:canary@127.0.0.1:1/x",
        "PREFECT_API_URL": "",
    }
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    command = [sys.executable, "-m", "openaddr", "webhook", "--port", port]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.terminate()
        rest = process.stderr.read()
    text = first + rest
    assert "canary" not in text and "OPENADDR_REPOSITORIES is empty" in text
    if log_format == "json":
        assert all(line["logger"] and line["level"] for line in lines(text))
    else:
        assert " WARNING OPENADDR_REPOSITORIES" in first
