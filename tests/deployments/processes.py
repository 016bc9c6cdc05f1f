"""Looking at processes of this machine, and waiting for what other processes do."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar

Found = TypeVar("Found")
FORK_SERVERS = (b"openaddr.box", b"multiprocessing.forkserver")


def eventually(look: Callable[[], Found], seconds: float = 30) -> Found:
    """What `look` gives once it gives something true; fails when it does not in time."""
    deadline = monotonic() + seconds
    while not (found := look()):
        assert monotonic() < deadline, f"nothing after {seconds} seconds, last was {found!r}"
        sleep(0.05)
    return found


def concerned_with(folder: Path) -> list[str]:
    """Processes that name a folder on their command line or in their environment, as `id command`.

    Not this one, and not its fork servers, which get to know every folder that it imports from.
    """
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (process / "cmdline").read_bytes()
            is_ours = process.name == str(os.getpid()) or (
                any(name in command for name in FORK_SERVERS) and _parent(process) == os.getpid()
            )
            if not is_ours and os.fsencode(folder) in command + (process / "environ").read_bytes():
                found.append(f"{process.name} {command.replace(bytes(1), b' ').decode(errors='replace')}")
    return found


def _parent(process: Path) -> int:
    return int((process / "stat").read_text().rpartition(")")[2].split()[1])


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
