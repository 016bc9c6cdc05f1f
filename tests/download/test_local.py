"""Files of this machine are read only where an operator says so."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from openaddr.errors import Code, Problem
from openaddr.settings import Settings
from openaddr.stages import Downloaded
from tests.download.conftest import SETTINGS

Fetch = Callable[..., Downloaded]
Fail = Callable[..., Problem]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "allowed"
    folder.mkdir()
    (folder / "a b.csv").write_bytes(b"LON,LAT\n1,2\n")
    (tmp_path / "secret.csv").write_bytes(b"secret\n")
    return folder


@pytest.fixture
def settings(folder: Path) -> Settings:
    return replace(SETTINGS, allow_files=("/nowhere", str(folder)))


@pytest.mark.parametrize(("form", "protocol"), [("file://{}", "file"), ("file://localhost{}", "http"), ("{}", "file")])
def test_a_file_below_an_allowed_folder_is_copied(
    folder: Path, settings: Settings, fetch: Fetch, form: str, protocol: str
) -> None:
    got = fetch(form.format(folder / "a b.csv"), protocol, settings=settings)
    assert got.files[0].name == "data.csv"
    assert got.files[0].read_bytes() == b"LON,LAT\n1,2\n"


def test_a_percent_encoded_path_is_decoded(folder: Path, settings: Settings, fetch: Fetch) -> None:
    assert fetch(f"file://{folder}/a%20b.csv", settings=settings).size == 12


@pytest.mark.parametrize("path", ["../secret.csv", "%2e%2e/secret.csv", "link.csv", "linked/secret.csv", "../none.csv"])
def test_nothing_outside_an_allowed_folder_is_read(folder: Path, settings: Settings, problem: Fail, path: str) -> None:
    (folder / "link.csv").symlink_to(folder.parent / "secret.csv")
    (folder / "linked").symlink_to(folder.parent)
    assert problem(f"file://{folder}/{path}", settings=settings).code == Code.FILE_REFUSED


def test_no_file_is_read_by_default(folder: Path, problem: Fail) -> None:
    found = problem(f"file://{folder}/a b.csv")
    assert found.code == Code.FILE_REFUSED
    assert "none of the 0 folders" in found.message


def test_a_folder_that_only_starts_alike_is_not_allowed(folder: Path, problem: Fail) -> None:
    found = problem(f"file://{folder}/a b.csv", settings=replace(SETTINGS, allow_files=(str(folder)[:-2],)))
    assert found.code == Code.FILE_REFUSED


def test_a_missing_file_is_missing(folder: Path, settings: Settings, problem: Fail) -> None:
    assert problem(f"file://{folder}/none.csv", settings=settings).code == Code.FILE_MISSING


def test_an_empty_file_is_no_data(folder: Path, settings: Settings, problem: Fail) -> None:
    (folder / "empty.csv").touch()
    assert problem(f"file://{folder}/empty.csv", settings=settings).code == Code.DATA_EMPTY


def test_what_is_no_regular_file_is_refused(folder: Path, settings: Settings, problem: Fail) -> None:
    os.mkfifo(folder / "pipe.csv")
    assert problem(f"file://{folder}/pipe.csv", settings=settings).code == Code.FILE_REFUSED
    assert problem(f"file://{folder}", settings=settings).code == Code.FILE_REFUSED


@pytest.mark.parametrize("data", ["file://elsewhere/a.csv", "file:a.csv", "a.csv", "file:///a%00b.csv"])
def test_a_file_is_named_by_its_whole_path(settings: Settings, problem: Fail, data: str) -> None:
    assert problem(data, "file", settings=settings).code == Code.URL_INVALID


def test_a_file_of_more_bytes_than_may_come_is_not_copied(folder: Path, settings: Settings, problem: Fail) -> None:
    found = problem(str(folder / "a b.csv"), "file", settings=replace(settings, download_bytes=11))
    assert (found.code, found.message) == (Code.TOO_LARGE, "The file has 12 bytes; 11 are allowed.")
