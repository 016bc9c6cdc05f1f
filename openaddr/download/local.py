"""A file of this machine, where an operator allows it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from openaddr.download.names import of_name
from openaddr.download.store import BLOCK, require_room, save
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.stages import Downloaded, Progress


def download_file(data: str, folder: Path, settings: Settings, progress: Progress) -> Downloaded:
    """Copy the file of a `file:` address, or of an absolute path, into `folder/data<ext>`.

    Raises ProblemError: FILE_REFUSED when it is not below a folder of `settings.allow_files` (both resolved, symlinks
    too) or not a regular file, FILE_MISSING when it cannot be opened, DATA_EMPTY, DISK_FULL.
    """
    path = _allowed(_path_of(data), settings)
    try:
        # Not through a link put there since the check, and without waiting where it is a pipe.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise ProblemError(Code.FILE_MISSING, f"{path} cannot be opened: {error.strerror}.") from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise ProblemError(Code.FILE_REFUSED, f"{path} is not a regular file.")
    with open(descriptor, "rb") as file:
        require_room(folder, found.st_size)
        target = folder / f"data{of_name(path.name) or '.bin'}"
        saved = save(_blocks(file), target, lambda done: progress("download", done, found.st_size, "bytes"))
    if not saved.size:
        raise ProblemError(Code.DATA_EMPTY, f"{path} has 0 bytes.")
    return Downloaded((target,), saved.md5, saved.size)


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
