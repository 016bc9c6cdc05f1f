"""A download that was cut off goes on where it ended, as long as it is still the same file; else it starts again."""

import gzip
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.servers.files import FileServer, redirect
from demo.servers.ftp import FtpServer
from demo.servers.serving import Response
from openaddr.download.retries import MOST_TRIES
from openaddr.errors import Code, Problem, ProblemError
from openaddr.stages import Downloaded

Fetch = Callable[..., Downloaded]
Fail = Callable[..., Problem]
BODY = b"".join(b"%d,street %d\n" % (number, number) for number in range(3000))
SIZE = len(BODY)
NO_MORE = [0, 0, 0]
"""Cuts that end a download for good, as they bring nothing new."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "a.csv").write_bytes(BODY)
    os.utime(folder / "a.csv", (1_700_000_000, 1_700_000_000))
    return folder


@pytest.fixture
def server(folder: Path) -> Iterator[FileServer]:
    with FileServer(folder) as server:
        yield server


@pytest.fixture
def ftp(folder: Path) -> Iterator[FtpServer]:
    with FtpServer(folder) as server:
        yield server


def ranges(server: FileServer) -> list[str | None]:
    return [request.headers.get("range") for request in server.requests]


def rests(server: FtpServer) -> list[str]:
    return [argument for command, argument in server.commands if command == "REST"]


def require_all(got: Downloaded, body: bytes = BODY) -> None:
    assert got.files[0].read_bytes() == body
    assert (got.fingerprint, got.size) == (hashlib.md5(body).hexdigest(), len(body))
    assert list(got.files[0].parent.iterdir()) == [got.files[0]]


# Within one run


def test_a_cut_connection_is_gone_on_with(server: FileServer, fetch: Fetch) -> None:
    server.cuts = [10_000, 15_000]
    told: list[tuple[int, int | None]] = []
    require_all(fetch(server.url + "/a.csv", progress=lambda stage, done, total, unit: told.append((done, total))))
    assert ranges(server) == [None, "bytes=10000-", "bytes=25000-"]
    assert told[-1] == (SIZE, SIZE)
    assert told == sorted(told)


def test_a_cut_without_any_progress_is_not_tried_for_ever(server: FileServer, problem: Fail) -> None:
    server.cuts = [10_000, *NO_MORE]
    assert problem(server.url + "/a.csv").code == Code.TRUNCATED
    assert len(server.requests) == 4


def test_a_server_that_sends_a_byte_at_a_time_is_given_up(server: FileServer, problem: Fail) -> None:
    server.cuts = [1] * 100
    assert problem(server.url + "/a.csv").code == Code.TRUNCATED
    assert len(server.requests) == MOST_TRIES


def test_a_part_is_gone_on_with_behind_redirects_that_are_signed_anew(server: FileServer, fetch: Fetch) -> None:
    server.responses["/latest"] = [redirect("/a.csv?signed=1"), redirect("/a.csv?signed=2")]
    server.cuts = [10_000]
    require_all(fetch(server.url + "/latest"))
    assert ranges(server) == [None, None, "bytes=10000-", "bytes=10000-"]


def test_another_address_with_the_same_date_is_another_file(server: FileServer, fetch: Fetch) -> None:
    dated = {"Last-Modified": "Tue, 14 Nov 2023 22:13:20 GMT"}
    server.responses["/latest"] = [redirect("/b.csv?file=1"), redirect("/b.csv?file=2")]
    other = BODY.replace(b"street", b"strasz")
    server.responses["/b.csv"] = [
        Response(BODY, headers=dated, stops_after=10_000),
        Response(other[10_000:], 206, {**dated, "Content-Range": f"bytes 10000-{SIZE - 1}/{SIZE}"}),
        Response(other, headers=dated),
    ]
    require_all(fetch(server.url + "/latest"), other)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"ETag": 'W/"weak"'},
        {"Last-Modified": "Sun, 06 Nov 2044 08:49:37 GMT"},
        {"Last-Modified": "yesterday"},
        {"ETag": '"encoded"', "Content-Encoding": "gzip"},
    ],
    ids=str,
)
def test_what_cannot_be_known_again_starts_again(server: FileServer, fetch: Fetch, headers: dict[str, str]) -> None:
    sent = gzip.compress(BODY) if "Content-Encoding" in headers else BODY
    server.responses["/b.csv"] = [Response(sent, headers=headers, stops_after=9000), Response(sent, headers=headers)]
    require_all(fetch(server.url + "/b.csv"))
    assert ranges(server) == [None, None]


def test_a_strong_date_will_do(server: FileServer, fetch: Fetch) -> None:
    dated = {"Last-Modified": "Tue, 14 Nov 2023 22:13:20 GMT"}
    rest = {**dated, "Content-Range": f"bytes 10000-{SIZE - 1}/{SIZE}"}
    server.responses["/b.csv"] = [
        Response(BODY, headers=dated, stops_after=10_000),
        Response(BODY[10_000:], 206, rest),
    ]
    require_all(fetch(server.url + "/b.csv"))
    assert server.requests[1].headers["if-range"] == dated["Last-Modified"]


RANGE = f"bytes 10000-{SIZE - 1}/{SIZE}"
LIES = [
    pytest.param(Response(BODY), id="ignores the range"),
    pytest.param(Response(status=416), id="says that there is no such range"),
    pytest.param(Response(b"x" * SIZE, 206, {}), id="does not say which part it sends"),
    pytest.param(Response(BODY, 206, {"Content-Range": f"bytes 0-{SIZE - 1}/{SIZE}"}), id="sends another part"),
    pytest.param(Response(b"x", 206, {"Content-Range": f"bytes 10000-10000/{SIZE}"}), id="sends a part of the part"),
    pytest.param(Response(BODY, 206, {"Content-Range": "bytes 10000-99998/99999"}), id="has another size by now"),
    pytest.param(Response(BODY, 206, {"Content-Range": f"bytes 10000-{SIZE - 1}/*"}), id="does not know its size"),
    pytest.param(Response(BODY[10_000:], 206, {"Content-Range": RANGE, "ETag": '"b"'}), id="has another edition"),
    pytest.param(
        Response(BODY[10_000:], 206, {"Content-Range": RANGE, "Content-Encoding": "gzip"}), id="encodes the part"
    ),
    pytest.param(Response(BODY[10_000:] + b"x", 206, {"Content-Range": RANGE}), id="sends more than it says"),
    pytest.param(Response(BODY[10_001:], 206, {"Content-Range": RANGE}), id="sends less than it says"),
]


@pytest.mark.parametrize("lie", LIES)
def test_no_file_is_ever_glued_together_from_what_a_server_mixes_up(
    server: FileServer, fetch: Fetch, lie: Response
) -> None:
    tagged = {"ETag": '"a"'}
    whole = Response(BODY, headers=tagged)
    server.responses["/b.csv"] = [Response(BODY, headers=tagged, stops_after=10_000), lie, whole]
    require_all(fetch(server.url + "/b.csv"))
    assert ranges(server)[1] == "bytes=10000-"


# From one run to the next


@pytest.mark.parametrize("there", [0, 1, 4095, 4096, 30_000, SIZE - 1, SIZE, SIZE + 1])
def test_an_attempt_that_was_cut_off_anywhere_is_gone_on_with(
    server: FileServer, fetch: Fetch, tmp_path: Path, there: int
) -> None:
    begin(server, fetch)
    (tmp_path / "got" / "data.part").write_bytes((BODY + b"?")[:there])
    require_all(fetch(server.url + "/a.csv"))
    expected = {0: None, SIZE: f"bytes={SIZE - 1}-", SIZE + 1: None}.get(there, f"bytes={there}-")
    assert ranges(server) == [expected]


def test_a_file_that_changed_meanwhile_comes_anew(server: FileServer, fetch: Fetch, folder: Path) -> None:
    begin(server, fetch)
    changed = BODY.replace(b"street", b"road")
    (folder / "a.csv").write_bytes(changed)
    require_all(fetch(server.url + "/a.csv"), changed)
    assert ranges(server) == ["bytes=10000-"]


@pytest.mark.parametrize("note", [b"", b"{", b"[]", b'{"url": 1}', b"\xff\xfe", b"null"])
def test_a_note_that_cannot_be_read_starts_again(server: FileServer, fetch: Fetch, tmp_path: Path, note: bytes) -> None:
    begin(server, fetch)
    (tmp_path / "got" / "data.part.json").write_bytes(note)
    require_all(fetch(server.url + "/a.csv"))
    assert ranges(server) == [None]


def test_a_note_without_its_file_starts_again(server: FileServer, fetch: Fetch, tmp_path: Path) -> None:
    begin(server, fetch)
    (tmp_path / "got" / "data.part").unlink()
    require_all(fetch(server.url + "/a.csv"))


def test_the_note_tells_no_secret(server: FileServer, fetch: Fetch, tmp_path: Path) -> None:
    begin(server, fetch, f"http://me:hunter2@127.0.0.1:{server.port}/a.csv?token=tulip42")
    note = (tmp_path / "got" / "data.part.json").read_text()
    assert json.loads(note)["url"] == server.url + "/a.csv"
    assert "hunter2" not in note and "tulip42" not in note


DOWNLOAD = """
import sys
from pathlib import Path
from openaddr.download import download
from tests.download.conftest import SETTINGS, make_entry
download(make_entry(sys.argv[1]), Path(sys.argv[2]), SETTINGS, lambda stage, done, total, unit: print(done, flush=True))
"""


def test_a_killed_run_is_gone_on_with(folder: Path, server: FileServer, fetch: Fetch, tmp_path: Path) -> None:
    large = BODY * 80
    (folder / "large.csv").write_bytes(large)
    server.cuts = [2_000_000]
    # Unlike a cut, silence keeps it waiting until it is killed.
    server.silence_after_cut = True
    command = [sys.executable, "-c", DOWNLOAD, server.url + "/large.csv", str(tmp_path / "got")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        for line in running.stdout:
            if int(line) >= 2_000_000:
                break
        running.kill()
    require_all(fetch(server.url + "/large.csv"), large)
    first, second = ranges(server)
    assert first is None and second
    assert 1_000_000 < int(second.removeprefix("bytes=").removesuffix("-")) <= 2_000_000


def begin(server: FileServer, fetch: Fetch, url: str = "") -> None:
    """A run that gets 10,000 bytes, and forgets its requests."""
    server.cuts = [10_000, *NO_MORE]
    with pytest.raises(ProblemError):
        fetch(url or server.url + "/a.csv")
    server.requests.clear()


# The same over FTP


def test_a_cut_transfer_is_gone_on_with(ftp: FtpServer, fetch: Fetch) -> None:
    ftp.cuts = [10_000, 15_000]
    require_all(fetch(ftp.url + "/a.csv", "ftp"))
    assert rests(ftp) == ["10000", "25000"]


def test_a_transfer_is_gone_on_with_by_the_next_run(ftp: FtpServer, problem: Fail, fetch: Fetch) -> None:
    ftp.cuts = [10_000, *NO_MORE]
    assert problem(ftp.url + "/a.csv", "ftp").code == Code.TRUNCATED
    ftp.commands.clear()
    require_all(fetch(ftp.url + "/a.csv", "ftp"))
    assert rests(ftp) == ["10000"]


def test_a_changed_file_is_transferred_anew(ftp: FtpServer, folder: Path, problem: Fail, fetch: Fetch) -> None:
    ftp.cuts = [10_000, *NO_MORE]
    problem(ftp.url + "/a.csv", "ftp")
    ftp.commands.clear()
    changed = BODY.replace(b"street", b"strasz")
    (folder / "a.csv").write_bytes(changed)
    require_all(fetch(ftp.url + "/a.csv", "ftp"), changed)
    assert rests(ftp) == []


@pytest.mark.parametrize("without", ["REST", "MDTM", "SIZE"])
def test_a_server_that_lacks_a_command_transfers_all_of_it(folder: Path, fetch: Fetch, without: str) -> None:
    with FtpServer(folder, without=(without,)) as server:
        # Without a size the end of a transfer is believed, so there a cut could not be noticed.
        server.cuts = [] if without == "SIZE" else [10_000]
        require_all(fetch(server.url + "/a.csv", "ftp"))


# Editions


def test_what_is_known_already_is_not_fetched(server: FileServer, fetch: Fetch) -> None:
    first = fetch(server.url + "/a.csv")
    assert first.edition.etag and first.edition.last_modified == "Tue, 14 Nov 2023 22:13:20 GMT"
    again = fetch(server.url + "/a.csv", known=first.edition)
    assert again == Downloaded((), "", 0, edition=first.edition, unchanged=True)
    assert len(server.requests) == 2


def test_a_new_edition_is_fetched(server: FileServer, fetch: Fetch, folder: Path) -> None:
    first = fetch(server.url + "/a.csv")
    (folder / "a.csv").write_bytes(b"new,data\n")
    again = fetch(server.url + "/a.csv", known=first.edition)
    assert again.files[0].read_bytes() == b"new,data\n"
    assert again.edition.etag not in ("", first.edition.etag)


def test_a_news_of_another_edition_is_not_believed(server: FileServer, fetch: Fetch) -> None:
    first = fetch(server.url + "/a.csv")
    server.responses["/a.csv"] = [Response(status=304, headers={"ETag": '"other"'}), Response(b"new,data\n")]
    assert fetch(server.url + "/a.csv", known=first.edition).files[0].read_bytes() == b"new,data\n"


def test_weak_tags_are_good_enough_for_news(server: FileServer, fetch: Fetch) -> None:
    server.responses["/b.csv"] = [
        Response(BODY, headers={"ETag": 'W/"a"'}),
        Response(status=304, headers={"ETag": '"a"'}),
    ]
    first = fetch(server.url + "/b.csv")
    assert fetch(server.url + "/b.csv", known=first.edition).unchanged


def test_a_source_cannot_ask_for_parts_itself(server: FileServer, fetch: Fetch) -> None:
    given = {"Range": "bytes=5-", "If-None-Match": "*", "If-Modified-Since": "x", "If-Range": "x"}
    require_all(fetch(server.url + "/a.csv", headers=given))
    assert not {name.lower() for name in given} & server.requests[0].headers.keys()


def test_what_is_known_already_is_not_transferred(ftp: FtpServer, fetch: Fetch) -> None:
    first = fetch(ftp.url + "/a.csv", "ftp")
    assert first.edition.last_modified == f"20231114221320 {SIZE}"
    ftp.commands.clear()
    again: Any = fetch(ftp.url + "/a.csv", "ftp", known=first.edition)
    assert again == Downloaded((), "", 0, edition=first.edition, unchanged=True)
    assert "RETR" not in [command for command, _ in ftp.commands]
