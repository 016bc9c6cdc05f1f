"""Archives made to hurt: bombs, nesting, names that climb out, links, lies in headers, and damage."""

import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from openaddr.errors import Code
from tests.hostile.case import CONFORM, HERE, ROWS, Case, World, case, source
from tests.hostile.zipping import MB, Member, bomb, deflated, stored, zeros, zipped

FAMILY = "archives"
BAD, UNSUPPORTED = Code.ARCHIVE_BAD, Code.ARCHIVE_UNSUPPORTED
GOOD = stored("town.csv", ROWS)
CSV = ROWS.encode()
NAMES: dict[str, str | bytes] = {
    "climbs": "../../../../evil.csv",
    "climbs from a folder": "a/../../../evil.csv",
    "climbs with backslashes": "..\\..\\..\\evil.csv",
    "is absolute": "/tmp/evil.csv",
    "is absolute on Windows": "C:\\evil.csv",
    "is on a share of Windows": "\\\\host\\share\\evil.csv",
    "has 10,000 characters": "a" * 10_000 + ".csv",
    "has a folder of 300 bytes": "é" * 150 + "/a.csv",
    "climbs in UTF-8 without its flag": b"\xc3\xa9/../../evil.csv",
}
"""Names that no member may have."""
HARMLESS = {
    "is a device of Windows": "CON.csv",
    "turns the writing around": "\u202evsc.csv",
    "has a tab and an escape": "a\t\x1b[31m.csv",
    "looks like climbing": "..%2f..%2fevil.csv",
    "has dots that look like climbing": "․․/․․/evil.csv",
    "is hidden like our own": ".inner-0",
    "is an option": "-rf.csv",
}
"""Odd names of the one CSV, which is read all the same."""


def cases(_: World) -> Iterator[Case]:
    """All of them."""
    yield from _bombs()
    yield from _names()
    yield from _members()
    yield from _lies()
    yield from _damage()
    yield from _gzips()
    yield from _disguises()


def _zip(name: str, make: Callable[[], bytes], *expected: str, file: str | None = None, **members: Any) -> Case:
    conform = {**CONFORM, "file": file} if file else CONFORM
    found = source(f"{HERE}/data.zip", conform, **({"compression": "zip"} | members))
    return case(FAMILY, name, found, *expected, data__zip=make)


def _of(*members: Member, **options: Any) -> Callable[[], bytes]:
    return partial(zipped, members, **options)


def _bombs() -> Iterator[Case]:
    yield _zip("a bomb of 10 GB in one member", lambda: zipped([bomb("a.csv", 4000), bomb("b.csv", 4000)]), BAD)
    yield _zip("a bomb of 4 GB", lambda: zipped([bomb("a.csv", 4000)]), BAD)
    yield _zip("a bomb whose directory says 10 bytes", lambda: zipped([bomb("a.csv", 4000, size=10)]), BAD)
    yield _zip("a bomb whose local header says 10 bytes", lambda: zipped([bomb("a.csv", 4000, local_size=10)]), BAD)
    yield _zip("a bomb of 200 members of 50 MB", lambda: zipped([bomb(f"{at}.csv", 50) for at in range(200)]), BAD)
    yield _zip("a bomb beside the file that is wanted", _of(GOOD, bomb("b.csv", 4000)), "1 rows", file="town.csv")
    yield _zip("100,001 members", lambda: zipped(stored(f"{at}.csv") for at in range(100_001)), BAD)
    yield _zip("65,535 members and one CSV", lambda: zipped(_many(65_534)), "1 rows", file="town.csv")
    yield _zip("members that overlap", _overlapping, BAD)
    yield _zip("one kernel for a thousand members", _one_kernel, BAD)
    yield _zip("zips in zips in zips in zips", lambda: _nested(4), BAD)
    yield _zip("zips of zips of 16 each like 42.zip", _forty_two, BAD)
    yield _zip("a zip that holds itself many times", _repeating, BAD)
    yield _zip("a bomb in a zip in a zip", lambda: zipped([stored("a.zip", _of(bomb("a.csv", 4000))())]), BAD)
    yield _zip("a bomb in bzip2", lambda: _python_zip(zipfile.ZIP_BZIP2), BAD)
    yield _zip("a bomb in LZMA", lambda: _python_zip(zipfile.ZIP_LZMA), BAD)
    yield _zip("LZMA that asks for a window of 4 GB", _lzma_window, BAD)


def _many(count: int) -> Iterator[Member]:
    yield from (stored(f"m/{at}.txt") for at in range(count))
    yield GOOD


def _overlapping() -> bytes:
    """Two members of the directory that share the bytes of the bomb."""
    return zipped([bomb("a.csv", 100), Member(b"b.csv", b"", 8, 100 * MB, len(zeros(100)), 0, offset=0)])


def _one_kernel() -> bytes:
    kernel = zeros(20)
    inner = (Member(b"%d.csv" % at, b"", 8, 20 * MB, len(kernel), 0, offset=0) for at in range(1000))
    return zipped([Member(b"a.csv", kernel, 8, 20 * MB, crc=0), *inner])


def _nested(depth: int) -> bytes:
    data = zipped([GOOD])
    for _ in range(depth):
        data = zipped([stored("inner.zip", data)])
    return data


def _forty_two() -> bytes:
    data = zipped([bomb("0.csv", 1000)])
    for _ in range(3):
        data = zipped([deflated(f"{at}.zip", data) for at in range(16)])
    return data


def _repeating() -> bytes:
    """Every level holds ten copies of the one below, to the depth that is allowed."""
    data = zipped([bomb("0.csv", 90, crc=zlib.crc32(bytes(90 * MB)))])
    for _ in range(2):
        data = zipped([deflated(f"{at}.zip", data) for at in range(10)])
    return data


def _python_zip(method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive, archive.open("a.csv", "w") as file:
        for _ in range(120):
            file.write(bytes(MB))
    return buffer.getvalue()


def _lzma_window() -> bytes:
    properties = struct.pack("<BBH", 9, 4, 5) + struct.pack("<BL", 0x5D, 0xFFFFFFFF)
    packed = lzma.LZMACompressor(lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1}])
    body = packed.compress(CSV) + packed.flush()
    return zipped([Member(b"a.csv", properties + body, 14, len(CSV), crc=0)])


def _names() -> Iterator[Case]:
    for told, name in NAMES.items():
        yield _zip(f"a member whose name {told}", _of(GOOD, stored(name, CSV)), BAD)
    for told, name in HARMLESS.items():
        yield _zip(f"a single member whose name {told}", _of(stored(name, CSV)), "1 rows")
    yield _zip("a member whose name is no UTF-8 as it says", _of(stored(b"\xff\xfe\xfd.csv", CSV)), BAD)
    yield _zip("a member with a NUL in its name", _of(stored("town.csv\0.exe", CSV)), "1 rows")
    yield _zip("a member whose name is empty", _of(stored("", CSV)), BAD)
    yield _zip("a member that is called dot", _of(stored(".", CSV), GOOD), BAD)
    yield _zip("a member with an empty folder in its path", _of(stored("a//town.csv", CSV)), "1 rows")
    yield _zip("two members of one name", _of(stored("town.csv", "x\n"), GOOD), "1 rows")
    yield _zip("members that differ by case alone", _of(GOOD, stored("TOWN.CSV", CSV)), Code.FILE_AMBIGUOUS)
    yield _zip("a file and a folder of one name", _of(GOOD, stored("town.csv/a.csv", CSV)), BAD)
    yield _zip(
        "names in two forms of Unicode", _of(stored("é.csv", CSV), stored("e\u0301.csv", CSV)), Code.FILE_AMBIGUOUS
    )
    yield _zip("another name in the local header", _of(stored("town.csv", CSV, local_name=b"../evil.csv")), BAD)
    yield _zip("a file of the conform that climbs", _of(GOOD), Code.FILE_NOT_IN_ARCHIVE, file="../../town.csv")
    yield _zip("a file of the conform that is absolute", _of(GOOD), Code.FILE_NOT_IN_ARCHIVE, file="/etc/passwd")
    yield _zip("a file of the conform that reads with GDAL", _of(GOOD), Code.FILE_NOT_IN_ARCHIVE, file="/vsicurl/x")
    yield _zip("a file of the conform of 100,000 characters", _of(GOOD), Code.FILE_NOT_IN_ARCHIVE, file="a/" * 50_000)


def _members() -> Iterator[Case]:
    link = stored("town.csv", "/etc/passwd", mode=stat.S_IFLNK | 0o777)
    climb = stored("folder", "../../..", mode=stat.S_IFLNK | 0o777)
    yield _zip("a link to a file of the machine", _of(link), BAD)
    yield _zip("a link and a member behind it", _of(climb, stored("folder/evil.csv", CSV)), BAD)
    yield _zip("a pipe", _of(stored("pipe", mode=stat.S_IFIFO | 0o666), GOOD), BAD)
    yield _zip("a device", _of(stored("device", mode=stat.S_IFCHR | 0o666), GOOD), BAD)
    yield _zip("a socket", _of(stored("socket", mode=stat.S_IFSOCK | 0o666), GOOD), BAD)
    yield _zip("a program that runs as its owner", _of(stored("town.csv", CSV, mode=stat.S_IFREG | 0o4777)), "1 rows")
    yield _zip("a member with a password", _of(stored("town.csv", CSV, flags=0x801)), UNSUPPORTED)
    yield _zip("a member with strong encryption", _of(stored("town.csv", CSV, flags=0x841)), UNSUPPORTED)
    for method, told in ((1, "shrink"), (6, "implode"), (9, "deflate64"), (93, "zstd"), (95, "xz"), (99, "AES")):
        yield _zip(f"a member packed by {told}", _of(stored("town.csv", CSV, method=method)), UNSUPPORTED)
    yield _zip("a member packed by nobody knows what", _of(stored("town.csv", CSV, method=4711)), UNSUPPORTED)
    yield _zip("a member that patches another", _of(stored("town.csv", CSV, flags=0x820)), UNSUPPORTED)
    yield _zip("folders only", _of(stored("a/"), stored("b/")), BAD)
    yield _zip("no member", _of(), BAD)


def _lies() -> Iterator[Case]:
    yield _zip("a check sum that is wrong", _of(stored("town.csv", CSV, crc=1)), BAD)
    yield _zip("a size of 4 GB for nothing", _of(stored("town.csv", CSV, size=0xFFFFFFFE)), BAD)
    yield _zip("a packed size of 4 GB for nothing", _of(stored("town.csv", CSV, packed=0xFFFFFFFE)), BAD)
    yield _zip("a local header that says 4 GB", _of(stored("town.csv", CSV, local_size=0xFFFFFFFE)), "1 rows")
    yield _zip("a member that begins beyond the end", _of(stored("town.csv", CSV, offset=0xFFFFFFF)), BAD)
    yield _zip("a member that begins in the directory", _of(stored("town.csv", CSV, offset=80)), BAD)
    yield _zip("a directory that counts wrong", _of(GOOD, count=60_000), "1 rows")
    yield _zip("a directory of 4 GB", lambda: zipped([GOOD])[:-10] + b"\xfe\xff\xff\xff" + zipped([GOOD])[-6:], BAD)
    yield _zip("sizes of 64 bits that lie", _of(_wide(2**62)), BAD)
    yield _zip("sizes of 64 bits that are cut", _of(stored("a", CSV, size=0xFFFFFFFF, extra=b"\1\0\x10\0abc")), BAD)
    yield _zip("an end of 64 bits that lies", _wide_end, BAD)
    yield _zip("bytes before the archive", _of(GOOD, before=b"#!/bin/sh\n" * 100), "1 rows")
    yield _zip("another end in the comment", _of(GOOD, comment=zipped([stored("../evil", CSV)])), BAD)
    yield _zip("a comment of 64 KB", _of(GOOD, comment=b"x" * 65_535), "1 rows")


def _wide(size: int) -> Member:
    extra = struct.pack("<HHQQ", 1, 16, size, size)
    return stored("town.csv", CSV, size=0xFFFFFFFF, packed=0xFFFFFFFF, extra=extra)


def _wide_end() -> bytes:
    plain = zipped([GOOD])
    end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 2**60, 2**60, 2**60, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(plain) - 22, 1)
    return plain[:-22] + end + locator + plain[-22:]


def _damage() -> Iterator[Case]:
    whole = zipped([deflated("town.csv", CSV * 500)])
    yield _zip("a zip without its last byte", lambda: whole[:-1], BAD)
    yield _zip("half a zip", lambda: whole[: len(whole) // 2], BAD)
    yield _zip("a zip of its first 30 bytes", lambda: whole[:30], BAD)
    yield _zip("a zip whose member is cut out", lambda: whole[:60] + whole[90:], BAD)
    yield _zip("a zip whose deflate is damaged", lambda: whole[:60] + b"\xff" * 20 + whole[80:], BAD)
    yield _zip("the end of a zip alone", lambda: whole[-22:], BAD)


def _gzips() -> Iterator[Case]:
    def gz(name: str, make: Callable[[], bytes], *expected: str) -> Case:
        found = source(f"{HERE}/data.csv.gz", compression="gzip")
        return case(FAMILY, name, found, *expected, data__csv__gz=make)

    packed = gzip.compress(CSV)
    yield gz("a gzip bomb of 4 GB", lambda: _gzip_bomb(4000), BAD)
    yield gz("a gzip bomb in a gzip", lambda: gzip.compress(_gzip_bomb(1000)), Code.FIELD_NOT_FOUND)
    yield gz("ten thousand gzips in a row", lambda: packed * 10_000, "10000 rows, 9999 COORDINATES_UNPARSABLE")
    yield gz("a gzip that is cut", lambda: packed[:-9], BAD)
    yield gz("a gzip with a wrong check sum", lambda: packed[:-8] + b"\0\0\0\0" + packed[-4:], BAD)
    yield gz("a gzip with a wrong size", lambda: packed[:-4] + b"\xff\xff\xff\x7f", BAD)
    yield gz("a gzip with rubbish behind it", lambda: packed + b"rubbish" * 9, BAD)
    yield gz("a gzip of an unknown method", lambda: b"\x1f\x8b\x09" + packed[3:], BAD)
    yield gz("a gzip with a name that climbs", lambda: _named_gzip(b"../../evil.csv"), "1 rows")
    yield gz("a gzip with a name that never ends", lambda: _named_gzip(b"a" * 5_000_000), BAD)
    yield gz("the head of a gzip and nothing else", lambda: packed[:10], BAD)


def _gzip_bomb(megabytes: int) -> bytes:
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + zeros(megabytes) + bytes(8)


def _named_gzip(name: bytes) -> bytes:
    packed = gzip.compress(CSV)
    return b"\x1f\x8b\x08\x08" + packed[4:10] + name + b"\0" + packed[10:]


def _disguises() -> Iterator[Case]:
    yield _zip("a tar dressed up as a zip", _tar, BAD)
    yield _zip("a 7z dressed up as a zip", lambda: b"7z\xbc\xaf\x27\x1c" + bytes(99), BAD)
    yield _zip("a rar dressed up as a zip", lambda: b"Rar!\x1a\x07\x01\0" + bytes(99), BAD)
    yield _zip("a gzip dressed up as a zip", lambda: gzip.compress(CSV), BAD)
    yield _zip("a CSV dressed up as a zip", lambda: CSV, BAD)
    yield _zip("a zip dressed up as a gzip", _of(GOOD), BAD, compression="gzip")
    yield _zip("a zip that nobody announced", _of(GOOD), "1 rows", compression=None)
    yield _zip("a KMZ bomb in a zip", lambda: zipped([stored("a.kmz", _of(bomb("doc.kml", 4000))())]), BAD)
    yield _zip("a document that is called zip", _of(stored("a.zip", b"no zip at all")), Code.FIELD_NOT_FOUND)


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("../../evil.csv")
        member.size = len(CSV)
        archive.addfile(member, io.BytesIO(CSV))
    return buffer.getvalue()
