"""A zip that is written as a stream, into which members of others are copied as they are.

It grows only at its end, so it can go straight into storage. All times are the earliest that a zip can hold: the same
members give the same bytes. Sizes of four gigabytes and more, and 65,535 members and more, are written as ZIP64.
"""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from isal import isal_zlib

from openaddr.collecting.checking import Packed
from openaddr.storage.objects import Writer

LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
END_64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR_64 = struct.Struct("<4sLQL")
MOST, MANY = 0xFFFFFFFF, 0xFFFF
UTF_8 = 0x800
DATE = 0x21  # the first of January 1980
MODE = 0o100644 << 16
UNIX = 3 << 8
VERSION, VERSION_64 = 20, 45
LEVEL, SMALL = 2, 4_096
"""Bytes up to which a member is packed without the tables of a level, which take longer to make than it takes."""
LARGE, MOST_SMALL = 1 << 15, 100
"""Bytes of a block that is written by itself; smaller ones go together."""


class BrokenOffError(Exception):
    """The bytes of a member that was to be copied are not those that were looked at."""


@dataclass(frozen=True)
class _Entry:
    name: bytes
    method: int
    crc: int
    packed: int
    bytes: int
    offset: int


class Archive:
    """Members go in one after the other; `finish` writes the directory."""

    def __init__(self, out: Writer) -> None:
        self._out = out
        self._entries: dict[bytes, _Entry] = {}
        self._small: list[bytes] = []
        self._size = 0

    def add(self, name: str, content: bytes) -> None:
        """Pack a small member."""
        deflate = isal_zlib.compressobj(LEVEL if len(content) > SMALL else 0, isal_zlib.DEFLATED, -15)
        packed = deflate.compress(content) + deflate.flush()
        self._begin(name, 8, zlib.crc32(content), len(packed), len(content))
        self._write(packed)

    def copy(self, name: str, member: Packed, blocks: Iterable[bytes]) -> None:
        """Take over a member of another zip, packed as it is. Raises BrokenOffError when its bytes are others."""
        self._begin(name, member.method, member.crc, member.packed, member.bytes)
        size = crc = 0
        for block in blocks:
            size, crc = size + len(block), isal_zlib.crc32(block, crc)
            self._write(block)
        if (size, crc) != (member.packed, member.packed_crc):
            raise BrokenOffError(
                f"{size:,} packed bytes with checksum {crc:08x} of {member.packed:,} with {member.packed_crc:08x}"
            )

    def finish(self) -> None:
        """Write the directory and the end."""
        start = self._size
        for entry in self._entries.values():
            self._write(_central(entry))
        size, count = self._size - start, len(self._entries)
        if start >= MOST or size >= MOST or count >= MANY:
            end = self._size
            fields = (44, UNIX | VERSION_64, VERSION_64, 0, 0, count, count, size, start)
            self._write(END_64.pack(b"PK\x06\x06", *fields) + LOCATOR_64.pack(b"PK\x06\x07", 0, end, 1))
        some = min(count, MANY)
        self._write(END.pack(b"PK\x05\x06", 0, 0, some, some, min(size, MOST), min(start, MOST), 0))
        self._out.write(b"".join(self._small))

    def _begin(self, name: str, method: int, crc: int, packed: int, size: int) -> None:
        encoded = name.encode()
        if encoded in self._entries:
            raise ValueError(f"{name} is in the archive already")
        entry = _Entry(encoded, method, crc, packed, size, self._size)
        self._entries[encoded] = entry
        extra = struct.pack("<2H2Q", 1, 16, size, packed) if _is_large(entry) else b""
        sizes = (MOST, MOST) if extra else (packed, size)
        version = VERSION_64 if extra else VERSION
        fields = (version, _flags(entry), method, 0, DATE, crc, *sizes, len(encoded), len(extra))
        self._write(LOCAL.pack(b"PK\x03\x04", *fields) + encoded + extra)

    def _write(self, block: bytes) -> None:
        self._size += len(block)
        if len(block) < LARGE and len(self._small) < MOST_SMALL:
            self._small.append(block)
            return
        self._out.write(b"".join(self._small))
        self._small.clear()
        self._out.write(block)


def _central(entry: _Entry) -> bytes:
    """The line of a member in the directory."""
    # In this order, and only those whose place cannot hold them.
    wide = [number for number in (entry.bytes, entry.packed, entry.offset) if number >= MOST]
    extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    version = VERSION_64 if wide else VERSION
    fields = (
        UNIX | version, version, _flags(entry), entry.method, 0, DATE, entry.crc, min(entry.packed, MOST),
        min(entry.bytes, MOST), len(entry.name), len(extra), 0, 0, 0, MODE, min(entry.offset, MOST),
    )  # fmt: skip
    return CENTRAL.pack(b"PK\x01\x02", *fields) + entry.name + extra


def _is_large(entry: _Entry) -> bool:
    return entry.packed >= MOST or entry.bytes >= MOST


def _flags(entry: _Entry) -> int:
    return 0 if entry.name.isascii() else UTF_8
