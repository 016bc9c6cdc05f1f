"""How much an archive may hold, and what its members may be: decided before anything is extracted."""

import re
import stat
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from zipfile import ZipInfo

from openaddr.errors import Code, ProblemError

MAX_MEMBERS = 100_000
MAX_BYTES = 100_000_000_000
MAX_RATIO = 200
RATIO_FROM = 100_000_000
MAX_NESTING = 2
MAX_NAME = 255
MAX_DIRECTORY = 64_000_000
MAX_COMMENT = 65_535
END = struct.Struct("<4s4H2LH")
END_64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR_64 = struct.Struct("<4sLQL")
ENCRYPTED = 0x1
UTF8_NAME = 0x800
LOCAL_HEADER = 30
ABSOLUTE = re.compile(r"/|[A-Za-z]:/")
METHODS = {0: "stored", 8: "deflate", 12: "bzip2", 14: "lzma"}
OTHER_METHODS = {1: "shrink", 6: "implode", 9: "deflate64", 93: "zstd", 95: "xz", 98: "ppmd", 99: "AES encryption"}


@dataclass
class Budget:
    """What one download may unpack to, over all the archives inside it; `packed` is its size in bytes."""

    packed: int
    members: int = 0
    unpacked: int = 0

    def spend(self, size: int, name: str) -> None:
        """Count unpacked bytes of the member `name`. Raises ProblemError(ARCHIVE_BAD) past a limit."""
        self.unpacked += size
        if self.unpacked > MAX_BYTES:
            raise bad(f"unpacks to more than {MAX_BYTES:,} bytes, with member {name!r}")
        if self.unpacked > RATIO_FROM and self.unpacked > MAX_RATIO * self.packed:
            raise bad(
                f"has {self.packed:,} bytes and unpacks to {self.unpacked:,} or more with member {name!r};"
                f" {MAX_RATIO} times its size is allowed"
            )

    def count(self, members: int) -> None:
        """Count the members of one more archive. Raises ProblemError(ARCHIVE_BAD) past the limit."""
        self.members += members
        if self.members > MAX_MEMBERS:
            raise bad(f"has {self.members:,} members; {MAX_MEMBERS:,} are allowed")


def require_safe(members: Sequence[ZipInfo], directory_start: int) -> None:
    """Refuse names that leave the folder, links and other special files, and members that share bytes.

    `directory_start` is where the last member has to end. Raises ProblemError(ARCHIVE_BAD) naming the member.
    """
    for member in members:
        _require_plain_name(member)
        mode = member.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            what = "a link" if stat.S_ISLNK(mode) else "a special file"
            raise bad(f"has {what} as member {member.filename!r}")
    _require_apart(members, directory_start)


def require_supported(member: ZipInfo) -> None:
    """Raise ProblemError(ARCHIVE_UNSUPPORTED) for a member that cannot be unpacked here."""
    if member.flag_bits & ENCRYPTED:
        raise ProblemError(Code.ARCHIVE_UNSUPPORTED, f"The member {member.filename!r} is encrypted with a password.")
    method = member.compress_type
    if method not in METHODS:
        told = f"method {method} ({OTHER_METHODS.get(method, 'unknown')})"
        known = ", ".join(METHODS.values())
        message = f"The member {member.filename!r} is compressed by {told}; supported are {known}."
        raise ProblemError(Code.ARCHIVE_UNSUPPORTED, message)


def clean_name(member: ZipInfo) -> str:
    """The name with forward slashes only, in the encoding that it most likely is in.

    Zips made on Windows may have backslashes, and many programs write UTF-8 without the flag that says so.
    """
    name = member.filename
    if not member.flag_bits & UTF8_NAME:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = member.filename
    return name.replace("\\", "/").removeprefix("./")


def bad(what: str) -> ProblemError:
    """The problem of an archive that is damaged or not to be trusted; `what` goes on after `The archive`."""
    return ProblemError(Code.ARCHIVE_BAD, f"The archive {what}.")


def _require_plain_name(member: ZipInfo) -> None:
    name = clean_name(member)
    parts = name.split("/")
    if ABSOLUTE.match(name):
        raise bad(f"has an absolute name: member {name[:200]!r}")
    if ".." in parts:
        raise bad(f"has a name that leaves its folder: member {name[:200]!r}")
    if any(len(part.encode("utf-8", "replace")) > MAX_NAME for part in parts):
        raise bad(f"has a name of more than {MAX_NAME} bytes: member {name[:80]!r}")


def _require_apart(members: Sequence[ZipInfo], directory_start: int) -> None:
    """Each member has to end before the next one starts; overlapping ones are how small bombs get huge."""
    ordered = sorted(members, key=lambda member: member.header_offset)
    starts = [*(member.header_offset for member in ordered), directory_start]
    for member, end in zip(ordered, starts[1:], strict=True):
        least = member.header_offset + LOCAL_HEADER + len(member.orig_filename) + member.compress_size
        if least > end:
            raise bad(f"has members that overlap: member {member.filename!r} runs into what follows it")


def require_small_directory(path: Path) -> None:
    """Refuse a directory that would fill the memory as soon as it is read, which is before members can be counted.

    Raises ProblemError(ARCHIVE_BAD).
    """
    with path.open("rb") as file:
        size = _directory_size(file)
    if size > MAX_DIRECTORY:
        raise bad(f"has a directory of {size:,} bytes; {MAX_DIRECTORY:,} are allowed")


def _directory_size(file: BinaryIO) -> int:
    """Bytes of the central directory as its end says, 0 when there is no end (APPNOTE.TXT 4.3.14 to 4.3.16)."""
    length = file.seek(0, 2)
    start = max(0, length - MAX_COMMENT - END.size)
    file.seek(start)
    tail = file.read()
    found = tail.rfind(b"PK\x05\x06", 0, len(tail) - END.size + 4)
    if found < 0:
        return 0
    return max(int(END.unpack_from(tail, found)[5]) % 0xFFFFFFFF, _directory_size_64(file, start + found))


def _directory_size_64(file: BinaryIO, end: int) -> int:
    """The same from the 64-bit record that may stand before the end; it is believed whatever the end says."""
    if end < LOCATOR_64.size + END_64.size:
        return 0
    file.seek(end - LOCATOR_64.size)
    signature, _, offset, _ = LOCATOR_64.unpack(file.read(LOCATOR_64.size))
    if signature != b"PK\x06\x07":
        return 0
    # Readers take the record right before the locator, or where the locator says: the larger one counts.
    sizes = []
    for place in {min(offset, end), end - LOCATOR_64.size - END_64.size}:
        file.seek(place)
        record = file.read(END_64.size)
        if record[:4] == b"PK\x06\x06" and len(record) == END_64.size:
            sizes.append(int(END_64.unpack(record)[8]))
    return max(sizes, default=0)
