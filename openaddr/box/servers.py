"""The parent's end of fork servers: started when one is needed, kept for the next call, gone with this process."""

import atexit
import json
import os
import pickle
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import Any

from openaddr.box.child import Call
from openaddr.box.forkserver import LENGTH

ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "PYTHONPATH", "PYTHONHOME", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""Nothing else of our environment gets into the box: it may hold secrets."""
PREFIXES = ("OPENBLAS_CORETYPE", "OPENBLAS_L2", "LD_")
ALWAYS = {
    # Its threads would be lost in the fork, and one source has one core.
    "OPENBLAS_NUM_THREADS": "1",
    "PROJ_NETWORK": "OFF",
    "PYTHONDONTWRITEBYTECODE": "1",
}
MAX_ANSWER = 4096


class ForkServerError(Exception):
    """A fork server ended, although its parent is still here."""


@dataclass
class ForkServer:
    """One fork server, for one call at a time."""

    process: subprocess.Popen[bytes]
    control: socket.socket
    _rest: bytearray = field(default_factory=bytearray)

    def ask(self, call: Call, results: int, errors: int) -> int:
        """Have a child made for a call; gives its process id. Raises ForkServerError."""
        request = pickle.dumps(call)
        try:
            socket.send_fds(self.control, [LENGTH.pack(len(request))], [results, errors])
            self.control.sendall(request)
        except OSError as error:
            raise ForkServerError(f"the fork server takes no request: {error}") from None
        return int(self.answer()["pid"])

    def answer(self) -> dict[str, Any]:
        """Wait for the next answer. Raises ForkServerError."""
        while not self.has_answered():
            block = self.control.recv(MAX_ANSWER)
            if not block:
                raise ForkServerError(f"the fork server is gone ({self.process.poll()})")
            self._rest += block
        line, _, self._rest[:] = self._rest.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found

    def has_answered(self) -> bool:
        """Whether an answer has come already: a short life may be told together with its beginning."""
        return b"\n" in self._rest

    def end_child(self) -> None:
        """Have the running child and its whole group killed; `answer` tells when they are gone."""
        self.control.sendall(b"!")

    def close(self) -> None:
        """Let it go, and a child that still runs with it."""
        self.control.close()
        self.process.wait()


@dataclass
class Pool:
    """Fork servers that have nothing to do; a lock keeps threads apart."""

    _idle: list[ForkServer] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> ForkServer:
        """One that is free, or a new one."""
        with self._lock:
            while self._idle:
                found = self._idle.pop()
                if found.process.poll() is None:
                    return found
                found.close()
        return _start()

    def give_back(self, server: ForkServer) -> None:
        """Keep it for the next call."""
        with self._lock:
            self._idle.append(server)

    def close(self) -> None:
        """Let all go that have nothing to do."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    def forget(self) -> None:
        """Leave them to the process that this one was forked from."""
        self._idle, self._lock = [], threading.Lock()


POOL = Pool()
atexit.register(POOL.close)
os.register_at_fork(after_in_child=POOL.forget)


def _start() -> ForkServer:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "openaddr.box", str(theirs.fileno())],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )
    return ForkServer(process, ours)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ENVIRONMENT or name.startswith(PREFIXES)}
    return kept | ALWAYS | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
