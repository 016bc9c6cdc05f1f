"""What one download may still take: bytes and seconds, counted over all its requests, attempts and threads."""

import threading
import time

from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings

MAX_HEAD = 1_000_000


class Allowance:
    """The bytes and seconds of the size class, counted from the moment this is made. Threads may share it.

    Bytes are counted twice: as they come over the wire, where headers and framing may add a tenth, and as what is
    kept of them once a Content-Encoding is undone. Both have the limit `settings.download_limit`.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._ends = time.monotonic() + settings.size.download_seconds
        self._received = 0
        self._kept = 0

    @property
    def seconds_left(self) -> float:
        """How long the download may still go on; below 0 when its time is up."""
        return self._ends - time.monotonic()

    def patience(self, host: str, seconds: float) -> float:
        """How long to wait for something that gets `seconds`. Raises ProblemError(TIMED_OUT) when time is up."""
        left = self.seconds_left
        if left <= 0:
            limit = self.settings.size.download_seconds
            message = f"{host} was not done within the {limit:,.10g} seconds of size class {self.settings.size_class!r}"
            raise ProblemError(Code.TIMED_OUT, f"{message}; {self._received:,} bytes had come.")
        return min(seconds, left)

    def receive(self, host: str, count: int) -> None:
        """Count bytes off the wire. Raises ProblemError(TOO_LARGE)."""
        with self._lock:
            self._received += count
        if self._received > self._limit + self._limit // 10 + MAX_HEAD:
            raise self._too_large(f"{host} sent {self._received:,} bytes")

    def keep(self, host: str, count: int) -> None:
        """Count bytes of the data itself. Raises ProblemError: TOO_LARGE, TIMED_OUT."""
        with self._lock:
            self._kept += count
        if self._kept > self._limit:
            raise self._too_large(f"The data of {host} has {self._kept:,} bytes or more")
        self.patience(host, 0)

    def require(self, host: str, promised: int) -> None:
        """Raise ProblemError(TOO_LARGE) where so many more bytes of data would be too many."""
        if self._kept + promised > self._limit:
            raise self._too_large(f"{host} promises {promised:,} bytes")

    @property
    def _limit(self) -> int:
        return self.settings.download_limit

    def _too_large(self, told: str) -> ProblemError:
        return too_large(told, self.settings)


def too_large(told: str, settings: Settings) -> ProblemError:
    """The problem of more bytes than may come; `told` says whose they are and how many."""
    limit = settings.download_limit
    whose = f" in size class {settings.size_class!r}" if limit == settings.size.download_bytes else ""
    return ProblemError(Code.TOO_LARGE, f"{told}; {limit:,} are allowed{whose}.")
