"""No server takes more of our disk, memory and time than the size class allows."""

import gzip
import socket
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from demo.servers.esri_trouble import WAYS
from demo.servers.files import FileServer
from demo.servers.ftp import FtpServer
from demo.servers.serving import Response
from openaddr.download import store
from openaddr.download.allowance import Allowance
from openaddr.download.store import BLOCK
from openaddr.errors import Code, Problem
from openaddr.settings import Settings
from openaddr.sizes import SIZE_CLASSES
from openaddr.stages import Downloaded
from tests.download.conftest import SETTINGS, drip, scripted

Fetch = Callable[..., Downloaded]
Fail = Callable[..., Problem]
CAP = 5_000_000
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n"


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer() as server:
        yield server


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Settings of a size class with few bytes or little time."""

    def limited(size: int = CAP, seconds: float = 60, **changes: float) -> Settings:
        monkeypatch.setitem(
            SIZE_CLASSES, "tiny", replace(SIZE_CLASSES["small"], download_bytes=size, download_seconds=seconds)
        )
        return replace(SETTINGS, size_class="tiny", **changes)  # type: ignore[arg-type]

    return limited


Limited = Callable[..., Settings]


# Bytes


def test_what_is_promised_to_be_too_large_is_refused_before_it_comes(
    server: FileServer, problem: Fail, limited: Limited
) -> None:
    server.responses["/x.csv"] = Response(length=CAP + 1, stops_after=0, silent=True)
    found = problem(server.url + "/x.csv", settings=limited())
    assert found.code == Code.TOO_LARGE
    assert "promises 5,000,001 bytes; 5,000,000 are allowed in size class 'tiny'" in found.message
    assert len(server.requests) == 1


def test_an_operator_may_allow_less_than_the_size_class_and_not_more(
    server: FileServer, problem: Fail, limited: Limited
) -> None:
    server.responses["/x.csv"] = Response(b"x" * 2000)
    less, more = replace(limited(), download_bytes=1000), replace(limited(1500), download_bytes=3000)
    assert problem(server.url + "/x.csv", settings=less).message.endswith("bytes; 1,000 are allowed.")
    assert "1,500 are allowed in size class 'tiny'" in problem(server.url + "/x.csv", settings=more).message


def test_exactly_what_is_allowed_comes(server: FileServer, fetch: Fetch, limited: Limited) -> None:
    server.responses["/x.csv"] = Response(b"x" * CAP)
    assert fetch(server.url + "/x.csv", settings=limited()).size == CAP


def test_what_does_not_say_its_length_ends_at_the_limit(
    server: FileServer, problem: Fail, limited: Limited, tmp_path: Path
) -> None:
    server.responses["/x.csv"] = Response(b"x" * 10 * CAP, chunked=True)
    assert problem(server.url + "/x.csv", settings=limited()).code == Code.TOO_LARGE
    assert (tmp_path / "got" / "data.part").stat().st_size <= CAP
    assert len(server.requests) == 1


@pytest.fixture(scope="module")
def packed() -> dict[str, bytes]:
    """100 MB of zeros, packed as small as the encodings allow."""
    zeros = bytes(100_000_000)
    once = gzip.compress(zeros)
    return {"gzip": once, "deflate": zlib.compress(zeros), "gzip, gzip": gzip.compress(once)}


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "gzip, gzip"])
def test_a_bomb_ends_at_the_limit_in_little_memory(
    server: FileServer, problem: Fail, limited: Limited, tmp_path: Path, packed: dict[str, bytes], encoding: str
) -> None:
    server.responses["/x.csv"] = Response(packed[encoding], headers={"Content-Encoding": encoding})
    tracemalloc.start()
    found = problem(server.url + "/x.csv", settings=limited())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.code == Code.TOO_LARGE
    assert most < 20 * BLOCK
    assert (tmp_path / "got" / "data.part").stat().st_size <= CAP


def test_an_ftp_file_of_more_bytes_is_refused_before_it_comes(tmp_path: Path, problem: Fail, limited: Limited) -> None:
    (tmp_path / "x.csv").write_bytes(b"x" * (CAP + 1))
    with FtpServer(tmp_path) as server:
        assert problem(server.url + "/x.csv", "ftp", settings=limited()).code == Code.TOO_LARGE
        assert "RETR" not in [command for command, _ in server.commands]


def test_an_ftp_file_without_a_size_ends_at_the_limit(tmp_path: Path, problem: Fail, limited: Limited) -> None:
    (tmp_path / "x.csv").write_bytes(b"x" * 2 * CAP)
    with FtpServer(tmp_path, without=("SIZE",)) as server:
        assert problem(server.url + "/x.csv", "ftp", settings=limited()).code == Code.TOO_LARGE


def test_all_attempts_count_together(server: FileServer, problem: Fail, limited: Limited) -> None:
    server.responses["/x.csv"] = Response(b"x" * 2_000_000, stops_after=1_900_000)
    assert problem(server.url + "/x.csv", settings=limited()).code == Code.TOO_LARGE
    assert len(server.requests) == 3


def test_the_last_bytes_of_a_disk_are_not_used(
    server: FileServer, problem: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "RESERVE", 10**18)
    server.responses["/x.csv"] = Response(b"x" * 40_000_000, chunked=True)
    told: list[int] = []
    found = problem(server.url + "/x.csv", progress=lambda *step: told.append(step[1]))
    assert found.code == Code.DISK_FULL
    assert max(told) < 20_000_000


# Time


DRIPS = {
    "bytes of the body": drip(b"x", 0.02, OK + b"Content-Length: 9999\r\n\r\n"),
    "chunks of the body": drip(b"1\r\nx\r\n", 0.02, OK + b"Transfer-Encoding: chunked\r\n\r\n"),
    "the size of a chunk": drip(b"0", 0.02, OK + b"Transfer-Encoding: chunked\r\n\r\n0"),
    "headers": drip(b"X-Y: z\r\n", 0.02, OK),
    "one header": drip(b"x", 0.02, OK + b"X-Y: "),
    "promises to go on": drip(b"HTTP/1.1 100 Continue\r\n\r\n", 0.02),
}


@pytest.mark.parametrize("talk", [pytest.param(talk, id=name) for name, talk in DRIPS.items()])
def test_a_server_that_drips_is_too_slow(
    problem: Fail, limited: Limited, talk: Callable[[socket.socket], None]
) -> None:
    settings = limited(slow_seconds=0.2, slow_bytes_per_second=10_000)
    with scripted(talk) as place:
        found = problem(f"http://{place}/x.csv", settings=settings)
    assert found.code == Code.TOO_SLOW
    assert "at least 10000 bytes a second are expected" in found.message


@pytest.mark.parametrize("talk", [pytest.param(talk, id=name) for name, talk in DRIPS.items()])
def test_a_server_that_drips_fast_enough_ends_with_the_whole_time(
    problem: Fail, limited: Limited, talk: Callable[[socket.socket], None]
) -> None:
    started = time.monotonic()
    with scripted(talk) as place:
        found = problem(f"http://{place}/x.csv", settings=limited(seconds=0.3, slow_bytes_per_second=0))
    assert found.code == Code.TIMED_OUT
    assert "was not done within the 0.3 seconds of size class 'tiny'" in found.message
    assert time.monotonic() - started < 2


def test_silence_ends_with_the_whole_time_too(server: FileServer, problem: Fail, limited: Limited) -> None:
    server.responses["/x.csv"] = Response(silent=True)
    found = problem(server.url + "/x.csv", settings=limited(seconds=0.2, read_seconds=60))
    assert (found.code, "0.2 seconds of size class" in found.message) == (Code.TIMED_OUT, True)
    assert len(server.requests) == 1


def test_a_server_may_think_before_it_answers(server: FileServer, problem: Fail, limited: Limited) -> None:
    server.responses["/x.csv"] = Response(silent=True)
    settings = limited(read_seconds=0.3, slow_seconds=0.1, slow_bytes_per_second=10_000)
    found = problem(server.url + "/x.csv", settings=settings)
    assert (found.code, "did not answer within 0.3 seconds" in found.message) == (Code.TIMED_OUT, True)


def test_an_ftp_server_that_drips_is_too_slow(problem: Fail, limited: Limited) -> None:
    settings = limited(slow_seconds=0.2, slow_bytes_per_second=10_000)
    with scripted(drip(b"220-x\r\n", 0.02)) as place:
        assert problem(f"ftp://{place}/x.csv", "ftp", settings=settings).code == Code.TOO_SLOW


# Heads that do not end


def flood(piece: bytes, head: bytes = b"") -> Callable[[socket.socket], None]:
    """Say the same as fast as possible."""

    def talk(opened: socket.socket) -> None:
        opened.sendall(head)
        with suppress(OSError):
            while True:
                opened.sendall(piece * 1000)

    return talk


FLOODS = {
    "headers": flood(b"X-Y: z\r\n", OK),
    "one header": flood(b"x", OK + b"X-Y: "),
    "promises to go on": flood(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "no line": flood(b"HTTP"),
}


@pytest.mark.parametrize("talk", [pytest.param(talk, id=name) for name, talk in FLOODS.items()])
def test_headers_that_do_not_end_are_no_answer(problem: Fail, talk: Callable[[socket.socket], None]) -> None:
    with scripted(talk) as place:
        assert problem(f"http://{place}/x.csv").code == Code.CONNECT_FAILED


def test_an_early_hint_is_no_data(problem: Fail) -> None:
    with scripted(flood(b"HTTP/1.1 103 Early Hints\r\n\r\n")) as place:
        assert problem(f"http://{place}/x.csv").code == Code.HTTP_4XX


def test_an_ftp_reply_that_does_not_end_is_refused(problem: Fail) -> None:
    with scripted(flood(b"220-x\r\n")) as place:
        found = problem(f"ftp://{place}/x.csv", "ftp")
    assert (found.code, "1,000,000 characters" in found.message) == (Code.FTP_REFUSED, True)


def test_an_allowance_counts_what_all_threads_take(limited: Limited) -> None:
    allowance = Allowance(limited(size=100))
    allowance.keep("one.example", 60)
    allowance.require("two.example", 40)
    with pytest.raises(Exception, match="TOO_LARGE"):
        allowance.require("two.example", 41)


# ESRI


def test_all_pages_of_a_layer_share_the_time_and_the_bytes_that_there_are(problem: Fail, limited: Limited) -> None:
    with WAYS["slow"].server(10_000, max_record_count=1) as layer:
        assert problem(layer.layer_url(), "ESRI", settings=limited(seconds=0.5)).code == Code.TIMED_OUT
        assert 4 <= len(layer.requests) < 500, "and no page is asked for after that time"
    with WAYS["slow"].server(10_000, max_record_count=100) as layer:
        found = problem(layer.layer_url(), "ESRI", settings=limited(size=20_000))
        assert found.code == Code.TOO_LARGE and "20,000 are allowed" in found.message
