"""The webhook: what is answered is on the record, and what is not GitHub's is refused with a reason."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deployments.embedded.service import ROOT
from deployments.embedded.webhook import secret_in
from deployments.webhook import application as webhook
from deployments.webhook import receiving
from deployments.webhook.bodies import LARGE, LARGE_AT_ONCE, Door
from openaddr.db import deliveries
from openaddr.db.connections import connect
from openaddr.db.migrating import migrate
from openaddr.db.records import DeliveryStatus
from openaddr.github.signature import signature
from tests.deployments.hooks import ID, SECRETS, Hook, listening, told
from tests.deployments.processes import eventually
from tests.github.payloads import comment, example, push
from tests.postgres import QUICK, create_database, server, start, stop

BODY = json.dumps(push()).encode()


@pytest.fixture
def hook(url: str) -> Iterator[Hook]:
    """A webhook with nothing on its record."""
    with listening(url) as hook:
        yield hook


def said(answer: httpx.Response) -> tuple[int, str]:
    """Status and word of a refusal, which has a sentence as well."""
    content = answer.json()
    assert set(content) == {"error", "message"} and content["message"].endswith("."), content
    return answer.status_code, content["error"]


@pytest.mark.proves("I1")
def test_a_delivery_is_on_the_record_when_it_is_answered(hook: Hook) -> None:
    payload = push()
    answer = hook.deliver("push", payload)
    assert (answer.status_code, answer.json()) == (202, {"delivery": ID, "flow_run": None})
    row = hook.row()
    assert row and (row.event, row.payload, row.status) == ("push", payload, DeliveryStatus.WAITING)


@pytest.mark.parametrize("secret", SECRETS)
def test_any_of_the_secrets_is_good_while_one_replaces_another(hook: Hook, secret: str) -> None:
    assert hook.deliver("push", push(), secret=secret).status_code == 202


@pytest.mark.proves("I1")
@pytest.mark.parametrize(
    "event, payload, reason",
    [
        ("ping", example("ping"), "GitHub only asks whether anybody is here."),
        ("star", example("star", "created"), "Nothing is done for the event 'star'."),
        ("issue_comment", comment("Thanks."), "This comment does not ask for a new run."),
        ("push", {}, "This push has no usable content: Object missing required field `repository`."),
    ],
)
def test_what_asks_for_nothing_is_on_the_record_with_the_reason(
    hook: Hook, event: str, payload: dict[str, Any], reason: str
) -> None:
    for _ in range(2):
        answer = hook.deliver(event, payload)
        assert (answer.status_code, answer.json()) == (200, {"skip": reason})
    row = hook.row()
    assert row and (row.status, row.reason) == (DeliveryStatus.IGNORED, reason)


@pytest.mark.proves("I1", "I9")
def test_a_redelivery_is_answered_the_same_and_says_the_flow_run(hook: Hook) -> None:
    hook.deliver("push", push())
    assert hook.deliver("push", push("refs/heads/other")).json() == {"delivery": ID, "flow_run": None}
    flow_run = uuid4()
    with hook.pool.connection() as conn:
        deliveries.started(conn, ID, flow_run)
    answer = hook.deliver("push", push())
    assert (answer.status_code, answer.json()) == (202, {"delivery": ID, "flow_run": str(flow_run)})
    row = hook.row()
    assert row and row.payload["ref"] == "refs/heads/master" and hook.count() == 1


@pytest.mark.proves("I9")
def test_fifty_of_the_same_at_once_are_one(hook: Hook) -> None:
    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda _: hook.deliver("push", push()), range(50)))
    assert {(answer.status_code, answer.text) for answer in answers} == {
        (202, f'{{"delivery":"{ID}","flow_run":null}}')
    }
    assert hook.count() == 1


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in told(BODY).items() if key != name}


SHA1 = without("X-Hub-Signature-256") | {"X-Hub-Signature": "sha1=" + "0" * 40}
DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
REFUSED: dict[str, tuple[bytes, dict[str, str], int, str]] = {
    "no signature": (BODY, without("X-Hub-Signature-256"), 401, "There is no signature"),
    "SHA-1 only": (BODY, SHA1, 401, "SHA-1 only"),
    "a signature that is none": (BODY, told(BODY) | {"X-Hub-Signature-256": "x"}, 401, "64 hexadecimal digits"),
    "a wrong secret": (BODY, told(BODY, secret="guessed"), 401, "with no secret"),
    "another body": (BODY + b" ", told(BODY), 401, "with no secret"),
    "no delivery": (BODY, without("X-GitHub-Delivery"), 400, "X-GitHub-Delivery is missing"),
    "a bad delivery": (BODY, told(BODY, delivery_id="../x"), 400, "X-GitHub-Delivery is not usable"),
    "a long delivery": (BODY, told(BODY, delivery_id="x" * 65), 400, "X-GitHub-Delivery is not usable"),
    "no event": (BODY, without("X-GitHub-Event"), 400, "X-GitHub-Event is missing"),
    "a bad event": (BODY, told(BODY, event="Push!"), 400, "X-GitHub-Event is not usable"),
    "no JSON": (b"{", told(b"{"), 400, "cannot be read as a JSON object"),
    "nothing": (b"", told(b""), 400, "cannot be read as a JSON object"),
    "a list": (b"[]", told(b"[]"), 400, "it is a list"),
    "not UTF-8": (b'{"a":"\xff"}', told(b'{"a":"\xff"}'), 400, "cannot be read as a JSON object"),
    "UTF-16": (BODY.decode().encode("utf-16"), told(BODY.decode().encode("utf-16")), 400, "cannot be read"),
    "nested deeply": (DEEP, told(DEEP), 400, "nested too deeply"),
    "a form": (b"payload=", told(b"payload=") | {"Content-Type": "application/x-www-form-urlencoded"}, 400, "a form"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_a_delivery_of_github_is_refused_and_leaves_no_row(hook: Hook, name: str) -> None:
    body, headers, status, sentence = REFUSED[name]
    answer = hook.post(body, headers)
    assert said(answer)[0] == status
    assert sentence in answer.json()["message"]
    assert hook.count() == 0


def test_letters_that_postgres_does_not_store_do_not_stop_a_delivery(hook: Hook) -> None:
    body = b'{"repository": {"full_name": "a\\u0000\\udfffb"}, "half": "\\ud800", "many": ' + b"9" * 60 + b"}"
    assert hook.post(body, told(body)).status_code == 200
    assert hook.row()


def test_there_is_nothing_else(hook: Hook) -> None:
    assert said(httpx.get(f"{hook.url}/hook")) == (405, "method")
    assert httpx.get(f"{hook.url}/hook").headers["Allow"] == "POST"
    assert said(httpx.post(f"{hook.url}/health")) == (405, "method")
    for path in ("/", "/hook/", "/admin", "/hook/x"):
        assert said(httpx.post(f"{hook.url}{path}", content=BODY, headers=told(BODY))) == (404, "not_found")
    assert httpx.get(f"{hook.url}/health").json() == {"database": "here"}


def test_without_secrets_only_an_open_webhook_takes_anything(url: str) -> None:
    with listening(url, webhook_secrets=(), webhook_unsigned=True) as hook:
        assert hook.post(BODY, without("X-Hub-Signature-256")).status_code == 202


SMALL = 3_000_000


@pytest.fixture
def narrow(url: str) -> Iterator[Hook]:
    """A webhook that takes 3 MB within a second."""
    with listening(url, Door(most=SMALL, seconds=1.0)) as hook:
        yield hook


def test_a_body_may_be_as_large_as_github_sends_them_and_no_larger(narrow: Hook) -> None:
    body = json.dumps(push() | {"x": "x" * SMALL})[:SMALL].encode()
    most = body[: SMALL - 2] + b'"}'
    assert len(most) == SMALL and narrow.post(most, told(most)).status_code == 202
    assert narrow.count() == 1


def raw(hook: Hook, head: str, body: bytes = b"", more: str = "") -> bytes:
    """What is answered to bytes that no client would send; the connection stays open on our side."""
    lines = [f"POST /hook HTTP/1.1\r\nHost: x\r\n{head}", *(f"{name}: {value}" for name, value in told(BODY).items())]
    with socket.create_connection(("127.0.0.1", hook.port), timeout=20) as sent:
        sent.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        answer = b""
        while part := sent.recv(65_536):
            answer += part
    return answer


def test_a_body_that_says_it_is_too_large_is_not_read(narrow: Hook) -> None:
    assert b" 413 " in raw(narrow, f"Content-Length: {SMALL + 1}")


def test_a_body_that_does_not_say_its_size_is_counted(narrow: Hook) -> None:
    chunk = b"%x\r\n" % SMALL + b"x" * SMALL + b"\r\n1\r\nx\r\n"
    assert b" 413 " in raw(narrow, "Transfer-Encoding: chunked", chunk)


def test_a_body_that_does_not_end_is_given_up(narrow: Hook) -> None:
    assert b" 408 " in raw(narrow, f"Content-Length: {len(BODY) + 1}", BODY)
    assert narrow.count() == 0


def test_what_comes_after_a_body_is_not_a_part_of_it(narrow: Hook) -> None:
    answer = raw(narrow, f"Content-Length: {len(BODY)}", BODY + b"garbage\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 202 ") and narrow.count() == 1


def test_a_body_that_is_cut_off_leaves_no_row(narrow: Hook) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in told(BODY).items())
    with socket.create_connection(("127.0.0.1", narrow.port)) as sent:
        sent.sendall(
            f"POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: {len(BODY)}\r\n{head}\r\n".encode() + BODY[:-1]
        )
    assert narrow.deliver("ping", example("ping"), "another").status_code == 200
    assert narrow.row() is None


def test_large_bodies_wait_for_a_place_and_small_ones_do_not(url: str) -> None:
    with listening(url, Door(seconds=2.0)) as hook:
        large = [socket.create_connection(("127.0.0.1", hook.port)) for _ in range(LARGE_AT_ONCE + 1)]
        head = "".join(f"{name}: {value}\r\n" for name, value in told(BODY).items())
        for each in large:
            each.sendall(f"POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: {3 * LARGE}\r\n{head}\r\n".encode())
            each.sendall(b"x" * 2 * LARGE)
        assert hook.deliver("push", push()).status_code == 202
        assert all(b" 408 " in each.recv(1_000) for each in large)
        for each in large:
            each.close()


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder for a Postgres: the path of its socket may have 100 characters."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        yield Path(folder)


@pytest.mark.proves("I1", kind="database away from the webhook")
def test_while_the_database_is_away_nothing_is_taken_and_nothing_is_lost(
    short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "POOL_SECONDS", 0.5)
    with server(short, QUICK) as server_url:
        url = create_database(server_url, "hook")
        with listening(url) as hook:
            with connect(url) as conn:
                migrate(conn)
            assert hook.deliver("push", push(), "before").status_code == 202
            stop(short)
            assert said(hook.deliver("push", push(), "meanwhile")) == (503, "database_away")
            assert said(httpx.get(f"{hook.url}/health", timeout=20)) == (503, "database_away")
            start(short, QUICK)
            eventually(lambda: hook.deliver("push", push(), "meanwhile").status_code == 202)
            assert httpx.get(f"{hook.url}/health").status_code == 200
            assert hook.row("before") and hook.row("meanwhile") and hook.count() == 2


def test_a_database_that_does_not_answer_is_not_waited_for_longer_than_github_waits(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "RECORD_SECONDS", 0.3)
    with hook.pool.connection() as conn:
        conn.execute("lock table deliveries")
        assert said(hook.deliver("push", push())) == (503, "database_away")
    assert eventually(hook.row), "it was written down all the same, and is not lost"
    monkeypatch.undo()
    assert hook.deliver("push", push()).status_code == 202 and hook.count() == 1


@pytest.mark.proves("I11")
def test_a_failure_of_ours_is_told_and_quotes_no_body(hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    with hook.pool.connection() as conn:
        conn.execute("alter table deliveries add constraint canary check (payload->>'ref' <> 'refs/heads/canary')")
    try:
        assert said(hook.deliver("push", push("refs/heads/canary"))) == (500, "failed")
    finally:
        with hook.pool.connection() as conn:
            conn.execute("alter table deliveries drop constraint canary")
    told = [record.getMessage() for record in caplog.records if record.name == "openaddr.webhook"]
    assert "a delivery failed with CheckViolation" in told and not any("canary" in each for each in told)


@pytest.mark.proves("I11")
def test_no_secret_and_no_body_is_logged(hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        hook.deliver("push", push("refs/heads/canary"))
        hook.post(b'{"canary": x', told(b'{"canary": x'))
        hook.post(b"canary", told(b"canary", secret="wrong"))
    written = [record.getMessage() for record in caplog.records if record.name == "openaddr.webhook"]
    assert written == [
        f"delivery {ID}, push: written down",
        "refused with 400: The body cannot be read as a JSON object: Expecting value: line 1 column 12 (char 11).",
        "refused with 401: The signature fits the body with no secret that is known here.",
    ]
    everything = " ".join(record.getMessage() for record in caplog.records if record.name != "httpcore")
    assert not any(secret in everything for secret in SECRETS) and "canary" not in everything


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "openaddr", "webhook", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


DATABASE = {"DATABASE_URL": "postgresql://nobody:password@127.0.0.1:1/x"}


@pytest.mark.parametrize(
    "environment, told",
    [
        (DATABASE, "OPENADDR_WEBHOOK_SECRETS is empty: anybody could pass for GitHub"),
        ({"OPENADDR_WEBHOOK_SECRETS": "s"}, "DATABASE_URL is not set"),
        (DATABASE | {"OPENADDR_WEBHOOK_SECRETS": "s", "OPENADDR_REPOSITORIES": "x"}, "'x' is no repository"),
        (DATABASE | {"OPENADDR_WEBHOOK_SECRETS": "ä"}, "has characters that are not ASCII"),
    ],
)
def test_a_webhook_that_could_not_do_its_work_does_not_start(environment: dict[str, str], told: str) -> None:
    found = command(**({"DATABASE_URL": "", "OPENADDR_WEBHOOK_SECRETS": "", "OPENADDR_REPOSITORIES": ""} | environment))
    assert found.returncode in (2, 6) and told in found.stderr and "password" not in found.stderr


def test_the_command_serves_until_it_is_asked_to_end(url: str, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"DATABASE_URL": url, "OPENADDR_WEBHOOK_SECRETS": SECRETS[0], "PREFECT_API_URL": ""}
    with (tmp_path / "log").open("w") as log:
        program = [sys.executable, "-m", "openaddr", "webhook", "--port", str(port)]
        process = subprocess.Popen(program, cwd=ROOT, env=environment, stderr=log)

        def answers() -> bool:
            try:
                return httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
            except httpx.TransportError:
                return False

        eventually(answers)
        taken = command("--port", str(port), DATABASE_URL=url, OPENADDR_WEBHOOK_SECRETS="s")
        assert (taken.returncode, "Nobody can listen at port" in taken.stderr) == (6, True)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    text = (tmp_path / "log").read_text()
    assert "OPENADDR_REPOSITORIES is empty: every delivery will be ignored" in text
    assert "PREFECT_API_URL is not set: deliveries wait for the sweep" in text


def test_a_secret_is_made_once_and_for_our_eyes_only(tmp_path: Path) -> None:
    path = tmp_path / "webhook-secret"
    (tmp_path / "webhook-secret.new").write_text("half of o")
    secret = secret_in(path)
    assert len(secret) == 64 and secret_in(path) == secret and path.stat().st_mode & 0o777 == 0o600
    assert signature(b"", secret) != signature(b"", secret_in(tmp_path / "other"))
