"""The zip that is written as a stream: what readers make of it."""

import io
import zipfile
from pathlib import Path

import pytest
from isal import isal_zlib

from openaddr.collecting.archive import MANY, Archive, BrokenOffError
from openaddr.collecting.checking import Packed, blocks, packed_of
from tests.collecting.world import unzipped

HOLE = bytes(1 << 20)


class Sparse:
    """A file whose zeros take no room."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def write(self, block: bytes, /) -> int:
        if block is HOLE:
            return self._file.seek(len(block), io.SEEK_CUR) and len(block)
        return self._file.write(block)

    def close(self) -> None:
        self._file.close()


def source(path: Path, method: int) -> Path:
    """A zip of others."""
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.csv", b"LON,LAT\r\n" * 5_000)
        archive.writestr("ä.csv", b"1")
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_are_copied_as_they_are(tmp_path: Path, method: int) -> None:
    out = io.BytesIO()
    archive = Archive(out)
    archive.add("README.txt", b"read")
    with zipfile.ZipFile(source(tmp_path / "a.zip", method)) as found, (tmp_path / "a.zip").open("rb") as file:
        for info in found.infolist():
            packed = packed_of(info, file)
            file.seek(packed.offset)
            archive.copy(f"xx/{info.filename}", packed, blocks(file, packed.packed))
    archive.finish()
    (tmp_path / "b.zip").write_bytes(out.getvalue())
    unzipped(tmp_path / "b.zip")
    with zipfile.ZipFile(out) as made:
        assert made.namelist() == ["README.txt", "xx/a.csv", "xx/ä.csv"]
        assert made.read("xx/a.csv") == b"LON,LAT\r\n" * 5_000 and made.read("xx/ä.csv") == b"1"


def test_a_member_with_other_bytes_breaks_off() -> None:
    with pytest.raises(BrokenOffError):
        Archive(io.BytesIO()).copy("a", Packed(0, 0, 2, isal_zlib.crc32(b"ab"), 2, 0), [b"ac"])
    with pytest.raises(BrokenOffError):
        Archive(io.BytesIO()).copy("a", Packed(0, 0, 3, isal_zlib.crc32(b"ab"), 3, 0), [b"ab"])


def test_more_members_than_an_old_zip_can_count_are_all_there() -> None:
    out = io.BytesIO()
    archive = Archive(out)
    for number in range(MANY + 5):
        archive.add(f"{number}", b"")
    archive.finish()
    with zipfile.ZipFile(out) as made:
        assert len(made.infolist()) == MANY + 5


def test_members_larger_than_an_old_zip_can_say_are_found_and_those_behind_them(tmp_path: Path) -> None:
    count = 4_100
    crc = 0
    for _ in range(count):
        crc = isal_zlib.crc32(HOLE, crc)
    size = count * len(HOLE)
    out = Sparse(tmp_path / "large.zip")
    archive = Archive(out)
    archive.copy("large", Packed(zipfile.ZIP_STORED, 0, size, crc, size, crc), (HOLE for _ in range(count)))
    archive.add("behind", b"it")
    archive.finish()
    out.close()
    with zipfile.ZipFile(tmp_path / "large.zip") as made:
        assert made.getinfo("large").file_size == size and made.read("behind") == b"it"
        with made.open("large") as file:
            assert file.read(10) == bytes(10)
    (tmp_path / "large.zip").unlink()
