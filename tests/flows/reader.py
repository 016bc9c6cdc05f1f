"""Somebody who looks at what is published, all the time, and notes whatever does not belong together."""

import time
from types import TracebackType
from typing import Self

from demo.servers.background import Background
from openaddr.storage.keys import latest_stem
from openaddr.storage.latest import RUN, Latest, read_latest
from openaddr.storage.objects import Storage, Stored

PAUSE = 0.02
"""Seconds between two looks, at least: as long as the last one took, so that half of the time is for others."""


class Reader(Background):
    """Reads the latest of one layer source, from `__enter__` to `__exit__`."""

    def __init__(self, storage: Storage, source: str, layer: str, name: str) -> None:
        super().__init__()
        self._storage, self._stem = storage, latest_stem(source, layer, name)
        self._known: dict[int, Latest] = {}
        self.looks = 0
        self.breaches: list[str] = []

    @property
    def shown(self) -> list[int]:
        """The runs that were the latest, in the order of their appearance."""
        return list(self._known)

    def __enter__(self) -> Self:
        self._look()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self._look()

    def work(self) -> None:
        """Look, and look again."""
        took = 0.0
        while not self.ending.wait(max(PAUSE, took)):
            started = time.monotonic()
            try:
                self._look()
            except Exception as error:
                self.breaches.append(f"it cannot be read: {error!r}")
            took = time.monotonic() - started

    def _look(self) -> None:
        """Follow the pointer to the files of the run, and look at the copies: each is of a run that it has named."""
        self.looks += 1
        latest = self._pointer()
        if latest is None:
            self.breaches.append("nothing is the latest")
            return
        for file in latest.files:
            stored = self._storage.head(file.key)
            if stored is None or (stored.bytes, stored.sha256) != (file.bytes, file.sha256):
                self.breaches.append(f"{file.key} is not what the pointer to run {latest.run} says")
            copy = self._storage.head(file.copy)
            if copy is not None and not self._is_known(file.copy, copy):
                whose = copy.about.marks.get(RUN)
                self.breaches.append(f"{file.copy} is of run {whose} and of none of the runs {self.shown}")

    def _pointer(self) -> Latest | None:
        latest, _ = read_latest(self._storage, self._stem)
        if latest is not None:
            if latest.run < max(self._known, default=0):
                self.breaches.append(f"run {latest.run} came back")
            self._known.setdefault(latest.run, latest)
        return latest

    def _is_known(self, key: str, copy: Stored) -> bool:
        """Whether a copy is of a run that the pointer has named: it may have moved since this look began."""
        return copy.sha256 in self._digests_of(key) or (bool(self._pointer()) and copy.sha256 in self._digests_of(key))

    def _digests_of(self, copy: str) -> set[str]:
        return {file.sha256 for latest in self._known.values() for file in latest.files if file.copy == copy}
