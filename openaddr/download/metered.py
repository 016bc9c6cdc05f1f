"""Reading from a socket within limits: every byte is counted and every wait is bounded, whatever is being read."""

import io
import socket
import time
from typing import Any

from openaddr.download.allowance import MAX_HEAD, Allowance
from openaddr.errors import Code, ProblemError


class MeteredReader(io.RawIOBase):
    """The bytes of one answer, read off its socket.

    Each wait is bounded by `settings.read_seconds` and by what is left of the whole time. From the first byte on, at
    least `settings.slow_bytes_per_second` have to come on average over `settings.slow_seconds` of waiting; before it,
    a server may think. With `is_head` set, no more than MAX_HEAD bytes may come.
    """

    def __init__(self, opened: socket.socket, host: str, allowance: Allowance) -> None:
        self.is_head = False
        self._socket = opened
        # Any: what makefile gives without a buffer knows readinto, which its type does not say.
        self._raw: Any = opened.makefile("rb", buffering=0)
        self._host = host
        self._allowance = allowance
        self._received = 0
        self._waited = 0.0
        self._came = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()

    def readinto(self, buffer: Any) -> int:
        """The next bytes, 0 at the end. Raises ProblemError (TIMED_OUT, TOO_SLOW, TOO_LARGE) and TimeoutError."""
        seconds = self._allowance.settings.read_seconds
        self._socket.settimeout(self._allowance.patience(self._host, seconds))
        started = time.monotonic()
        try:
            count = int(self._raw.readinto(buffer))
        except TimeoutError:
            # Rather the limit of the whole download, when it was that one.
            self._allowance.patience(self._host, seconds)
            raise
        self._count(count, time.monotonic() - started)
        return count

    def _count(self, count: int, waited: float) -> None:
        self._allowance.receive(self._host, count)
        if self._received:
            self._waited += waited
            self._came += count
            self._require_pace()
        self._received += count
        if self.is_head and self._received > MAX_HEAD:
            message = f"{self._host} sent more than {MAX_HEAD:,} bytes before the end of its headers."
            raise ProblemError(Code.CONNECT_FAILED, message)

    def _require_pace(self) -> None:
        settings = self._allowance.settings
        if self._waited < settings.slow_seconds:
            return
        if self._came < settings.slow_bytes_per_second * self._waited:
            told = f"{self._host} sent {self._came:,} bytes in {self._waited:,.3g} seconds"
            rate = f"{settings.slow_bytes_per_second:g} bytes a second"
            raise ProblemError(Code.TOO_SLOW, f"{told}; at least {rate} are expected.")
        self._waited, self._came = 0.0, 0
