"""What nobody may touch: files whose opening is noticed, folders whose changes are, and a server that counts."""

import ctypes
import errno
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from demo.servers.background import Background

TOKEN = "CANARY-7f3a9c51d2"
"""Stands in every canary and nowhere else."""

_ACCESS, _MODIFY, _ATTRIB, _MOVED, _CREATE, _DELETE, _OPEN = 0x1, 0x2, 0x4, 0xC0, 0x100, 0x200, 0x20
READS = _ACCESS | _OPEN
WRITES = _MODIFY | _ATTRIB | _MOVED | _CREATE | _DELETE
_EVENT = struct.Struct("iIII")
_libc = ctypes.CDLL(None, use_errno=True)


class Watch:
    """The kernel tells what is done in folders, however short it lasts (inotify; only the folders themselves)."""

    def __init__(self, folders: list[Path], events: int) -> None:
        self._descriptor = _checked(_libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        self._folders = {
            _checked(_libc.inotify_add_watch(self._descriptor, os.fsencode(folder), events)): folder
            for folder in folders
        }

    def seen(self) -> list[str]:
        """Paths of what was done since the last look."""
        return [str(self._folders[number] / name) for number, name in self._events()]

    def _events(self) -> Iterator[tuple[int, str]]:
        while True:
            try:
                data = os.read(self._descriptor, 1 << 16)
            except BlockingIOError:
                return
            offset = 0
            while offset < len(data):
                number, _, _, length = _EVENT.unpack_from(data, offset)
                offset += _EVENT.size + length
                name = data[offset - length : offset].rstrip(b"\0")
                if number in self._folders:
                    yield number, os.fsdecode(name)

    def close(self) -> None:
        """Look no more."""
        os.close(self._descriptor)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"inotify: {errno.errorcode.get(number, number)}")
    return result


class CanaryServer(Background):
    """Counts connections to a port of this machine, and gives a canary to each, whatever it asks."""

    def __init__(self) -> None:
        super().__init__()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        """Scheme, address and port, without a slash at the end."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def end(self) -> None:
        """Answer nobody any more."""
        super().end()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def work(self) -> None:
        """Answer."""
        body = f"no,street,x,y\n1,{TOKEN},1,1\n".encode()
        answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        while True:
            try:
                opened, _ = self._socket.accept()
            except OSError:
                return
            self.requests.append("a connection")
            with opened:
                opened.settimeout(1)
                try:
                    self.requests[-1] = opened.recv(4096).partition(b"\r\n")[0].decode(errors="replace")
                    opened.sendall(answer)
                except OSError:
                    continue
