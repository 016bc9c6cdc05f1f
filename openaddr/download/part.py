"""A file as far as it has come, with a note of what it is a part of, so that a later attempt can go on from there."""

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from openaddr.download.address import Address
from openaddr.download.store import Tally, save, write
from openaddr.errors import Code, ProblemError


@dataclass(frozen=True)
class Whole:
    """What a server said of the whole file: by this one knows that the rest is of the same file.

    `url` is without query, as that may hold secrets; `query` is a digest of it. `etag` is a strong one; for FTP
    `last_modified` is what MDTM answers. '' or None = the server did not say.
    """

    url: str
    query: str
    etag: str
    last_modified: str
    size: int | None

    @classmethod
    def at(cls, address: Address, etag: str, last_modified: str, size: int | None) -> "Whole":
        """What was said at an address."""
        url, _, query = address.url.partition("?")
        return cls(url, hashlib.sha256(query.encode()).hexdigest(), etag, last_modified, size)

    @property
    def is_recognisable(self) -> bool:
        """Whether there is anything by which to know it again."""
        return bool(self.etag or self.last_modified)

    def is_same(self, other: "Whole") -> bool:
        """Whether both are about the same bytes. Signed addresses change with each request: an ETag stands in."""
        if (self.url, self.etag, self.last_modified, self.size) != (
            other.url, other.etag, other.last_modified, other.size,
        ):  # fmt: skip
            return False
        return self.is_recognisable and (bool(self.etag) or self.query == other.query)


class Part:
    """The unfinished file `data.part` of a folder, which an earlier attempt may have begun.

    `whole` is None when nothing is known by which to go on. `tally` counts what is there already.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / "data.part"
        self._note = folder / "data.part.json"
        self.tally = Tally()
        self.whole = self._noted()
        if self.whole is not None:
            self._count(self.whole.size)

    @property
    def size(self) -> int:
        """Bytes that need not come again."""
        return self.tally.size if self.whole else 0

    def begin(self, whole: Whole | None) -> None:
        """Start from nothing, with a note of what comes when it may be gone on with."""
        self._path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)
        self.tally = Tally()
        self.whole = whole if whole and whole.is_recognisable else None
        if self.whole is not None:
            aside = self._note.with_suffix(".new")
            write([msgspec.json.encode(self.whole)], aside)
            aside.replace(self._note)

    def save(self, blocks: Iterable[bytes], told: Callable[[int], None]) -> None:
        """Write the blocks behind what is there. Raises ProblemError."""
        save(blocks, self._path, told, self.tally)

    def require_whole(self, host: str) -> None:
        """Raise ProblemError(TRUNCATED) unless there are as many bytes as were promised.

        With more than that, the file was another one behind its first part: all of it has to come again.
        """
        promised = self.whole.size if self.whole else None
        if promised is None or self.tally.size == promised:
            return
        message = f"{host} sent {self.tally.size:,} of {promised:,} bytes in several parts."
        if self.tally.size > promised:
            self.begin(None)
        raise ProblemError(Code.TRUNCATED, message)

    def finish(self, name: str) -> Path:
        """The finished file under its own name; nothing else is left."""
        finished = self._path.replace(self._path.with_name(name))
        self._note.unlink(missing_ok=True)
        return finished

    def _noted(self) -> Whole | None:
        try:
            return msgspec.json.decode(self._note.read_bytes(), type=Whole)
        except (OSError, msgspec.MsgspecError, UnicodeError):
            return None

    def _count(self, size: int | None) -> None:
        """Count and hash what is there, all but the last byte of a whole file: a server has to have some to send."""
        found = os.path.getsize(self._path) if self._path.is_file() else 0
        if size is not None and found >= size:
            found = size - 1 if found == size else 0
        self.tally = Tally.of(self._path, found) if found > 0 else Tally()
