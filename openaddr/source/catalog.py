"""The source files of a repository: in a folder, or in the archive that GitHub makes of a commit."""

import hashlib
import logging
import lzma
import stat
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import error as StructError
from zipfile import BadZipFile, ZipFile, ZipInfo

from openaddr.errors import Code, ProblemError
from openaddr.source.parse import MAX_BYTES
from openaddr.zip_directory import directory_size

log = logging.getLogger(__name__)

FOLDER = "sources"
ENDING = ".json"
MAX_DIRECTORY = 20_000_000
"""Bytes of the list of members: some 100,000 of them."""
MAX_UNPACKED = 1_000_000_000
"""Bytes of all source files together; the whole of OpenAddresses has 60 million."""
LONGEST_PART = 200
"""Bytes of a folder's or file's name, which runs get folders of; file systems end at 255."""
DAMAGED = (BadZipFile, zlib.error, lzma.LZMAError, StructError, EOFError, OSError, ValueError)


@dataclass(frozen=True)
class SourceFile:
    """One source file; `id` is its path below `sources/`, without ending."""

    id: str
    content: bytes


def in_folder(folder: Path) -> Iterator[SourceFile]:
    """The source files below `folder/sources`, or below the folder itself where there is no such one, in order."""
    root = root_of(folder)
    for path in paths_in(folder):
        yield SourceFile(path.relative_to(root).as_posix().removesuffix(ENDING), _start(path))


def root_of(folder: Path) -> Path:
    """The folder below which source files are: `folder/sources`, or the folder itself where there is no such one."""
    return folder / FOLDER if (folder / FOLDER).is_dir() else folder


def paths_in(folder: Path) -> Iterator[Path]:
    """The paths of the source files of a folder, in order."""
    for path in sorted(root_of(folder).rglob(f"*{ENDING}")):
        if path.is_file() and not path.is_symlink():
            yield path


def _start(path: Path) -> bytes:
    """The content, of a file that is too large only enough to be refused by the parser."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def in_archive(path: Path) -> Iterator[SourceFile]:
    """The source files of a zip in which everything is in one folder, as GitHub makes them, in order.

    Links are no source files. Raises ProblemError(GITHUB_ARCHIVE_BAD), in the middle too: GITHUB_ARCHIVE_TOO_LARGE.
    """
    if (size := directory_size(path)) > MAX_DIRECTORY:
        raise _too_large(f"has a directory of {size:,} bytes; {MAX_DIRECTORY:,} are allowed")
    try:
        with ZipFile(path) as archive:
            yield from _files(archive)
    except (*DAMAGED, NotImplementedError, RuntimeError) as error:
        raise ProblemError(Code.GITHUB_ARCHIVE_BAD, f"The archive of the commit cannot be read: {error}.") from None


def _files(archive: ZipFile) -> Iterator[SourceFile]:
    unpacked = 0
    for member in sorted(archive.infolist(), key=lambda found: found.filename):
        if (found := _id(member)) is not None:
            with archive.open(member) as file:
                content = file.read(MAX_BYTES + 1)
            unpacked += len(content)
            if unpacked > MAX_UNPACKED:
                raise _too_large(f"unpacks to more than {MAX_UNPACKED:,} bytes of source files")
            yield SourceFile(found, content)


def _id(member: ZipInfo) -> str | None:
    """The id of a source file, None for all other members. Raises ProblemError for a name that leaves its folder."""
    top, *parts = member.filename.split("/")
    if ".." in (top, *parts) or not top:
        message = f"The archive of the commit has a name that leaves its folder: {member.filename[:200]!r}."
        raise ProblemError(Code.GITHUB_ARCHIVE_BAD, message)
    return None if stat.S_ISLNK(member.external_attr >> 16) else id_of("/".join(parts))


def id_of(path: str) -> str | None:
    """The id of the source file at a path of a repository, None when none may be there."""
    top, *parts = path.split("/")
    if top != FOLDER or not parts or not parts[-1].endswith(ENDING):
        return None
    if any(part in (".", "..") or not 0 < len(part.encode("utf-8", "replace")) <= LONGEST_PART for part in parts):
        log.warning("not taken for a source file, because of its name: %.300r", path)
        return None
    return "/".join(parts).removesuffix(ENDING)


def path_of(identity: str) -> str:
    """Where a source file is in its repository."""
    return f"{FOLDER}/{identity}{ENDING}"


def _too_large(what: str) -> ProblemError:
    return ProblemError(Code.GITHUB_ARCHIVE_TOO_LARGE, f"The archive of the commit {what}.")


def digest(files: Iterable[SourceFile]) -> str:
    """What stands for a commit where there is none: 40 hex digits that change with any file."""
    found = hashlib.sha1(usedforsecurity=False)
    for file in files:
        found.update(f"{file.id}\0{len(file.content)}\0".encode(errors="surrogateescape"))
        found.update(file.content)
    return found.hexdigest()
