"""What may pass is tried again, with pauses and not for ever; what will not pass is asked for once."""

import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from demo.servers.files import FileServer
from demo.servers.serving import Response
from openaddr.download.http import retry_after
from openaddr.download.retries import LONGEST_PAUSE, TRIES
from openaddr.errors import Code, Problem
from openaddr.sizes import SIZE_CLASSES
from openaddr.stages import Downloaded
from tests.download.conftest import SETTINGS, saying, scripted

Fetch = Callable[..., Downloaded]
Fail = Callable[..., Problem]
CSV = b"LON,LAT\n1,2\n"


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer() as server:
        yield server


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that would have been made."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    return made


PASSING = {
    **{f"status {status}": Response(status=status) for status in (202, 429, 500, 502, 503, 504)},
    "no answer": Response(hangs_up=True),
    "silence": Response(silent=True),
    "an end too early": Response(CSV, stops_after=5),
    "gzip that is none": Response(CSV, headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("first", [pytest.param(first, id=name) for name, first in PASSING.items()])
def test_what_may_pass_is_tried_again(server: FileServer, fetch: Fetch, first: Response) -> None:
    server.responses["/x.csv"] = [first, Response(CSV)]
    assert fetch(server.url + "/x.csv", settings=replace(SETTINGS, read_seconds=0.2)).files[0].read_bytes() == CSV
    assert len(server.requests) == 2


FINAL = {
    **{f"status {status}": Response(status=status) for status in (204, 206, 304, 400, 401, 403, 404, 410, 501)},
    "a page": Response(b"<html>", headers={"Content-Type": "text/html"}),
    "nothing": Response(),
}


@pytest.mark.parametrize("first", [pytest.param(first, id=name) for name, first in FINAL.items()])
def test_what_will_not_pass_is_asked_for_once(server: FileServer, problem: Fail, first: Response) -> None:
    server.responses["/x.csv"] = [first, Response(CSV)]
    problem(server.url + "/x.csv")
    assert len(server.requests) == 1


def test_the_last_reason_is_given_after_all_tries(server: FileServer, problem: Fail) -> None:
    server.responses["/x.csv"] = [*[Response(status=500)] * (TRIES - 1), Response(status=503), Response(CSV)]
    assert "answered 503" in problem(server.url + "/x.csv").message
    assert len(server.requests) == TRIES


def test_pauses_double(server: FileServer, problem: Fail, pauses: list[float]) -> None:
    server.responses["/x.csv"] = Response(status=500)
    problem(server.url + "/x.csv", settings=replace(SETTINGS, retry_seconds=1.5))
    assert pauses == [1.5, 3, 6]


@pytest.mark.parametrize(("asked", "made"), [("7", 7.0), ("99999", LONGEST_PAUSE), ("soon", 1.0)])
def test_a_server_says_when_to_come_back(
    server: FileServer, fetch: Fetch, pauses: list[float], asked: str, made: float
) -> None:
    server.responses["/x.csv"] = [Response(status=503, headers={"Retry-After": asked}), Response(CSV)]
    fetch(server.url + "/x.csv", settings=replace(SETTINGS, retry_seconds=1))
    assert pauses == [made]


def test_a_pause_that_the_time_does_not_allow_is_not_made(
    server: FileServer, problem: Fail, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SIZE_CLASSES, "brief", replace(SIZE_CLASSES["small"], download_seconds=30))
    server.responses["/x.csv"] = Response(status=503, headers={"Retry-After": "60"})
    assert problem(server.url + "/x.csv", settings=replace(SETTINGS, size_class="brief")).code == Code.HTTP_5XX
    assert (pauses, len(server.requests)) == ([], 1)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 0), ("0", 0), (" 12 ", 12), ("-5", 0), ("1.5", 0), ("٣", 0), ("never", 0), ("9" * 50, 999_999_999),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0), ("Sun, 06 Nov 1994 08:49:37", 0),
    ],
)  # fmt: skip
def test_a_time_to_come_back_is_read_in_all_spellings(text: str, seconds: float) -> None:
    assert retry_after({"retry-after": text}) == seconds


def test_a_date_to_come_back_is_a_pause_until_then() -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert 95 < retry_after({"retry-after": then}) <= 100


def test_a_name_that_is_not_found_is_asked_for_twice(problem: Fail, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolving(monkeypatch, [])
    assert problem("http://town.example/x.csv").code == Code.HOST_NOT_FOUND
    assert asked == ["town.example"] * 2


def test_a_name_that_is_found_the_second_time_will_do(
    server: FileServer, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.responses["/x.csv"] = Response(CSV)
    asked = resolving(monkeypatch, [], ["127.0.0.1"])
    settings = replace(SETTINGS, allow_hosts=("town.example",))
    assert fetch(f"http://town.example:{server.port}/x.csv", settings=settings).size == len(CSV)
    assert len(asked) == 2


def test_a_refused_address_is_not_tried_again(problem: Fail, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolving(monkeypatch, ["10.0.0.1"], ["93.184.216.34"])
    assert problem("http://town.example/x.csv").code == Code.ADDRESS_REFUSED
    assert asked == ["town.example"]


@pytest.mark.parametrize(("said", "tries"), [(b"421 Too many users\r\n", TRIES), (b"", TRIES), (b"530 No\r\n", 1)])
def test_ftp_replies_about_the_moment_are_tried_again(problem: Fail, said: bytes, tries: int) -> None:
    heard: list[int] = []

    def talk(opened: socket.socket) -> None:
        heard.append(1)
        saying(said)(opened)

    with scripted(talk) as place:
        problem(f"ftp://{place}/x.csv", "ftp")
    assert len(heard) == tries


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """A name server with these answers, one after the other, the last one for ever; gives what it was asked for."""
    asked: list[str] = []
    waiting = list(answers)

    def answer(host: str, port: int, *arguments: Any, **keywords: Any) -> list[Any]:
        if re.fullmatch(r"[0-9.]+", host):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        asked.append(host)
        found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


# What is said of it


def sends_to(location: str) -> Response:
    return Response(status=302, headers={"Location": location})


SECRETS = [
    pytest.param(Response(status=403, reason="No tulip42 for ada"), id="in the reason"),
    pytest.param(Response(b"<html><title>Not with tulip42</title>"), id="in the title of a page"),
    pytest.param(sends_to("http://[orchid77/"), id="in a redirect to no address"),
    pytest.param(sends_to("http://x:orchid77@no%20host/"), id="in a redirect to no host"),
    pytest.param(sends_to("http://x:orchid77"), id="in a redirect to no port"),
    pytest.param(sends_to("http://bob:orchid77@10.0.0.1/?t=orchid77"), id="in a redirect that is refused"),
    pytest.param(sends_to("http://town.invalid/?t=orchid77"), id="in a redirect to no place"),
    pytest.param(sends_to("?token=orchid77"), id="in a redirect in circles"),
]


@pytest.mark.parametrize("answer", SECRETS)
def test_no_secret_of_an_address_is_ever_told(
    server: FileServer,
    problem: Fail,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    answer: Response,
) -> None:
    caplog.set_level(0)
    server.responses["/x.txt"] = answer
    found = problem(f"http://ada:hunter2@127.0.0.1:{server.port}/x.txt?token=tulip42&f=csv")
    told = f"{found} {capfd.readouterr()} {caplog.text}"
    assert [secret for secret in ("tulip42", "hunter2", "orchid77") if secret in told] == []


def test_a_message_is_not_garbled_by_what_is_no_secret(server: FileServer, problem: Fail) -> None:
    server.responses["/x.csv"] = Response(status=404, reason="No a, no 4")
    found = problem(f"http://a:4@127.0.0.1:{server.port}/x.csv?a=4")
    assert found.message == "127.0.0.1 answered 404 No a, no 4 to a request for /x.csv."


def test_no_secret_is_told_of_headers_that_cannot_be_read(fetch: Fetch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    with scripted(saying(b"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 12\r\n\r\n", CSV)) as place:
        fetch(f"http://{place}/x.csv?token=tulip42")
    assert "tulip42" not in caplog.text


def test_no_password_is_told_that_an_ftp_server_quotes(problem: Fail, tmp_path: Path) -> None:
    with scripted(saying(b"530 ada may not come in with hunter2\r\n")) as place:
        found = problem(f"ftp://ada:hunter2@{place}/x.csv", "ftp")
    assert "'530 … may not come in with …'" in found.message
