"""An object as a file that can be read anywhere, for readers that look at its end first."""

import io
from contextlib import ExitStack
from typing import Any

from openaddr.storage.objects import MissingError, Storage, Stream

BLOCK = 1 << 18


def seekable(storage: Storage, key: str) -> io.BufferedReader:
    """An object as a file to be read and closed. Raises MissingError when there is none."""
    return io.BufferedReader(Ranged(storage, key), BLOCK)


class Ranged(io.RawIOBase):
    """Opens the object anew wherever it is read next."""

    def __init__(self, storage: Storage, key: str) -> None:
        found = storage.head(key)
        if found is None:
            raise MissingError(key)
        self._storage, self._key, self._size = storage, key, found.bytes
        self._place = 0
        self._stack = ExitStack()
        self._stream: Stream | None = None

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where the next byte is."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte."""
        place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        if place < 0:
            raise OSError(f"there is no byte {place} of {self._key}")
        if place != self._place:
            self._let_go()
        self._place = place
        return place

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as the next block of the stream goes; 0 at the end."""
        view = memoryview(buffer).cast("B")
        if self._place >= self._size or not len(view):
            return 0
        if self._stream is None:
            self._stream = self._stack.enter_context(self._storage.open(self._key, self._place))
        block = self._stream.read(len(view))
        view[: len(block)] = block
        self._place += len(block)
        return len(block)

    def close(self) -> None:
        """Let go of the object."""
        self._let_go()
        super().close()

    def _let_go(self) -> None:
        self._stream = None
        self._stack.close()
