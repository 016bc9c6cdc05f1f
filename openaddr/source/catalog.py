"""The source files of a repository: in a folder, or in the archive that GitHub makes of a commit."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

from openaddr.source.parse import MAX_BYTES

FOLDER = "sources"


@dataclass(frozen=True)
class SourceFile:
    """One source file; `id` is its path below `sources/`, without ending."""

    id: str
    content: bytes


def in_folder(folder: Path) -> Iterator[SourceFile]:
    """The source files below `folder/sources`, or below the folder itself where there is no such one, in order."""
    root = root_of(folder)
    for path in paths_in(folder):
        yield SourceFile(path.relative_to(root).with_suffix("").as_posix(), _start(path))


def root_of(folder: Path) -> Path:
    """The folder below which source files are: `folder/sources`, or the folder itself where there is no such one."""
    return folder / FOLDER if (folder / FOLDER).is_dir() else folder


def paths_in(folder: Path) -> Iterator[Path]:
    """The paths of the source files of a folder, in order."""
    for path in sorted(root_of(folder).rglob("*.json")):
        if path.is_file() and not path.is_symlink():
            yield path


def _start(path: Path) -> bytes:
    """The content, of a file that is too large only enough to be refused by the parser."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def in_archive(path: Path) -> Iterator[SourceFile]:
    """The source files of a zip in which everything is in one folder, as GitHub makes them, in order."""
    with ZipFile(path) as archive:
        for member in sorted(archive.infolist(), key=lambda found: found.filename):
            parts = member.filename.split("/")
            if len(parts) > 2 and parts[1] == FOLDER and parts[-1].endswith(".json"):
                with archive.open(member) as file:
                    yield SourceFile("/".join(parts[2:]).removesuffix(".json"), file.read(MAX_BYTES + 1))


def digest(files: list[SourceFile]) -> str:
    """What stands for a commit where there is none: 40 hex digits that change with any file."""
    found = hashlib.sha1(usedforsecurity=False)
    for file in files:
        found.update(f"{file.id}\0{len(file.content)}\0".encode(errors="surrogateescape"))
        found.update(file.content)
    return found.hexdigest()
