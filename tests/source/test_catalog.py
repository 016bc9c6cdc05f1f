"""The source files of a repository, from a folder and from the archive of a commit."""

import zipfile
from pathlib import Path

import pytest

from demo.servers.github import Hosted
from openaddr.errors import Code, ProblemError
from openaddr.source import catalog
from openaddr.source.catalog import SourceFile, digest, in_archive, in_folder
from openaddr.source.parse import MAX_BYTES

FILES = {
    "README.md": b"",
    "package.json": b"{}",
    "sources/us/ca/alameda.json": b"{}",
    "sources/us/ca/city_of_a.b.json": b'{"schema": 2}',
    "sources/xx/\u00fc.json": b"",
    "sources/xx/README.md": b"",
    "sources/large.json": b" " * (MAX_BYTES + 1_000),
    "tests/sources/no.json": b"{}",
}
IDS = {"us/ca/alameda", "us/ca/city_of_a.b", "xx/\u00fc", "large"}


def packed(members: dict[str, bytes], folder: Path, **modes: int) -> Path:
    """A zip with members by their whole names."""
    path = folder / "commit.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo(name)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = modes.get(name.rpartition("/")[2].partition(".")[0], 0o100644) << 16
            archive.writestr(member, content)
    return path


def test_folder_and_archive_have_the_same_source_files(tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / "repository" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "repository" / name).write_bytes(content)
    hosted = Hosted("a/b")
    archive = tmp_path / "commit.zip"
    archive.write_bytes(hosted.archive(hosted.commits[hosted.commit(FILES)]))
    found = {file.id: file for file in in_archive(archive)}
    assert found == {file.id: file for file in in_folder(tmp_path / "repository")}
    assert found.keys() == IDS
    assert len(found["large"].content) == MAX_BYTES + 1, "enough to be refused by the parser"


def test_links_folders_and_names_that_no_file_can_have_are_no_source_files(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    members = {
        "r/sources/xx/link.json": b"/etc/passwd",
        "r/sources/folder.json/": b"",
        "r/sources//empty.json": b"{}",
        f"r/sources/{'x' * 201}.json": b"{}",
        "r/sources.json": b"{}",
        "sources/xx/top.json": b"{}",
        "r/sources/xx/good.json": b"{}",
    }
    assert list(in_archive(packed(members, tmp_path, link=0o120777))) == [SourceFile("xx/good", b"{}")]
    assert caplog.text.count("not taken for a source file") == 2


@pytest.mark.parametrize("name", ["r/sources/../../etc/x.json", "../sources/x.json", "/sources/x.json", "r/../x"])
def test_a_name_that_leaves_its_folder_spoils_the_archive(tmp_path: Path, name: str) -> None:
    path = packed({"r/sources/a.json": b"{}", name: b"{}"}, tmp_path)
    with pytest.raises(ProblemError, match="leaves its folder") as caught:
        list(in_archive(path))
    assert caught.value.problem.code is Code.GITHUB_ARCHIVE_BAD


def damaged(how: str, path: Path) -> None:
    raw = bytearray(path.read_bytes())
    match how:
        case "cut":
            raw = raw[:-30]
        case "empty":
            raw.clear()
        case "a page":
            raw[:] = b"<html>Sign in</html>"
        case "other bytes":
            raw[raw.index(b"a.json") + 8] ^= 0xFF
        case "encrypted":
            raw[raw.index(b"PK\x01\x02") + 8] |= 1
        case "unknown method":
            raw[raw.index(b"PK\x01\x02") + 10] = 97
            raw[8] = 97
    path.write_bytes(raw)


@pytest.mark.parametrize("how", ["cut", "empty", "a page", "other bytes", "encrypted", "unknown method"])
def test_a_damaged_archive_has_a_name(tmp_path: Path, how: str) -> None:
    path = packed({"r/sources/a.json": bytes(1000)}, tmp_path)
    assert len(list(in_archive(path))) == 1
    damaged(how, path)
    with pytest.raises(ProblemError, match="cannot be read") as caught:
        list(in_archive(path))
    assert caught.value.problem.code is Code.GITHUB_ARCHIVE_BAD


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "MAX_UNPACKED", 2_500)
    path = packed({f"r/sources/{number}.json": bytes(1_000) for number in range(3)}, tmp_path)
    with pytest.raises(ProblemError, match="unpacks to more than 2,500 bytes") as caught:
        list(in_archive(path))
    assert caught.value.problem.code is Code.GITHUB_ARCHIVE_TOO_LARGE


def test_an_archive_with_a_huge_directory_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "MAX_DIRECTORY", 100)
    with pytest.raises(ProblemError, match="a directory of") as caught:
        list(in_archive(packed({"r/sources/a.json": b"", "r/sources/b.json": b""}, tmp_path)))
    assert caught.value.problem.code is Code.GITHUB_ARCHIVE_TOO_LARGE


def test_a_digest_changes_with_names_contents_and_where_they_part() -> None:
    cases = [[("a", b"b")], [("a", b"c")], [("b", b"b")], [("a", b""), ("b", b"")], [("a", b"b"), ("c", b"")], []]
    digests = [digest([SourceFile(*file) for file in files]) for files in cases]
    assert len(set(digests)) == len(cases) and {len(found) for found in digests} == {40}
