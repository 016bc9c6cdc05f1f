"""A TCP proxy on this machine that does to connections what networks do."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

Harm = Callable[[bytes, int], bytes | None]
"""What becomes of a block that comes after so many bytes of a connection; None cuts the connection."""


class Proxy:
    """Carries connections to the server at `port`; `upward` and `downward` harm what goes there and what comes back."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.upward: Harm | None = None
        self.downward: Harm | None = None
        self.connections = 0
        self.closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(timeout=5)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            server = socket.create_connection(("127.0.0.1", self.port))
            for one, other, harm in ((client, server, self._up), (server, client, self._down)):
                thread = threading.Thread(target=self._carry, args=(one, other, harm))
                self._threads.append(thread)
                thread.start()

    def _up(self, block: bytes, seen: int) -> bytes | None:
        return self.upward(block, seen) if self.upward else block

    def _down(self, block: bytes, seen: int) -> bytes | None:
        return self.downward(block, seen) if self.downward else block

    def _carry(self, one: socket.socket, other: socket.socket, harm: Harm) -> None:
        seen = 0
        one.settimeout(0.1)
        with suppress(OSError):
            while not self.closing.is_set():
                try:
                    block = one.recv(65_536)
                except TimeoutError:
                    continue
                harmed = harm(block, seen) if block else None
                if harmed is None:
                    break
                seen += len(block)
                other.sendall(harmed)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        one.close()


def cut_after(limit: int) -> Harm:
    """Cut each connection once it has carried that many bytes."""
    return lambda block, seen: block if seen + len(block) <= limit else None


def flip_after(limit: int) -> Harm:
    """Turn the bits of one byte once that many bytes have gone by."""

    def flip(block: bytes, seen: int) -> bytes:
        place = limit - seen
        if not 0 <= place < len(block):
            return block
        return block[:place] + bytes([block[place] ^ 0xFF]) + block[place + 1 :]

    return flip
