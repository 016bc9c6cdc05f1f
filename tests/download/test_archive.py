"""Archives as publishers make them are opened; archives made to hurt are refused before anything is extracted."""

import gzip
import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openaddr.download import limits
from openaddr.download.archive import unpack
from openaddr.errors import Code, Problem, ProblemError

Pack = Callable[..., Path]
Unpack = Callable[..., list[str]]
Fail = Callable[..., Problem]


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """A file of the test, by default data.zip with members given as name -> bytes."""

    def pack(content: dict[str, bytes] | bytes, name: str = "data.zip") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else zipped(content))
        return path

    return pack


@pytest.fixture
def names(tmp_path: Path) -> Unpack:
    """Unpack and give the names below the folder, in the order returned."""

    def names(path: Path, compression: str | None = None, wanted: str | None = None) -> list[str]:
        folder = tmp_path / "unpacked"
        return [file.relative_to(folder).as_posix() for file in unpack(path, compression, wanted, folder)]

    return names


@pytest.fixture
def problem(tmp_path: Path) -> Fail:
    """Unpack, give the problem, and see that nothing was written outside the folder."""

    def problem(path: Path, compression: str | None = None, wanted: str | None = None) -> Problem:
        before = set(tmp_path.iterdir())
        with pytest.raises(ProblemError) as caught:
            unpack(path, compression, wanted, tmp_path / "unpacked")
        assert set(tmp_path.iterdir()) - before <= {tmp_path / "unpacked"}
        return caught.value.problem

    return problem


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


# What publishers make


@pytest.mark.parametrize("compression", ["zip", None])
def test_a_zip_gives_all_its_files_sorted(pack: Pack, names: Unpack, compression: str | None) -> None:
    path = pack({"b.csv": b"b", "a/c.csv": b"c", "a/": b"", "A.csv": b"A"})
    assert names(path, compression) == ["A.csv", "a/c.csv", "b.csv"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_usual_method_is_unpacked(pack: Pack, names: Unpack, tmp_path: Path, method: int) -> None:
    content = b"LON,LAT\n" * 100_000
    assert names(pack(zipped({"a.csv": content}, method))) == ["a.csv"]
    assert (tmp_path / "unpacked/a.csv").read_bytes() == content


@pytest.mark.parametrize(
    ("name", "members", "unpacked"),
    [("data.csv.gz", 1, "data.csv"), ("data.gz", 1, "data"), ("data.csv", 1, "data"), ("data.csv.gz", 3, "data.csv")],
)
@pytest.mark.parametrize("compression", ["gzip", None])
def test_a_gzip_file_loses_its_ending(
    pack: Pack, names: Unpack, tmp_path: Path, compression: str | None, name: str, members: int, unpacked: str
) -> None:
    content = b"LON,LAT\n" * 1000
    assert names(pack(gzip.compress(content) * members, name), compression) == [unpacked]
    assert (tmp_path / "unpacked" / unpacked).read_bytes() == content * members


@pytest.mark.parametrize("name", ["data.csv", "data.gpkg", "data.zip"])
def test_what_is_no_archive_is_returned_as_it_is(pack: Pack, tmp_path: Path, name: str) -> None:
    path = pack(b"LON,LAT\n", name)
    assert unpack(path, None, "other.csv", tmp_path / "unpacked") == (path,)


def test_a_spreadsheet_is_one_file_and_a_kmz_is_a_zip(pack: Pack, names: Unpack, tmp_path: Path) -> None:
    sheet = pack({"xl/workbook.xml": b"<x/>"}, "data.xlsx")
    assert unpack(sheet, None, None, tmp_path / "unpacked") == (sheet,)
    assert names(pack({"doc.kml": b"<kml/>"}, "data.kmz")) == ["doc.kml"]


def test_names_in_old_and_unflagged_encodings_are_kept(pack: Pack, names: Unpack) -> None:
    raw = zipped({"XXXXXX.csv": b"1", "YYYY.csv": b"2"})
    utf8, cp437 = "grüü".encode(), "ärgr".encode("cp437")
    assert names(pack(raw.replace(b"XXXXXX", utf8).replace(b"YYYY", cp437))) == ["grüü.csv", "ärgr.csv"]


def test_backslashes_of_windows_are_folders(pack: Pack, names: Unpack) -> None:
    assert names(pack({"a\\b\\c.csv": b"1", "./d.csv": b"2"}), wanted="a/b/c.csv") == ["a/b/c.csv"]


def test_extras_of_a_mac_are_left_out(pack: Pack, names: Unpack) -> None:
    assert names(pack({"a.shp": b"1", "__MACOSX/._a.shp": b"2"})) == ["a.shp"]


# Zips in zips


def test_zips_in_a_zip_are_unpacked_each_into_its_folder(pack: Pack, names: Unpack) -> None:
    inner = zipped({"x.shp": b"1"})
    nested = zipped({"deep.zip": inner, "readme.txt": b"r"})
    path = pack({"a/north.zip": inner, "south.ZIP": nested, "south/x.txt": b"2", "doc.kmz": zipped({"doc.kml": b"k"})})
    assert names(path, "zip") == [
        "a/north/x.shp", "doc/doc.kml", "south/x.txt", "south.ZIP/deep/x.shp", "south.ZIP/readme.txt",
    ]  # fmt: skip


def test_a_file_called_zip_that_is_none_is_a_file(pack: Pack, names: Unpack) -> None:
    assert names(pack({"a.zip": b"not at all", "b.csv": b"1"})) == ["a.zip", "b.csv"]


@pytest.mark.parametrize("wanted", ["x.shp", "X.SHP", "d/x.shp"])
def test_what_is_wanted_may_be_in_a_zip_inside(pack: Pack, names: Unpack, wanted: str) -> None:
    inner = zipped({"d/x.shp": b"1", "d/x.dbf": b"2", "d/y.shp": b"3"})
    assert names(pack({"inner.zip": inner, "other.txt": b""}), "zip", wanted) == ["inner/d/x.dbf", "inner/d/x.shp"]


def test_a_zip_inside_that_is_wanted_itself_gives_all_its_files(pack: Pack, names: Unpack) -> None:
    path = pack({"a.zip": zipped({"x.csv": b"1", "y.csv": b"2"}), "b.zip": zipped({"z.csv": b"3"})})
    assert names(path, "zip", "a.zip") == ["a/x.csv", "a/y.csv"]


def test_zips_more_than_two_deep_are_refused(pack: Pack, names: Unpack, problem: Fail) -> None:
    content = zipped({"x.csv": b"1"})
    for _ in range(2):
        content = zipped({"inner.zip": content})
    assert names(pack(content)) == ["inner/inner/x.csv"]
    found = problem(pack(zipped({"inner.zip": content})))
    assert found.code == Code.ARCHIVE_BAD
    assert "more than 2 deep: member 'inner.zip'" in found.message


# Which members are wanted

TREE = {name: name.encode() for name in (
    "x.shp", "x.shx", "x.DBF", "x.prj", "x.cpg", "x.qix", "x.shp.xml", "xy.shp", "x.d/z.txt",
    "City.gdb/a1.gdbtable", "City.gdb/gdb", "d/e/b.csv", "d/e/c.csv", "f/c.csv", "Top/Old.gdb/a1.gdbtable",
)}  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("x.shp", ["x.DBF", "x.cpg", "x.prj", "x.shp", "x.shp.xml", "x.shx"]),
        ("X.Shp", ["x.DBF", "x.cpg", "x.prj", "x.shp", "x.shp.xml", "x.shx"]),
        ("City.gdb", ["City.gdb/a1.gdbtable", "City.gdb/gdb"]),
        ("city.GDB/", ["City.gdb/a1.gdbtable", "City.gdb/gdb"]),
        ("d/e/b.csv", ["d/e/b.csv"]),
        ("d\\e\\b.csv", ["d/e/b.csv"]),
        ("/d/e/b.csv", ["d/e/b.csv"]),
        ("d", ["d/e/b.csv", "d/e/c.csv"]),
        ("b.csv", ["d/e/b.csv"]),
        ("e/c.csv", ["d/e/c.csv"]),
        ("e", ["d/e/b.csv", "d/e/c.csv"]),
        ("old.gdb", ["Top/Old.gdb/a1.gdbtable"]),
        ("xy.shp", ["xy.shp"]),
    ],
)
def test_only_what_is_wanted_is_extracted(pack: Pack, names: Unpack, wanted: str, expected: list[str]) -> None:
    assert names(pack(TREE), "zip", wanted) == expected


def test_a_name_that_fits_two_places_is_ambiguous(pack: Pack, problem: Fail) -> None:
    found = problem(pack(TREE), "zip", "c.csv")
    assert found.code == Code.FILE_AMBIGUOUS
    assert "2 places in the archive end with: d/e/c.csv, f/c.csv" in found.message


def test_a_file_that_is_not_there_is_answered_with_what_there_is(pack: Pack, problem: Fail) -> None:
    members = {f"file-{number:02}.csv": b"" for number in range(12)}
    found = problem(pack(members | {"in.zip": zipped({"z.csv": b""})}), "zip", "none.csv")
    assert found.code == Code.FILE_NOT_IN_ARCHIVE
    assert "of 14 files has file-00.csv, file-01.csv" in found.message
    assert found.message.endswith("file-09.csv and 4 more.")


# Damaged, disguised and unsupported


@pytest.mark.parametrize(
    ("compression", "content", "looks"),
    [
        ("zip", b"<!doctype html><html>", "it looks like a web page"),
        ("zip", gzip.compress(b"x", mtime=0), "it looks like a gzip file"),
        ("zip", b"7z\xbc\xaf\x27\x1c\0\0", "it looks like a 7z archive"),
        ("zip", b'{"a": 1}', "it looks like JSON"),
        ("zip", b"", "it looks like empty"),
        ("gzip", zipped({"a": b""}), "it looks like a zip archive"),
        ("gzip", b"a,b\n", "it looks like text"),
        ("zip", zipped({"a.csv": b"x" * 9000})[:60], "it ends before its directory"),
        (None, zipped({"a.csv": b"x" * 9000})[:60], "it ends before its directory"),
    ],
)
def test_a_file_that_is_not_what_was_declared_is_bad(
    pack: Pack, problem: Fail, compression: str | None, content: bytes, looks: str
) -> None:
    found = problem(pack(content), compression)
    assert found.code == Code.ARCHIVE_BAD
    assert looks in found.message


@pytest.mark.parametrize("cut", [5, 100, -4])
def test_a_gzip_file_that_ends_early_is_bad(pack: Pack, problem: Fail, cut: int) -> None:
    packed = gzip.compress(b"".join(b"%d\n" % (number * 7919) for number in range(1000)))
    assert problem(pack(packed[:cut], "data.csv.gz")).code == Code.ARCHIVE_BAD


def test_a_gzip_file_whose_name_never_ends_is_bad(pack: Pack, problem: Fail) -> None:
    packed = b"\x1f\x8b\x08\x08" + bytes(6) + b"a" * 2_000_000
    assert problem(pack(packed, "data.csv.gz")).code == Code.ARCHIVE_BAD


def test_a_gzip_file_with_a_wrong_checksum_is_bad(pack: Pack, problem: Fail) -> None:
    packed = bytearray(gzip.compress(b"LON,LAT\n" * 1000))
    packed[-6] ^= 0xFF
    assert problem(pack(bytes(packed), "data.csv.gz")).code == Code.ARCHIVE_BAD


def test_a_wrong_checksum_in_a_zip_names_the_member(pack: Pack, problem: Fail) -> None:
    raw = zipped({"good.csv": b"1", "sub/bad.csv": b"the content"}, zipfile.ZIP_STORED)
    found = problem(pack(raw.replace(b"the content", b"THE content")))
    assert found.code == Code.ARCHIVE_BAD
    assert "'sub/bad.csv'" in found.message


def test_a_zip_without_files_is_bad(pack: Pack, problem: Fail) -> None:
    assert problem(pack({})).code == Code.ARCHIVE_BAD


@pytest.mark.parametrize("method", [1, 6, 9, 93, 98, 99, 777])
def test_another_method_is_unsupported_and_named(pack: Pack, problem: Fail, method: int) -> None:
    found = problem(pack(_with_method(zipped({"a.csv": b"x"}), method)))
    assert found.code == Code.ARCHIVE_UNSUPPORTED
    assert f"'a.csv' is compressed by method {method} (" in found.message
    assert method != 9 or "deflate64" in found.message


def test_an_encrypted_member_is_unsupported(pack: Pack, problem: Fail, names: Unpack) -> None:
    raw = bytearray(zipped({"a.csv": b"x", "b.csv": b"y"}))
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    found = problem(pack(bytes(raw)))
    assert found.code == Code.ARCHIVE_UNSUPPORTED
    assert "'a.csv' is encrypted" in found.message
    assert names(pack(bytes(raw)), "zip", "b.csv") == ["b.csv"]


# Made to hurt


@pytest.mark.parametrize("name", ["/etc/x", "C:/x", "\\x", "../x", "a/../../x", "a\\..\\..\\x", "..", "n" * 256])
def test_a_name_that_leaves_the_folder_is_refused(pack: Pack, problem: Fail, name: str) -> None:
    found = problem(pack({"good.csv": b"1", name: b"2"}))
    assert found.code == Code.ARCHIVE_BAD
    assert repr(name.replace("\\", "/")[:80]) in found.message


@pytest.mark.parametrize(("kind", "told"), [(stat.S_IFLNK, "a link"), (stat.S_IFIFO, "a special file")])
def test_a_link_is_refused(tmp_path: Path, problem: Fail, kind: int, told: str) -> None:
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        member = zipfile.ZipInfo("passwd.csv")
        member.external_attr = (kind | 0o777) << 16
        archive.writestr(member, "/etc/passwd")
    found = problem(path)
    assert found.code == Code.ARCHIVE_BAD
    assert f"has {told} as member 'passwd.csv'" in found.message


def test_members_that_share_their_bytes_are_refused(pack: Pack, problem: Fail) -> None:
    found = problem(pack(_overlapping(zipped({"a.csv": b"x" * 1000}), copies=5)))
    assert found.code == Code.ARCHIVE_BAD
    assert "overlap" in found.message


def test_a_zip_bomb_is_refused_before_it_is_unpacked(pack: Pack, problem: Fail, tmp_path: Path) -> None:
    zeros = zipped({f"{number}.csv": bytes(20_000_000) for number in range(6)})
    found = problem(pack(zeros))
    assert found.code == Code.ARCHIVE_BAD
    assert "200 times its size is allowed" in found.message
    assert list((tmp_path / "unpacked").iterdir()) == []


def test_a_bomb_of_zips_in_a_zip_is_refused(pack: Pack, problem: Fail) -> None:
    inner = zipped({"zeros.csv": bytes(20_000_000)})
    found = problem(pack({f"{number}.zip": inner for number in range(6)}))
    assert found.code == Code.ARCHIVE_BAD
    assert "200 times its size is allowed" in found.message


def test_a_gzip_bomb_is_refused_on_the_way(pack: Pack, problem: Fail) -> None:
    found = problem(pack(gzip.compress(bytes(1_000_000)) * 110, "data.csv.gz"))
    assert found.code == Code.ARCHIVE_BAD
    assert "200 times its size is allowed" in found.message


def test_too_many_members_are_refused(pack: Pack, problem: Fail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_MEMBERS", 10)
    found = problem(pack({f"{number}.csv": b"" for number in range(11)}))
    assert found.code == Code.ARCHIVE_BAD
    assert "has 11 members; 10 are allowed" in found.message


def test_too_many_bytes_are_refused(pack: Pack, problem: Fail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_BYTES", 1000)
    assert problem(pack({"a.csv": b"x" * 600, "b.csv": b"x" * 600})).code == Code.ARCHIVE_BAD
    assert problem(pack(gzip.compress(b"x" * 1001), "data.gz")).code == Code.ARCHIVE_BAD


@pytest.mark.parametrize("sixty_four", [False, True])
def test_a_directory_that_would_fill_the_memory_is_not_read(pack: Pack, problem: Fail, sixty_four: bool) -> None:
    found = problem(pack(_with_directory_size(zipped({"a.csv": b"x"}), 10**9, sixty_four)), "zip")
    assert found.code == Code.ARCHIVE_BAD
    assert "has a directory of 1,000,000,000 bytes" in found.message


def test_a_file_and_a_folder_of_one_name_are_bad(pack: Pack, problem: Fail) -> None:
    found = problem(pack({"a": b"1", "a/b": b"2"}))
    assert found.code == Code.ARCHIVE_BAD
    assert "'a/b'" in found.message


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_zip_with_any_bytes_changed_is_unpacked_or_a_problem(tmp_path: Path, changes: list[tuple[int, int]]) -> None:
    raw = bytearray(zipped({"a.csv": b"1,2\n" * 9, "d/b.zip": zipped({"c.csv": b"3"})}))
    for place, value in changes:
        raw[place % len(raw)] = value
    (tmp_path / "fuzzed.zip").write_bytes(raw)
    try:
        files = unpack(tmp_path / "fuzzed.zip", "zip", None, tmp_path / "unpacked")
        assert all(file.is_relative_to(tmp_path / "unpacked") for file in files)
    except ProblemError as error:
        assert error.problem.code in (Code.ARCHIVE_BAD, Code.ARCHIVE_UNSUPPORTED, Code.DISK_FULL)


def _with_method(raw: bytes, method: int) -> bytes:
    """The same zip, its first member declared as compressed by another method."""
    changed = bytearray(raw)
    changed[8:10] = struct.pack("<H", method)
    directory = raw.index(b"PK\x01\x02")
    changed[directory + 10 : directory + 12] = struct.pack("<H", method)
    return bytes(changed)


def _overlapping(raw: bytes, copies: int) -> bytes:
    """The same zip, its directory listing the one member several times."""
    start, end = raw.index(b"PK\x01\x02"), raw.index(b"PK\x05\x06")
    entries = b"".join(raw[start:end].replace(b"a.csv", b"%d.csv" % number) for number in range(copies))
    tail = bytearray(raw[end:])
    tail[8:16] = struct.pack("<HHL", copies, copies, len(entries))
    return raw[:start] + entries + bytes(tail)


def _with_directory_size(raw: bytes, size: int, sixty_four: bool) -> bytes:
    """The same zip, its end telling another size of the directory, also by the 64-bit record."""
    end = raw.index(b"PK\x05\x06")
    tail = bytearray(raw[end:])
    if not sixty_four:
        tail[12:16] = struct.pack("<L", size)
        return raw[:end] + bytes(tail)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, size, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    return raw[:end] + record + locator + bytes(tail)
