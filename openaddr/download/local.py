"""A file of this machine, where an operator allows it."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from openaddr.download.allowance import too_large
from openaddr.download.beginning import Beginning, first_of
from openaddr.download.names import of_name
from openaddr.download.store import BLOCK, Tally, require_room, save
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.stages import Downloaded, Progress, silent


def download_file(data: str, folder: Path, settings: Settings, progress: Progress) -> Downloaded:
    """Copy the file of a `file:` address, or of an absolute path, into `folder/data<ext>`.

    Raises ProblemError: FILE_REFUSED when it is not below a folder of `settings.allow_files` (both resolved, symlinks
    too) or not a regular file, FILE_MISSING when it cannot be opened, TOO_LARGE, DATA_EMPTY, DISK_FULL.
    """
    with _opened(data, settings) as file:
        size = os.fstat(file.fileno()).st_size
        if size > settings.download_limit:
            raise too_large(f"The file has {size:,} bytes", settings)
        target, saved = _copied(file, data, size, folder, progress)
    return Downloaded((target,), saved.md5, saved.size)


def begin_file(data: str, folder: Path, settings: Settings, most: int) -> Beginning:
    """Copy the first `most` bytes of the file. Raises ProblemError as `download_file`, but for TOO_LARGE."""
    with _opened(data, settings) as file:
        size = os.fstat(file.fileno()).st_size
        target, saved = _copied(file, data, min(size, most), folder, silent)
    return Beginning(target, saved.size, size)


@contextmanager
def _opened(data: str, settings: Settings) -> Iterator[BinaryIO]:
    path = _allowed(_path_of(data), settings)
    try:
        # Not through a link put there since the check, and without waiting where it is a pipe.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise ProblemError(Code.FILE_MISSING, f"{path} cannot be opened: {error.strerror}.") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ProblemError(Code.FILE_REFUSED, f"{path} is not a regular file.")
    with open(descriptor, "rb") as file:
        yield file


def _copied(file: BinaryIO, data: str, size: int, folder: Path, progress: Progress) -> tuple[Path, Tally]:
    """The first `size` bytes, as a file of ours."""
    require_room(folder, size)
    path = _path_of(data)
    target = folder / f"data{of_name(path.name) or '.bin'}"
    saved = save(first_of(_blocks(file), size), target, lambda done: progress("download", done, size, "bytes"))
    if not saved.size:
        raise ProblemError(Code.DATA_EMPTY, f"{path} has 0 bytes.")
    return target, saved


def _path_of(data: str) -> Path:
    parts = urlsplit(data)
    path = Path(unquote(parts.path) if parts.scheme == "file" else data)
    if parts.scheme == "file" and parts.netloc not in ("", "localhost"):
        raise ProblemError(Code.URL_INVALID, f"A file address names no host, this one names {parts.netloc!r}.")
    if not path.is_absolute() or "\0" in str(path):
        raise ProblemError(Code.URL_INVALID, f"A file is named by its whole path, not by {str(path)[:200]!r}.")
    return path


def _allowed(path: Path, settings: Settings) -> Path:
    resolved = path.resolve()
    if any(resolved.is_relative_to(Path(folder).resolve()) for folder in settings.allow_files):
        return resolved
    count = len(settings.allow_files)
    raise ProblemError(Code.FILE_REFUSED, f"{path} is in none of the {count} folders whose files may be read.")


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block
