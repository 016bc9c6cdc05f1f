"""Bytes onto our disk: written in blocks, counted and hashed on the way, a full disk said plainly."""

import errno
import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openaddr.errors import Code, ProblemError

BLOCK = 1 << 18
HEAD = 4096
RESERVE = 32_000_000
"""Bytes of a disk that no download uses up, so that there is room to say so."""
CHECKED_EVERY = 16_000_000
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass
class Tally:
    """What has been written of a file: bytes, md5, and its first bytes (at most HEAD) for a look at what it is."""

    size: int = 0
    head: bytes = b""
    _digest: Any = field(default_factory=lambda: hashlib.md5(usedforsecurity=False))

    @classmethod
    def of(cls, path: Path, size: int) -> "Tally":
        """The first `size` bytes of a file that is there already."""
        tally = cls()
        with path.open("rb") as file:
            while block := file.read(min(BLOCK, size - tally.size)):
                tally.add(block)
        return tally

    @property
    def md5(self) -> str:
        """The fingerprint so far, as hex."""
        return str(self._digest.hexdigest())

    def add(self, block: bytes) -> None:
        """Count one more block."""
        self._digest.update(block)
        self.size += len(block)
        if len(self.head) < HEAD:
            self.head = (self.head + block)[:HEAD]


def save(blocks: Iterable[bytes], path: Path, told: Callable[[int], None], tally: Tally | None = None) -> Tally:
    """Write the blocks to `path`, behind those of the `tally`; `told` gets the bytes so far after each block.

    What goes wrong while the blocks are made leaves the unfinished file behind, under the name given, and the tally
    says what is in it. Raises ProblemError(DISK_FULL).
    """
    counted = Tally() if tally is None else tally

    def noted() -> Iterator[bytes]:
        for block in blocks:
            yield block
            counted.add(block)
            told(counted.size)

    write(noted(), path, counted.size)
    return counted


def write(blocks: Iterable[bytes], path: Path, kept: int = 0) -> None:
    """Write the blocks to `path`, behind its first `kept` bytes.

    Raises ProblemError(DISK_FULL) with path and free bytes, also when the last RESERVE bytes would be used.
    """
    with room_for(path):
        file = path.open("r+b" if kept else "wb", buffering=BLOCK)
    try:
        if kept:
            file.truncate(kept)
            file.seek(kept)
        unchecked = 0
        for block in blocks:
            with room_for(path):
                file.write(block)
            unchecked += len(block)
            if unchecked >= CHECKED_EVERY:
                unchecked = 0
                require_room(path.parent, 0)
    finally:
        # Closing writes what is buffered, so this too may find the disk full.
        with room_for(path):
            file.close()


@contextmanager
def room_for(path: Path) -> Iterator[None]:
    """Says DISK_FULL where writing `path` finds no room (disk, quota or file size limit)."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        free = shutil.disk_usage(path.parent).free
        message = f"{path} cannot be written: {error.strerror}; {free:,} bytes are free."
        raise ProblemError(Code.DISK_FULL, message) from None


def require_room(folder: Path, size: int) -> None:
    """Raise ProblemError(DISK_FULL) when a file of `size` bytes would leave less than RESERVE on the folder's disk."""
    free = shutil.disk_usage(folder).free
    if size + RESERVE > free:
        message = f"{size:,} bytes are to come into {folder}; {free:,} bytes are free and {RESERVE:,} have to stay so."
        raise ProblemError(Code.DISK_FULL, message)
