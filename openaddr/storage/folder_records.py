"""What a folder remembers of its objects besides their bytes."""

import hashlib
import mimetypes
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from openaddr.storage.objects import About, Stored


class Records:
    """One small JSON file for each object, named after the modification time of the object's file in nanoseconds."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def write(self, stored: Stored, stamp: int) -> None:
        """Note an object whose file is about to take its place with this time. One writer at a time."""
        folder = self._root / stored.key
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / ".fresh"
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(stored))
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(folder / f"{stamp}.json")

    def read(self, path: Path, key: str) -> Stored:
        """The record of the object that `path` is now. Raises FileNotFoundError.

        A file that somebody else put there has none: then its bytes and its name say what there is to know.
        """
        while True:
            stamp = path.stat(follow_symlinks=False).st_mtime_ns
            try:
                return msgspec.json.decode((self._root / key / f"{stamp}.json").read_bytes(), type=Stored)
            except (FileNotFoundError, NotADirectoryError):
                digest, still = hashed(path), path.stat(follow_symlinks=False)
                if still.st_mtime_ns == stamp:
                    about = About(mimetypes.guess_type(path.name)[0] or About.media_type)
                    modified = datetime.fromtimestamp(still.st_mtime, UTC)
                    return Stored(key, still.st_size, digest, f'"{digest}"', about, modified)

    def forget(self, key: str, but: int | None = None) -> None:
        """Remove the records of a key, but for the one of this time."""
        for path in _records_of(self._root / key):
            if path.stem != str(but):
                path.unlink()

    def sweep(self, objects: Path, before: float) -> int:
        """Remove older records whose object has another time or is gone, and say how many."""
        count = 0
        for place, _, _ in os.walk(self._root):
            target = objects / Path(place).relative_to(self._root)
            stamp = str(target.stat().st_mtime_ns) if target.is_file() else ""
            for path in _records_of(Path(place)):
                if path.stem != stamp and path.stat().st_mtime < before:
                    path.unlink()
                    count += 1
        return count


def hashed(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _records_of(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.is_file() and path.suffix == ".json")
