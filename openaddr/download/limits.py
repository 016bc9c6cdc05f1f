"""How much an archive may hold, and what its members may be: decided before anything is extracted."""

import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipInfo

from openaddr.errors import Code, ProblemError
from openaddr.zip_directory import directory_size

MAX_MEMBERS = 100_000
MAX_BYTES = 100_000_000_000
MAX_RATIO = 200
RATIO_FROM = 100_000_000
MAX_NESTING = 2
MAX_NAME = 255
MAX_DIRECTORY = 64_000_000
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
    size = directory_size(path)
    if size > MAX_DIRECTORY:
        raise bad(f"has a directory of {size:,} bytes; {MAX_DIRECTORY:,} are allowed")
