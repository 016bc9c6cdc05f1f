"""The lock of a folder: held for the moment of a switch, gone with its process, and waited for with an end.

Whoever is frozen in that moment (by a debugger, a full swap, a virtual machine that stands still) keeps all others from
theirs. The lock cannot be taken from it, for it may go on at any time, so it is named.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openaddr.errors import Code, ProblemError

MOST_SECONDS = 60.0
"""A switch takes milliseconds, seconds on a disk that is busy."""
FIRST_PAUSE, LONGEST_PAUSE = 0.0005, 0.01
LOCKS = Path("/proc/locks")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Be the only one for as long as the context lasts. Raises ProblemError after MOST_SECONDS of waiting."""
    with path.open("ab") as file:
        _take(file.fileno(), path)
        yield


def _take(descriptor: int, path: Path) -> None:
    ends, pause = time.monotonic() + MOST_SECONDS, FIRST_PAUSE
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > ends:
                who = _holder(path)
                message = f"{who} has held {path} for {MOST_SECONDS:g} seconds: end it, or have it go on."
                raise ProblemError(Code.STORAGE_UNREACHABLE, message) from None
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _holder(path: Path) -> str:
    """`Process 17`, as far as this machine tells: lines of `1: FLOCK  ADVISORY  WRITE 17 fe:00:2239256 0 EOF`."""
    try:
        lines = [line.split() for line in LOCKS.read_text().splitlines()]
    except OSError:
        lines = []
    inode = str(path.stat().st_ino)
    found = [words[4] for words in lines if len(words) > 5 and words[1] == "FLOCK" and words[5].endswith(f":{inode}")]
    return f"Process {found[0]}" if found else "Somebody"
