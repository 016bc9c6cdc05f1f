"""A folder as a storage: written aside, flushed, read again and hashed, then renamed into place.

The record of an object lies in `.records/<key>/<time>.json`, where `<time>` is the modification time of its file, set
by us and never twice the same: whoever opens the file finds the record that belongs to exactly these bytes.
"""

import errno
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256 as sha256_of
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from isal import isal_zlib

from openaddr.errors import Code, ProblemError
from openaddr.storage.folder_lock import locked
from openaddr.storage.folder_records import Records, hashed
from openaddr.storage.keys import checked, checked_prefix
from openaddr.storage.objects import ABSENT, About, ConflictError, Listed, MissingError, Stored, Writer

BLOCK = 1 << 20
AT_ONCE, FLUSHES = 300, 16
"""Small files that are written together, and how many are flushed at once: file systems do those in one go."""
_FULL = {errno.ENOSPC, errno.EDQUOT}
_NO_FILE = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
_AWAY = {errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.ENOTCONN}


class Folder:
    """Keeps objects below a folder of this machine; see `objects.Storage`."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        with self.named("the folder"):
            self.root.mkdir(parents=True, exist_ok=True)
            self.root = self.root.resolve()
            self._prefix = f"{str(self.root).rstrip('/')}/"
            self._incoming = self.root / ".incoming"
            self._incoming.mkdir(exist_ok=True)
        self._lock = self.root / ".lock"
        self._records = Records(self.root / ".records")

    def put(
        self, key: str, content: Path | bytes, about: About, *, match: str | None = None, sha256: str = ""
    ) -> Stored:
        """Write aside, flush, compare, rename."""
        with self.named(key):
            target = self._path(key)
            with self._aside() as aside:
                digest = _write(aside, content)
                if digest != (sha256 or digest):
                    raise _corrupt(key, sha256, digest, "to be sent")
                if (found := hashed(aside)) != digest:
                    raise _corrupt(key, digest, found, "on the disk")
                return self._placed(aside, target, key, about, digest, match)

    @contextmanager
    def write(self, key: str, about: About) -> Iterator[Writer]:
        """Write aside, flush, compare, rename."""
        with self._aside() as aside:
            with self.named(key):
                target = self._path(key)
                file = aside.open("xb", buffering=0)
            with file:
                out = _Aside(self, key, file)
                yield out
                with self.named(key):
                    _settle(file)
            with self.named(key):
                digest = out.digest.hexdigest()
                if (found := _crc(aside)) != out.crc:
                    message = f"{key} on the disk has CRC {found:08x}, expected was {out.crc:08x}."
                    raise ProblemError(Code.STORAGE_CORRUPT, message)
                self._placed(aside, target, key, about, digest, None)

    def put_many(self, objects: Iterable[tuple[str, bytes, About]]) -> None:
        """Write some hundred aside, flush them together, rename: a tenth of the time of `put`."""
        waiting = iter(objects)
        with ThreadPoolExecutor(FLUSHES) as pool:
            while some := list(islice(waiting, AT_ONCE)):
                with ExitStack() as stack:
                    placed = [(key, stack.enter_context(self._aside_of(key, content))) for key, content, _ in some]
                    with self.named("the folder"):
                        list(pool.map(_flush, (aside for _, aside in placed)))
                    for key, aside in placed:
                        with self.named(key):
                            target = self._path(key)
                            target.parent.mkdir(parents=True, exist_ok=True)
                            aside.rename(target)

    @contextmanager
    def _aside_of(self, key: str, content: bytes) -> Iterator[Path]:
        """Bytes in a file that is not flushed yet, and gone at the end if nobody renames it."""
        with self._aside() as aside:
            with self.named(key):
                aside.write_bytes(content)
            yield aside

    def redirect(self, key: str, target: str, stub: bytes, about: About) -> None:
        """Write the stub, or give the other file a second name."""
        if stub:
            self.put_many([(key, stub, about)])
            return
        with self.named(key), self._aside() as aside:
            try:
                aside.hardlink_to(self._path(target))
            except _NO_FILE:
                raise MissingError(target) from None
            path = self._path(key)
            path.parent.mkdir(parents=True, exist_ok=True)
            aside.rename(path)

    def head(self, key: str) -> Stored | None:
        """What is known of an object."""
        with self.named(key):
            try:
                return self._records.read(self._path(key), key)
            except _NO_FILE:
                return None

    @contextmanager
    def open(self, key: str, start: int = 0) -> Iterator[BinaryIO]:
        """The content of an object."""
        with self.named(key):
            try:
                file = _opened(self._path(key))
            except _NO_FILE:
                raise MissingError(key) from None
        with file:
            file.seek(start)
            yield file

    def opened(self, key: str) -> tuple[Stored, BinaryIO] | None:
        """An object to be read and closed, with what is known of these very bytes, even if it is replaced just now."""
        while before := self.head(key):
            with self.named(key), suppress(*_NO_FILE):
                file = _opened(self._path(key))
                # Times are never used twice, so what was opened between two equal looks is what both saw.
                if self.head(key) == before:
                    return before, file
                file.close()
        return None

    def copy(self, source: str, key: str, about: About, *, match: str | None = None) -> Stored:
        """Store the content of another object once it is known to be whole: one file with two names, if possible."""
        known = self.head(source)
        if known is None:
            raise MissingError(source)
        with self.named(key):
            target = self._path(key)
            with self._aside() as aside:
                try:
                    aside.hardlink_to(self._path(source))
                except OSError:
                    return self.put(key, self._path(source), about, match=match, sha256=known.sha256)
                if (found := hashed(aside)) != known.sha256:
                    raise _corrupt(source, known.sha256, found, "on the disk")
                return self._placed(aside, target, key, about, found, match, fresh=False)

    def list(self, prefix: str) -> Iterator[Listed]:
        """Objects below a prefix."""
        with self.named(prefix or "the folder"):
            begin = self.root / checked_prefix(prefix)
            found = sorted(path.relative_to(self.root).as_posix() for path in _files(begin))
        for key in found:
            with self.named(key), suppress(FileNotFoundError):
                stat = (self.root / key).lstat()
                yield Listed(key, stat.st_size, _moment(stat.st_mtime_ns))

    def delete(self, key: str) -> None:
        """Remove an object, and the folders that it leaves empty."""
        with self.named(key), locked(self._lock):
            path = self._path(key)
            with suppress(*_NO_FILE):
                path.unlink()
            self._records.forget(key)
            self._prune(path.parent)

    def delete_many(self, keys: Iterable[str]) -> None:
        """One by one: nothing is faster on a disk."""
        for key in keys:
            self.delete(key)

    def abort_leftovers(self, older_than: timedelta) -> int:
        """Remove files that never got into place, and records without their file."""
        before = time.time() - older_than.total_seconds()
        with self.named("the folder"), locked(self._lock):
            old = [path for path in self._incoming.iterdir() if path.lstat().st_ctime < before]
            for path in old:
                path.unlink()
            return len(old) + self._records.sweep(self.root, before)

    def url(self, key: str) -> str:
        """A `file:` address."""
        return (self.root / checked(key)).as_uri()

    def _path(self, key: str) -> Path:
        """The file of a key; a link on the way there would lead out of the folder. Raises ProblemError."""
        path = f"{self._prefix}{checked(key)}"
        # Only what is below the folder: an archive asks thousands of times, and each look at the disk takes its time.
        begins = (end for end in range(len(self._prefix), len(path)) if path[end] == "/")
        if any(map(os.path.islink, [*(path[:end] for end in begins), path])):
            raise ProblemError(Code.STORAGE_REFUSED, f"{key} is behind a link, which could lead anywhere.")
        return Path(path)

    def _placed(
        self, aside: Path, target: Path, key: str, about: About, digest: str, match: str | None, fresh: bool = True
    ) -> Stored:
        """Switch; a `fresh` file gets a time that no file of this key has had, another one keeps its own."""
        with locked(self._lock):
            found = self.head(key)
            if match is not None and match != (found.etag if found else ABSENT):
                raise ConflictError(key)
            target.parent.mkdir(parents=True, exist_ok=True)
            if fresh:
                stamp = max(time.time_ns(), target.stat().st_mtime_ns + 1 if found else 0)
                os.utime(aside, ns=(stamp, stamp))
            stat = aside.stat()
            stored = Stored(key, stat.st_size, digest, f'"{digest}"', about, _moment(stat.st_mtime_ns))
            self._records.write(stored, stat.st_mtime_ns)
            aside.rename(target)
            _flush(target.parent)
            self._records.forget(key, but=stat.st_mtime_ns)
            return stored

    @contextmanager
    def _aside(self) -> Iterator[Path]:
        path = self._incoming / secrets.token_hex(16)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _prune(self, folder: Path) -> None:
        with suppress(OSError):
            while folder != self.root:
                folder.rmdir()
                folder = folder.parent

    @contextmanager
    def named(self, what: str) -> Iterator[None]:
        """Errors of the disk of the folder as problems; those of a file that is to be stored are its owner's."""
        try:
            yield
        except OSError as error:
            if not self._concerns(error):
                raise
            words = error.strerror or str(error)
            if error.errno in _FULL:
                message = f"The disk of {self.root} is full: {what} is not stored."
                raise ProblemError(Code.STORAGE_FULL, message) from error
            code = Code.STORAGE_UNREACHABLE if error.errno in _AWAY else Code.STORAGE_REFUSED
            raise ProblemError(code, f"{what} in {self.root}: {words}.") from error

    def _concerns(self, error: OSError) -> bool:
        """Whether an error names a path in the folder or on the way to it, or none."""
        if not isinstance(error.filename, str | os.PathLike):
            return True
        path = Path(error.filename).absolute()
        return path.is_relative_to(self.root) or self.root.is_relative_to(path)


class _Aside:
    """A file in the making. `digest` and `crc` are of what was to be written; the second is quick to compare again."""

    def __init__(self, folder: Folder, key: str, file: BinaryIO) -> None:
        self._folder, self._key, self._file = folder, key, file
        self.digest = sha256_of()
        self.crc = 0

    def write(self, block: bytes, /) -> int:
        """Append."""
        self.digest.update(block)
        self.crc = isal_zlib.crc32(block, self.crc)
        left = memoryview(block)
        with self._folder.named(self._key):
            # One write of the system takes 2 GB at most, and less where a disk becomes full.
            while left:
                left = left[self._file.write(left) :]
        return len(block)


def _crc(path: Path) -> int:
    crc, buffer = 0, bytearray(BLOCK)
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(buffer):
            crc = isal_zlib.crc32(memoryview(buffer)[:size], crc)
    return crc


def _write(path: Path, content: Path | bytes) -> str:
    """Write content to a new file down to the disk; its sha256."""
    digest = sha256_of()
    with path.open("xb") as file:
        for block in _blocks(content):
            digest.update(block)
            file.write(block)
        _settle(file)
    return digest.hexdigest()


def _settle(file: BinaryIO) -> None:
    """Bring a file down to the disk, so that reading it again asks the disk rather than memory."""
    file.flush()
    os.fsync(file.fileno())
    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _blocks(content: Path | bytes) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def _opened(path: Path) -> BinaryIO:
    return open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW))


def _files(folder: Path) -> Iterator[Path]:
    """Files below a folder but for hidden ones and links."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = (Path(place, name) for name in names if not name.startswith("."))
        yield from (path for path in paths if not path.is_symlink())


def _moment(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds // 1_000 / 1_000_000, UTC)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _corrupt(key: str, expected: str, found: str, where: str) -> ProblemError:
    return ProblemError(Code.STORAGE_CORRUPT, f"{key} {where} has sha256 {found}, expected was {expected}.")
