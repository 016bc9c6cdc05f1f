"""What is stored, and what any storage can do."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

ABSENT: Final = "absent"
"""A condition that holds while there is no object of that key. No etag looks like it."""
ALWAYS_ASK: Final = "no-cache"
NEVER_CHANGES: Final = "public, max-age=31536000, immutable"


class ConflictError(Exception):
    """The object of a key is not the one that a conditional write expected: somebody else was faster."""


class MissingError(Exception):
    """There is no object of this key."""


@dataclass(frozen=True)
class About:
    """What readers are told with an object.

    `download_as` is the name under which browsers save it, '' for what they may show. `marks` are words of our own, in
    ASCII, with names in lower case.
    """

    media_type: str = "application/octet-stream"
    cache_control: str = ""
    download_as: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stored:
    """One object. `etag` changes with its content and is what a conditional write compares."""

    key: str
    bytes: int
    sha256: str
    etag: str
    about: About
    modified: datetime


@dataclass(frozen=True)
class Listed:
    """One object as a listing shows it."""

    key: str
    bytes: int
    modified: datetime


class Stream(Protocol):
    """Bytes that are read from their beginning."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at most `size`; b'' at the end."""


class Writer(Protocol):
    """Bytes on their way into a new object."""

    def write(self, block: bytes, /) -> int:
        """Take more bytes, and say how many that were."""


class Storage(Protocol):
    """A bucket or a folder. Every method raises ProblemError when the storage cannot do its part.

    `match` makes a write conditional: an etag, ABSENT, or None for any. A write whose condition does not hold raises
    ConflictError and changes nothing.
    """

    def put(
        self, key: str, content: Path | bytes, about: About, *, match: str | None = None, sha256: str = ""
    ) -> Stored:
        """Store bytes or a file, whole or not at all, and compare what arrived with what was sent.

        `sha256` is what the content has to have, when it is known from before.
        """

    def write(self, key: str, about: About) -> AbstractContextManager[Writer]:
        """Store what is written in the block, however much that is, whole or not at all.

        Readers see the object when the block has ended; when it is left by an exception, nothing has changed.
        """

    def put_many(self, objects: Iterable[tuple[str, bytes, About]]) -> None:
        """Store many small objects, each whole or not at all, in less time than one by one.

        For what can be made again: nothing is read back. The folder keeps no record of them, so there a media type is
        what the name of the file says.
        """

    def redirect(self, key: str, target: str, stub: bytes, about: About) -> None:
        """Lead whoever reads one key to the object of another. Raises MissingError.

        In a bucket, readers are sent there, and `stub` is for those who are not. In a folder, `stub` is all there is;
        where it is b'' the other object is here too. Like with `put_many`, nothing is read back.
        """

    def head(self, key: str) -> Stored | None:
        """What is known of an object, None when there is none."""

    def open(self, key: str, start: int = 0) -> AbstractContextManager[Stream]:
        """The content of an object from a byte on, as it was when it was opened. Raises MissingError."""

    def copy(self, source: str, key: str, about: About, *, match: str | None = None) -> Stored:
        """Store the content of another object without carrying it through here. Raises MissingError."""

    def list(self, prefix: str) -> Iterator[Listed]:
        """All objects whose key begins with `prefix`, '' or a text that ends in a slash, in order of the keys."""

    def delete(self, key: str) -> None:
        """Remove an object; none is fine."""

    def delete_many(self, keys: Iterable[str]) -> None:
        """Remove many objects in less time than one by one; some may be gone and others not when it fails."""

    def abort_leftovers(self, older_than: timedelta) -> int:
        """Remove what killed writers left before that much time, and say how many pieces it was."""

    def url(self, key: str) -> str:
        """The address of an object for readers."""
