"""What children of the tests do: each function is called in the box, by its name."""

import ctypes
import mmap
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from openaddr.errors import Code, ProblemError
from openaddr.stages import Progress


def _refused(deed: Callable[[], Any]) -> bool:
    try:
        deed()
    except OSError:
        return True
    return False


def with_files(outside: Path, *, progress: Progress) -> dict[str, bool]:
    """Everything that one can do to a file, and whether it was refused for one outside."""
    beside = outside.with_name("beside")
    deeds: dict[str, Callable[[], Any]] = {
        "read": outside.read_bytes,
        "list": lambda: list(outside.parent.iterdir()),
        "write": lambda: outside.write_text("mine"),
        "append": lambda: outside.open("a"),
        "truncate": lambda: os.truncate(outside, 0),
        "create": beside.touch,
        "make a folder": beside.mkdir,
        "remove": outside.unlink,
        "rename": lambda: outside.rename(beside),
        "take away": lambda: outside.rename("mine"),
        "link": lambda: Path("link").hardlink_to(outside),
        "read through a symlink": lambda: _through_symlink(outside),
        "change mode": lambda: outside.chmod(0o777),
        "change owner": lambda: os.chown(outside, 1, 1),
        "change times": lambda: os.utime(outside, (0, 0)),
        "label": lambda: os.setxattr(outside, "user.mine", b"1"),
        "make a pipe": lambda: os.mkfifo("pipe"),
        "read /etc/passwd": Path("/etc/passwd").read_bytes,
        "list the root": lambda: os.listdir("/"),
    }
    return {name: _refused(deed) for name, deed in deeds.items()}


def _through_symlink(outside: Path) -> bytes:
    Path("symlink").symlink_to(outside)
    return Path("symlink").read_bytes()


def with_its_own_folder(*, progress: Progress) -> str:
    """What every stage needs to be able to do."""
    Path("below").mkdir()
    Path("below/a.txt").write_text("text")
    Path("below/a.txt").rename("b.txt")
    Path("c.txt").symlink_to("b.txt")
    found = Path("c.txt").read_text()
    for path in (Path("c.txt"), Path("b.txt")):
        path.unlink()
    Path("below").rmdir()
    return found


def reading(path: Path, *, progress: Progress) -> str:
    """Read a file that was given, and see that it may not be changed."""
    assert _refused(lambda: path.write_text("mine"))
    return path.read_text()


def with_sockets(*, progress: Progress) -> dict[str, bool]:
    """Kinds of sockets, and whether they were refused."""
    kinds = {
        "ipv4": (socket.AF_INET, socket.SOCK_STREAM),
        "ipv6": (socket.AF_INET6, socket.SOCK_STREAM),
        "names": (socket.AF_INET, socket.SOCK_DGRAM),
        "local": (socket.AF_UNIX, socket.SOCK_STREAM),
        "netlink": (socket.AF_NETLINK, socket.SOCK_RAW),
        "packets": (socket.AF_PACKET, socket.SOCK_RAW),
    }
    found = {name: _refused(lambda kind=kind: socket.socket(*kind).close()) for name, kind in kinds.items()}  # type: ignore[misc]
    return found | {"serving": found["ipv4"] or _refused(_serve)}


def _serve() -> None:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        opened.listen()


def with_processes(parent: int, *, progress: Progress) -> dict[str, bool]:
    """Ways to other processes, and whether they were refused; threads are no processes."""
    deeds: dict[str, Callable[[], Any]] = {
        "fork": _fork,
        "run": lambda: subprocess.run([sys.executable, "-V"], check=True, capture_output=True),
        "signal": lambda: os.kill(parent, 0),
        "leave the group": os.setsid,
        "trace": lambda: _call("ptrace", 16, parent, 0, 0),
        "new namespace": lambda: _call("unshare", 0x20000),
        "read its environment": lambda: Path(f"/proc/{parent}/environ").read_bytes(),
        "read its memory": lambda: os.open(f"/proc/{parent}/mem", os.O_RDONLY),
    }
    return {name: _refused(deed) for name, deed in deeds.items()}


def _fork() -> None:
    if not os.fork():
        os._exit(0)


def _call(name: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)


def environment(*, progress: Progress) -> dict[str, str]:
    """What it knows of the world."""
    return dict(os.environ)


def grow(*, progress: Progress) -> int:
    """Take ever more memory."""
    taken = []
    while True:
        taken.append(b"x" * 10_000_000)
        progress("conform", len(taken), None, "blocks")


def ask_for_too_much(*, progress: Progress) -> int:
    """Take more memory at once than anybody may have."""
    return len(bytearray(1 << 42))


def import_without_memory(*, progress: Progress) -> None:
    """Reserve all that may be had; then a codec cannot be imported, and Python says that there is none."""
    taken = []
    with suppress(OSError):
        while True:
            taken.append(mmap.mmap(-1, 1 << 20))
    raise LookupError("unknown encoding: idna")


def fill_disk(*, progress: Progress) -> int:
    """Write one endless file."""
    with Path("endless").open("wb") as file:
        while True:
            file.write(bytes(1 << 20))


def spin(*, progress: Progress) -> None:
    """Never end."""
    progress("conform", 12_345, None, "rows")
    while True:
        pass


def spin_beside(program: Path, *, progress: Progress) -> None:
    """Never end, and neither does a program that was started before."""
    start_program(program, progress=progress)
    spin(progress=progress)


def wait_deaf(*, progress: Progress) -> None:
    """Never end, in a call that no Python signal handler interrupts."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    time.sleep(1_000_000)


def crash(*, progress: Progress) -> None:
    """Reach for memory that is not there."""
    ctypes.string_at(0)


def leave(*, progress: Progress) -> None:
    """End without a word."""
    os._exit(7)


def refuse(*, progress: Progress) -> None:
    """Raise a problem."""
    raise ProblemError(Code.CRS_UNKNOWN, "It is \ud800.", hint="Look.", pointer="/layers")


def stumble(*, progress: Progress) -> None:
    """Raise what nobody expects."""
    raise KeyError("surprise")


def give(value: Any, *, progress: Progress) -> Any:
    """Give back what it was given."""
    return value


def point_elsewhere(target: Path, *, progress: Progress) -> Path:
    """Give back a link inside that leads outside."""
    link = Path("link").absolute()
    link.symlink_to(target)
    return link


def shout(block: bytes, *, progress: Progress) -> None:
    """Write bytes without end where messages are expected."""
    # All that is open besides the three standard ones.
    results = next(number for number in range(3, 4096) if not _refused(partial(os.fstat, number)))
    while True:
        os.write(results, block)


def start_program(program: Path, *, progress: Progress) -> int:
    """Leave a program behind."""
    return subprocess.Popen([program, "1000"]).pid
