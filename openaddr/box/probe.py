"""What a child can really do, tried from inside: for `openaddr doctor`, which believes no layer by its word."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from openaddr.stages import Progress, silent


def probe(outside: str, progress: Progress = silent) -> dict[str, str]:
    """What became of each thing that no stage may do: '' when it was refused, else what it got.

    `outside` is a file that the child was not given.
    """
    attempts: dict[str, Callable[[], object]] = {
        "read a file": lambda: Path(outside).read_bytes(),
        "write a file": lambda: Path(outside).with_name("written").write_bytes(b""),
        "change the mode of a file": lambda: Path(outside).chmod(0o777),
        "look into another process": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
        "open a network socket": lambda: socket.socket().close(),
        "open a local socket": lambda: socket.socket(socket.AF_UNIX).close(),
        "run a program": lambda: subprocess.run([sys.executable, "-V"], check=True, capture_output=True),
        "make a process": _fork,
        "take a terabyte of memory": lambda: len(bytearray(1 << 40)),
    }
    return {name: _outcome(attempt) for name, attempt in attempts.items()}


def _fork() -> None:
    if not os.fork():
        os._exit(0)


def _outcome(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except (OSError, MemoryError):
        return ""
    return "allowed"
