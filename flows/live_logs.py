"""The log of a run in storage while it goes on, so that it is there when its worker is killed.

It is `runs/<id>/log.txt`, where the whole log comes in the end. Whoever has lost the lease writes nothing more: a write
replaces only what its writer knows of, and the one who has the lease now writes at once.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field

from flows import policies
from flows.services import Services
from openaddr.db import runs
from openaddr.db.records import Lease
from openaddr.run_folder import log_to
from openaddr.storage.keys import run_log
from openaddr.storage.objects import ABSENT, ALWAYS_ASK, About, ConflictError, MissingError

log = logging.getLogger("openaddr.flows")

MOST = 200_000
"""Characters of one attempt; beyond it the first lines and the last are kept."""
ABOUT = About("text/plain; charset=utf-8", ALWAYS_ASK)
CUT = "[…]\n"


class Lines(logging.Handler):
    """The lines of an attempt so far, within bounds."""

    def __init__(self, first: str) -> None:
        super().__init__()
        self.parts, self.size, self.is_new = [first], 0, True

    def emit(self, record: logging.LogRecord) -> None:
        """Take another line."""
        line = f"{self.format(record)}\n"
        self.parts.append(line)
        self.size += len(line)
        self.is_new = True
        if self.size > MOST:
            self.parts, self.size = [bounded("".join(self.parts))], MOST // 2

    def news(self) -> str:
        """All lines, '' when there are none that were not given before."""
        self.acquire()
        try:
            is_new, self.is_new = self.is_new, False
            return "".join(self.parts) if is_new else ""
        finally:
            self.release()


def bounded(text: str, most: int = MOST // 2) -> str:
    """Lines, without those in the middle when they are too many: what counts is how it began and how it is now."""
    if len(text) <= most:
        return text
    head, tail = text[: most // 4].rpartition("\n")[0], text[-most // 2 :].partition("\n")[2]
    return f"{head}\n{CUT}{tail}"


@dataclass
class LiveLog:
    """The log of one attempt at a run."""

    services: Services
    lease: Lease
    lines: Lines
    before: str = ""
    """What attempts before this one have left."""
    etag: str | None = None
    is_lost: bool = False
    done: threading.Event = field(default_factory=threading.Event)

    def keep(self) -> None:
        """Write what is new every few seconds, and at once, until it is done or somebody else has the run."""
        while not self.is_lost:
            try:
                self.flush()
            except Exception as error:
                # Storage or database may be away: the run goes on, and so do the tries.
                log.warning("the log of run %d is not stored now: %s", self.lease.run_id, error)
                self.lines.is_new = True
            if self.done.wait(policies.LOG_SECONDS):
                return

    def flush(self) -> None:
        """Write the lines if there are new ones and the run is ours."""
        if not (text := self.lines.news()):
            return
        if self.etag is None:
            self._begin()
        if not self._is_ours():
            self.is_lost = True
            return
        try:
            stored = self.services.storage.put(
                run_log(self.lease.run_id), (self.before + text).encode(), ABOUT, match=self.etag
            )
            self.etag = stored.etag
        except ConflictError:
            # Somebody else wrote: if the run is ours all the same, it was the one before us, and for the last time.
            self.etag, self.lines.is_new = None, True

    def _begin(self) -> None:
        """Look at what is there."""
        storage, key = self.services.storage, run_log(self.lease.run_id)
        found = storage.head(key)
        self.etag = found.etag if found else ABSENT
        if found:
            try:
                with storage.open(key) as file:
                    self.before = bounded(file.read(4 * MOST).decode(errors="replace"))
            except MissingError:
                self.etag = None

    def _is_ours(self) -> bool:
        with self.services.pool.connection() as conn:
            return runs.renew(conn, self.lease, policies.LEASE_SECONDS)


@contextmanager
def stored_while_it_lasts(services: Services, lease: Lease, worker: str) -> Iterator[None]:
    """Have the log of a run in storage, no older than LOG_SECONDS, for as long as the block lasts."""
    lines = Lines(f"Attempt {lease.attempt}, by {worker}\n")
    live = LiveLog(services, lease, lines)
    thread = threading.Thread(target=copy_context().run, args=[live.keep], daemon=True)
    with log_to(lines):
        thread.start()
        try:
            yield
        finally:
            live.done.set()
            # One that hangs in a storage that does not answer changes nothing any more: the whole log comes after it.
            thread.join(policies.LOG_END_SECONDS)
