"""Which of the unpacked files is the data: by `file` of the conform, else by the endings of its format."""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

from openaddr.errors import Code, ProblemError
from openaddr.source.model import Conform

SHOWN = 10

_ENDINGS: dict[str, tuple[tuple[str, ...], ...]] = {
    "shapefile": ((".shp",),),
    "shapefile-polygon": ((".shp",),),
    "gpkg": ((".gpkg",),),
    "xml": ((".gml",), (".kml",), (".xml",)),
    "geojson": ((".geojson",), (".json",), (".ndjson", ".geojsonl", ".jsonl")),
    "csv": ((".csv",), (".txt", ".tsv")),
}
"""Endings by format in order of preference: a group counts only when no file has an ending of the groups before."""

_ANY_NAME = frozenset({"csv", "geojson", "xml", "gpkg"})
_JUNK = re.compile(r"(?:^|/)(?:__MACOSX/|\._|\.DS_Store$|Thumbs\.db$)", re.IGNORECASE)
_IN_GEODATABASE = re.compile(r"(?i)(\.gdb)/.*$")
_TABLE = "a00000001.gdbtable"
_LINK = "database.gdb"


def choose_file(files: Sequence[Path], conform: Conform, root: Path) -> Path:
    """The file (of a geodatabase the folder) that the conform means, out of `files`, which lie below `root`.

    A single file is taken whatever its name for formats that are one file. A geodatabase in a folder of another name
    gets a link inside that folder that ends in .gdb, as GDAL wants it. Raises ProblemError: FILE_NOT_IN_ARCHIVE,
    FILE_AMBIGUOUS.
    """
    real = [file for file in files if not _JUNK.search(_name(file, root))]
    if conform.format == "gdb":
        return _geodatabase(real, conform, root)
    if len(real) == 1 and conform.format in _ANY_NAME:
        return real[0]
    endings = _ENDINGS[conform.format]
    if conform.file:
        allowed = {ending for group in endings for ending in group}
        may_be = [file for file in real if conform.format in _ANY_NAME or file.suffix.lower() in allowed]
        return _named(conform.file, may_be, real, root)
    for group in endings:
        found = [file for file in real if file.suffix.lower() in group]
        if found:
            return _only(found, root)
    raise _nothing(" or ".join(ending for group in endings for ending in group), real, root)


def _named(wanted: str, candidates: list[Path], files: list[Path], root: Path) -> Path:
    """The candidate of that path below the root, else of that end, else of that name; first in the case given."""
    parts = PurePosixPath(wanted.replace("\\", "/")).parts
    for view in _views(root, len(parts)):
        for fold in (str, str.casefold):
            asked = tuple(map(fold, view(PurePosixPath(*parts))))
            found = [file for file in candidates if tuple(map(fold, view(file))) == asked]
            if found:
                return _only(found, root)
    raise _nothing(f"`{wanted}`", files, root)


def _views(root: Path, length: int) -> tuple[Callable[[PurePosixPath | Path], tuple[str, ...]], ...]:
    """Ways to look at a path, from strict to lenient."""

    def whole(path: PurePosixPath | Path) -> tuple[str, ...]:
        return path.relative_to(root).parts if isinstance(path, Path) else path.parts

    return whole, lambda path: path.parts[-length:], lambda path: path.parts[-1:]


def _geodatabase(files: list[Path], conform: Conform, root: Path) -> Path:
    folders = [file.parent for file in files if file.name.lower() == _TABLE]
    if not folders:
        raise _nothing(f"a geodatabase, which is a folder with {_TABLE}", files, root)
    if conform.file:
        wanted = _IN_GEODATABASE.sub(r"\1", conform.file.replace("\\", "/"))
        folder = _named(wanted, folders, folders, root.parent)
    else:
        folder = _only(folders, root.parent)
    return folder if folder.suffix.lower() == ".gdb" else _linked(folder)


def _linked(folder: Path) -> Path:
    """A name for the folder that ends in .gdb: a link in the folder to itself, so that nothing around it changes."""
    link = folder / _LINK
    if not link.is_symlink():
        link.symlink_to(".", target_is_directory=True)
    return link


def _only(found: list[Path], root: Path) -> Path:
    if len(found) == 1:
        return found[0]
    message = f"{len(found)} files could be meant: {_listed(found, root)}."
    raise ProblemError(Code.FILE_AMBIGUOUS, message)


def _nothing(wanted: str, files: list[Path], root: Path) -> ProblemError:
    there = f"there are {_listed(files, root)}" if files else "there is no file at all"
    return ProblemError(Code.FILE_NOT_IN_ARCHIVE, f"No file fits {wanted}; {there}.")


def _listed(files: Iterable[Path], root: Path) -> str:
    names = sorted(_name(file, root) for file in files)
    rest = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + rest


def _name(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix()
