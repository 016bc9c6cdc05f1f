"""What goes on beside the rest: a thread that begins and ends with a `with` block."""

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Background(ABC):
    """Work in a thread of its own, from `__enter__` to `__exit__`, which waits for its end."""

    def __init__(self) -> None:
        self.ending = threading.Event()
        self._thread = threading.Thread(target=self.work, daemon=True)

    @abstractmethod
    def work(self) -> None:
        """Go on until `ending` is set; to be written by those built on this one."""

    def end(self) -> None:
        """Have the work end soon."""
        self.ending.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        self._thread.join()
