"""Zip files byte by byte: what `zipfile` would never write (APPNOTE.TXT 4.3)."""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
MB = 1 << 20


@dataclass(frozen=True)
class Member:
    """One file of an archive, and the lies told about it; None = the truth."""

    name: bytes
    data: bytes = b""
    """As it stands in the archive, already compressed."""
    method: int = 0
    size: int | None = None
    packed: int | None = None
    crc: int | None = None
    flags: int = 0x800
    mode: int = 0
    local_name: bytes | None = None
    local_size: int | None = None
    local_packed: int | None = None
    offset: int | None = None
    extra: bytes = b""


def stored(name: str | bytes, data: bytes | str = b"", **lies: int | bytes | None) -> Member:
    """A member that is not compressed."""
    raw = data.encode() if isinstance(data, str) else data
    given = {"size": len(raw), "crc": zlib.crc32(raw)} | lies
    return Member(name.encode() if isinstance(name, str) else name, raw, **given)  # type: ignore[arg-type]


def deflated(name: str, data: bytes, **lies: int | bytes | None) -> Member:
    """A member compressed by deflate."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    given = {"size": len(data), "crc": zlib.crc32(data), "method": 8} | lies
    return Member(name.encode(), packed, **given)  # type: ignore[arg-type]


@cache
def zeros(megabytes: int) -> bytes:
    """Deflated zeros: one megabyte packed once and repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * megabytes + zlib.compressobj(9, zlib.DEFLATED, -15).flush()


def bomb(name: str, megabytes: int, **lies: int | bytes | None) -> Member:
    """Zeros; the check sum is only right where somebody gets that far."""
    return Member(name.encode(), zeros(megabytes), **({"size": megabytes * MB, "crc": 0, "method": 8} | lies))  # type: ignore[arg-type]


def zipped(members: Iterable[Member], comment: bytes = b"", count: int | None = None, before: bytes = b"") -> bytes:
    """An archive; `count` is how many members it says it has."""
    body, directory, number = [before], [], 0
    place = len(before)
    for member in members:
        local = _local(member)
        directory.append(_central(member, place if member.offset is None else member.offset))
        body += [local, member.data]
        place += len(local) + len(member.data)
        number += 1
    listing = b"".join(directory)
    told = min(number if count is None else count, 0xFFFF)
    end = _END.pack(b"PK\5\6", 0, 0, told, told, len(listing), place, len(comment))
    return b"".join([*body, listing, end, comment])


def _local(member: Member) -> bytes:
    name = member.name if member.local_name is None else member.local_name
    packed = _told(member.local_packed, _told(member.packed, len(member.data)))
    size = _told(member.local_size, _told(member.size, len(member.data)))
    head = _LOCAL.pack(
        b"PK\3\4", 45, member.flags, member.method, 0, 33, _told(member.crc, 0), packed, size, len(name), 0
    )
    return head + name


def _central(member: Member, place: int) -> bytes:
    packed, size = _told(member.packed, len(member.data)), _told(member.size, len(member.data))
    made_by = 3 << 8 | 45
    return (
        _CENTRAL.pack(
            b"PK\1\2", made_by, 45, member.flags, member.method, 0, 33, _told(member.crc, 0), packed, size,
            len(member.name), len(member.extra), 0, 0, 0, member.mode << 16, place,
        )
        + member.name + member.extra
    )  # fmt: skip


def _told(lie: int | None, truth: int) -> int:
    return truth if lie is None else lie
