"""The beginning of a file, over everything that can give one, and what does not have any."""

import gzip
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demo.servers.files import FileServer, redirect
from demo.servers.serving import Request, Response
from openaddr.download import begin
from openaddr.download.archive import unpack
from openaddr.download.beginning import Beginning, first_of
from openaddr.errors import Code, ProblemError
from tests.download.conftest import SETTINGS, make_entry

TEXT = b"no,street\n" + b"1,Main St\n" * 1000


def beginning(data: str, folder: Path, most: int = 100, **members: Any) -> Beginning:
    found = begin(make_entry(data, **members), folder / "got", SETTINGS, most)
    assert found is not None
    return found


def test_a_range_brings_the_beginning_and_tells_the_size(web: FileServer, tmp_path: Path) -> None:
    assert web.folder is not None
    (web.folder / "a.csv").write_bytes(TEXT)
    found = beginning(f"{web.url}/a.csv", tmp_path)
    assert (found.path.name, found.size, found.total, found.is_whole) == ("data.csv", 100, len(TEXT), False)
    assert found.path.read_bytes() == TEXT[:100]


def test_a_file_that_is_smaller_is_whole(web: FileServer, tmp_path: Path) -> None:
    assert web.folder is not None
    (web.folder / "a.csv").write_bytes(TEXT)
    found = beginning(f"{web.url}/a.csv", tmp_path, most=10**6)
    assert found.is_whole and found.is_enough and found.path.read_bytes() == TEXT


ANSWERS: dict[str, tuple[Response, int | None]] = {
    "knows no ranges": (Response(TEXT), len(TEXT)),
    "knows no length either": (Response(TEXT, chunked=True), None),
    "packs it": (Response(gzip.compress(TEXT), headers={"Content-Encoding": "gzip"}), None),
    "sends another part": (Response(TEXT, status=206, headers={"Content-Range": "bytes 5-9/99"}), None),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_a_stream_is_cut_where_a_server(case: str, web: FileServer, tmp_path: Path) -> None:
    answer, total = ANSWERS[case]
    web.responses["/a.csv"] = [answer, Response(TEXT)] if answer.status == 206 else answer
    found = beginning(f"{web.url}/a.csv", tmp_path)
    assert found.path.read_bytes() == TEXT[:100]
    assert found.total == (len(TEXT) if answer.status == 206 else total)


def test_a_body_that_ends_early_is_whole_though_nobody_said_how_long_it_is(web: FileServer, tmp_path: Path) -> None:
    web.responses["/a.csv"] = Response(TEXT[:50], chunked=True)
    assert beginning(f"{web.url}/a.csv", tmp_path).is_whole


class Picky(FileServer):
    """Refuses ranges as not satisfiable, as servers do for what they make on the fly."""

    def answer(self, request: Request) -> Response:
        return Response(status=416) if "range" in request.headers else Response(TEXT)


def test_a_range_that_cannot_be_satisfied_is_not_asked_for_again(tmp_path: Path) -> None:
    with Picky() as server:
        assert beginning(f"{server.url}/a.csv", tmp_path).path.read_bytes() == TEXT[:100]
    assert len(server.requests) == 2


BAD: dict[str, tuple[Response, Code]] = {
    "a web page": (Response(b"<!doctype html><title>Log in</title>"), Code.HTML_INSTEAD_OF_DATA),
    "nothing": (Response(b""), Code.DATA_EMPTY),
    "an error": (Response(status=403), Code.HTTP_401_403),
    "a way inside": (redirect("http://10.0.0.1/"), Code.ADDRESS_REFUSED),
}


@pytest.mark.parametrize("case", BAD)
def test_is_no_beginning(case: str, web: FileServer, tmp_path: Path) -> None:
    answer, code = BAD[case]
    web.responses["/a.csv"] = answer
    with pytest.raises(ProblemError) as caught:
        beginning(f"{web.url}/a.csv", tmp_path)
    assert caught.value.problem.code is code
    assert caught.value.problem.pointer == "/layers/addresses/0/data"


def test_a_beginning_is_fetched_however_large_the_whole_is(web: FileServer, tmp_path: Path) -> None:
    web.responses["/a.csv"] = Response(TEXT, chunked=True)
    small = replace(SETTINGS, download_bytes=500)
    found = begin(make_entry(f"{web.url}/a.csv"), tmp_path / "got", small, 100)
    assert found is not None and found.size == 100


@pytest.mark.parametrize(
    ("head", "is_enough"), [(b"a,b\n", True), (b'{"a"', True), (b"\x1f\x8b", True), (b"PK\x03\x04", False)]
)
def test_it_depends_on_the_kind_whether_a_beginning_is_enough(head: bytes, is_enough: bool, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(head)
    assert Beginning(tmp_path / "data", len(head), 1000).is_enough is is_enough


def test_a_local_file_is_begun_too_and_ftp_has_no_beginnings(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(TEXT)
    allowed = replace(SETTINGS, allow_files=(str(tmp_path),))
    found = begin(make_entry(str(tmp_path / "a.csv"), "file"), tmp_path / "got", allowed, 100)
    assert found is not None and (found.size, found.total) == (100, len(TEXT))
    assert begin(make_entry("ftp://127.0.0.1/a.csv"), tmp_path / "got", SETTINGS, 100) is None


def test_no_block_is_asked_for_once_there_are_enough_bytes() -> None:
    blocks = iter([b"abc", b"def", b"ghi"])
    assert b"".join(first_of(blocks, 4)) == b"abcd"
    assert list(blocks) == [b"ghi"]


def test_of_a_gzip_file_that_is_cut_comes_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "data.csv.gz"
    path.write_bytes(gzip.compress(random.Random(1).randbytes(500_000))[:-5_000])
    (file,) = unpack(path, "gzip", None, tmp_path / "out", is_cut=True)
    assert 200_000 < file.stat().st_size < 500_000
    assert random.Random(1).randbytes(500_000).startswith(file.read_bytes())
    with pytest.raises(ProblemError) as caught:
        unpack(path, "gzip", None, tmp_path / "whole")
    assert caught.value.problem.code is Code.ARCHIVE_BAD
