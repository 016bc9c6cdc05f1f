"""Bytes onto our disk: written in blocks, counted and hashed on the way, a full disk said plainly."""

import errno
import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from openaddr.errors import Code, ProblemError

BLOCK = 1 << 18
HEAD = 4096
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class Saved:
    """A finished file: bytes, md5 as hex, and its first bytes (at most HEAD) for a look at what it is."""

    path: Path
    size: int
    md5: str
    head: bytes


def save(blocks: Iterable[bytes], path: Path, told: Callable[[int], None]) -> Saved:
    """Write the blocks to `path`; `told` gets the bytes so far after each block. Raises ProblemError(DISK_FULL).

    What goes wrong while the blocks are made leaves the unfinished file behind, under the name given.
    """
    digest, size, head = hashlib.md5(usedforsecurity=False), 0, b""

    def noted() -> Iterator[bytes]:
        nonlocal size, head
        for block in blocks:
            digest.update(block)
            size += len(block)
            if len(head) < HEAD:
                head = (head + block)[:HEAD]
            yield block
            told(size)

    write(noted(), path)
    return Saved(path, size, digest.hexdigest(), head)


def write(blocks: Iterable[bytes], path: Path) -> None:
    """Write the blocks to `path`. Raises ProblemError(DISK_FULL) with path and free bytes."""
    with room_for(path):
        file = path.open("wb", buffering=BLOCK)
    try:
        for block in blocks:
            with room_for(path):
                file.write(block)
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
    """Raise ProblemError(DISK_FULL) when a file of `size` bytes cannot fit into the folder's disk."""
    free = shutil.disk_usage(folder).free
    if size > free:
        raise ProblemError(Code.DISK_FULL, f"{size:,} bytes are to come into {folder}; {free:,} bytes are free.")
