"""One file over FTP, and a data connection that goes nowhere else than the control connection."""

import hashlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from demo.servers.ftp import FtpServer
from openaddr.errors import Code, Problem
from openaddr.stages import Downloaded
from tests.download.conftest import POINTER, SETTINGS, saying, scripted

Fetch = Callable[..., Downloaded]
Fail = Callable[..., Problem]
BODY = b"LON,LAT\n1,2\n" * 50_000


@pytest.fixture
def published(tmp_path: Path) -> Path:
    folder = tmp_path / "published" / "Layer Zip"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_bytes(BODY)
    (folder / "empty.csv").write_bytes(b"")
    return folder.parent


@pytest.fixture
def server(published: Path) -> Iterator[FtpServer]:
    with FtpServer(published) as server:
        yield server


@pytest.mark.parametrize("protocol", ["ftp", "http"])
@pytest.mark.parametrize("path", ["/Layer Zip/a.csv", "/Layer%20Zip/a.csv"])
def test_a_file_is_stored_with_its_fingerprint(server: FtpServer, fetch: Fetch, path: str, protocol: str) -> None:
    told: list[tuple[str, int, int | None, str]] = []
    got = fetch(server.url + path, protocol, progress=lambda *step: told.append(step))
    assert got.files[0].name == "data.csv"
    assert got.files[0].read_bytes() == BODY
    assert (got.fingerprint, got.size) == (hashlib.md5(BODY).hexdigest(), len(BODY))
    assert told[-1] == ("download", len(BODY), len(BODY), "bytes")
    assert ("TYPE", "I") in server.commands


def test_user_and_password_come_from_the_address(published: Path, fetch: Fetch, problem: Fail) -> None:
    with FtpServer(published, user=("me", "p@ss")) as server:
        url = f"ftp://me:p%40ss@127.0.0.1:{server.port}/Layer Zip/a.csv"
        assert fetch(url, "ftp").size == len(BODY)
        refused = problem(server.url + "/Layer Zip/a.csv", "ftp")
    assert refused.code == Code.FTP_REFUSED
    assert "530" in refused.message


def test_a_missing_file_is_refused_with_the_reply_of_the_server(server: FtpServer, problem: Fail) -> None:
    found = problem(server.url + "/none.csv", "ftp")
    assert found.code == Code.FTP_REFUSED
    assert "550 No such file or directory" in found.message
    assert found.pointer == POINTER + "/data"


def test_a_file_shorter_than_its_size_is_truncated(published: Path, problem: Fail) -> None:
    with FtpServer(published, sizes={"/Layer Zip/a.csv": len(BODY) + 1}) as server:
        found = problem(server.url + "/Layer Zip/a.csv", "ftp")
    assert found.code == Code.TRUNCATED
    assert "600,000 of 600,001 bytes" in found.message


def test_a_server_without_sizes_is_read_to_its_closing_reply(published: Path, fetch: Fetch) -> None:
    with FtpServer(published, without=("SIZE",)) as server:
        assert fetch(server.url + "/Layer Zip/a.csv", "ftp").size == len(BODY)


def test_an_empty_file_is_no_data(server: FtpServer, problem: Fail) -> None:
    assert problem(server.url + "/Layer Zip/empty.csv", "ftp").code == Code.DATA_EMPTY


def test_the_address_that_pasv_names_is_not_connected_to(published: Path, fetch: Fetch) -> None:
    with FtpServer(published, masquerade="10.1.2.3") as server:
        assert fetch(server.url + "/Layer Zip/a.csv", "ftp").size == len(BODY)
        assert "PASV" in [command for command, _ in server.commands]


def test_a_private_server_is_refused_before_a_word_is_said(server: FtpServer, problem: Fail) -> None:
    found = problem(server.url + "/a.csv", "ftp", settings=replace(SETTINGS, allow_hosts=()))
    assert found.code == Code.ADDRESS_REFUSED
    assert server.commands == []


def test_a_path_cannot_carry_a_second_command(server: FtpServer, problem: Fail) -> None:
    assert problem(server.url + "/a%0d%0aDELE b", "ftp").code == Code.URL_INVALID


def test_a_closed_port_and_an_unknown_host_are_told_apart(problem: Fail) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert problem(f"ftp://127.0.0.1:{unused.getsockname()[1]}/a", "ftp").code == Code.CONNECT_FAILED
    assert problem("ftp://no-such-host.invalid/a", "ftp").code == Code.HOST_NOT_FOUND


def test_a_silent_server_times_out(problem: Fail) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"ftp://127.0.0.1:{listening.getsockname()[1]}/a.csv"
        found = problem(url, "ftp", settings=replace(SETTINGS, read_seconds=0.1))
    assert found.code == Code.TIMED_OUT
    assert "0.1 seconds" in found.message


@pytest.mark.parametrize(
    ("said", "code"),
    [(b"", Code.CONNECT_FAILED), (b"421 Too many users\r\n", Code.FTP_REFUSED), (b"HELLO there\r\n", Code.FTP_REFUSED)],
)
def test_a_server_that_turns_us_away_is_quoted(problem: Fail, said: bytes, code: Code) -> None:
    with scripted(saying(said)) as place:
        found = problem(f"ftp://{place}/a.csv", "ftp")
    assert found.code == code
    assert said.decode().strip() in found.message
