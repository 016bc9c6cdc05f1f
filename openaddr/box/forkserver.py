"""A warm process that makes one child at a time: it has the libraries loaded, and has touched no stranger's byte.

Run as `python -m openaddr.box FD`, `FD` being its end of a socket pair. A request is a pickled `Call` with
two file descriptors: where results go, and where what libraries print goes. The answers are one line of JSON each:
`{"pid": …}` once the child runs, `{"status": …, "peak": …, "cpu": …}` once it and all that it started is gone. A byte
in between, or the end of the connection, means: end it now. No request comes after that.

multiprocessing has a fork server too; its children inherit the environment of the parent with all its secrets, answer
by pickles, and are not waited for with their use of memory and time.
"""

import encodings.idna  # noqa: F401  # every name is looked up with it, and Python would import it only then
import gc
import json
import os
import pickle
import select
import signal
import socket
import sys
from contextlib import suppress
from struct import Struct

from openaddr.box.child import Call, live

LENGTH = Struct("=Q")
KIB = 1024 if sys.platform == "linux" else 1
"""`ru_maxrss` is in KiB on Linux and in bytes on macOS."""


def serve(control: socket.socket) -> None:
    """Make children until the parent goes away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wake, waker = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(waker, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(waker)
    while (request := _receive(control)) is not None:
        call, results, errors = request
        with suppress(Exception):
            call.load()  # what cannot be imported is told by the child
        gc.freeze()
        pid = os.fork()
        if not pid:
            live(call, results, errors)
        os.close(results)
        os.close(errors)
        _tell(control, pid=pid)
        _wait(control, wake, pid)


def _receive(control: socket.socket) -> tuple[Call, int, int] | None:
    """The next request, None at the end of the connection."""
    try:
        head, descriptors, _, _ = socket.recv_fds(control, LENGTH.size, 2)
    except ConnectionResetError:
        # The parent was killed before it had read the last answer.
        return None
    if len(descriptors) != 2:
        return None
    (left,) = LENGTH.unpack(head)
    parts = []
    while left:
        parts.append(control.recv(min(left, 1 << 20)))
        left -= len(parts[-1])
    call: Call = pickle.loads(b"".join(parts))
    return call, descriptors[0], descriptors[1]


def _wait(control: socket.socket, wake: int, pid: int) -> None:
    """Until the child is gone, by itself or because the parent wants it gone; then tell how it ended."""
    found, status, use = os.wait4(pid, os.WNOHANG)
    while not found:
        ready, _, _ = select.select([control.fileno(), wake], [], [])
        with suppress(BlockingIOError):
            os.read(wake, 512)
        if control.fileno() in ready:
            _kill(pid)
        found, status, use = os.wait4(pid, os.WNOHANG if control.fileno() not in ready else 0)
    _kill(pid)  # what it started in its group goes with it
    _tell(control, status=os.waitstatus_to_exitcode(status), peak=use.ru_maxrss * KIB, cpu=use.ru_utime + use.ru_stime)


def _kill(pid: int) -> None:
    for kill in (os.killpg, os.kill):
        with suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


def _tell(control: socket.socket, **members: float) -> None:
    try:
        control.sendall(json.dumps(members).encode() + b"\n")
    except BrokenPipeError:
        os._exit(0)
