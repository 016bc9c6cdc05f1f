"""Which of the files of a download may be data, and as what each would be read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from openaddr.bench.tables import shape_of
from openaddr.conform.readers.choose import choose_file
from openaddr.conform.readers.vector import layers_in
from openaddr.download.kinds import Kind, kind_of
from openaddr.download.store import HEAD
from openaddr.errors import ProblemError
from openaddr.source.model import Conform

ENDINGS = {
    ".shp": "shapefile",
    ".gpkg": "gpkg",
    ".gml": "xml",
    ".kml": "xml",
    ".xml": "xml",
    ".geojson": "geojson",
    ".json": "geojson",
    ".ndjson": "geojson",
    ".geojsonl": "geojson",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".dat": "csv",
}
KINDS = {Kind.GEOPACKAGE: "gpkg", Kind.XML: "xml", Kind.JSON: "geojson", Kind.TEXT: "csv"}
WITH_LAYERS = ("gdb", "gpkg", "xml")
IN_GEODATABASE = re.compile(r"(.*/)?a00000001\.gdbtable", re.I)
BESIDE = re.compile(
    r"\.(shx|dbf|prj|cpg|sbn|sbx|qix|qpj|fbn|fbx|ain|aih|atx|ixs|mxs)$|\.shp\.\w+$|\.gdb/|(^|/)(a0\w{7}\.\w+|gdb|timestamps)$",
    re.I,
)
"""Files that belong to another one."""
LAYERS = 50


@dataclass(frozen=True)
class Candidate:
    """A table of features that may be there, and how it would be read; `is_only` says that no file need be named."""

    name: str
    conform: Conform
    is_only: bool


def candidates(files: tuple[Path, ...], root: Path) -> list[Candidate]:
    """Everything in the files that may be data: files in order, and the layers of each in theirs."""
    return [
        Candidate(name, conform, _is_only(files, root, conform))
        for name, form in _likely(files, root)
        for conform in _conforms(files, root, name, form)
    ]


def _is_only(files: tuple[Path, ...], root: Path, conform: Conform) -> bool:
    """Whether the file is found without being named."""
    try:
        return choose_file(files, replace(conform, file=None), root) == choose_file(files, conform, root)
    except ProblemError:
        return False


def others(files: tuple[Path, ...], root: Path, taken: list[Candidate]) -> list[str]:
    """Names of files that are neither data nor a part of it."""
    names = [path.relative_to(root).as_posix() for path in files]
    known = {candidate.name for candidate in taken}
    return [name for name in names if name not in known and not BESIDE.search(name)]


def _likely(files: tuple[Path, ...], root: Path) -> Iterator[tuple[str, str]]:
    """Names of files and folders with the format that they seem to have."""
    for path in files:
        name = path.relative_to(root).as_posix()
        if found := IN_GEODATABASE.fullmatch(name):
            yield (found[1] or "").rstrip("/"), "gdb"
        elif not BESIDE.search(name):
            form = ENDINGS.get(path.suffix.lower()) or KINDS.get(_kind(path))
            if form:
                yield name, form


def _kind(path: Path) -> Kind:
    with path.open("rb") as file:
        return kind_of(file.read(HEAD))


def _conforms(files: tuple[Path, ...], root: Path, name: str, form: str) -> Iterator[Conform]:
    """How a file may be read: once, or once for each layer."""
    if form == "csv":
        if shape := shape_of(root / name):
            separator = shape.separator or ","
            yield Conform(form, (), file=name, encoding=shape.encoding, csvsplit=separator, headers=shape.headers)
        return
    plain = Conform(form, (), file=name or None)
    layers = _layers(choose_file(files, plain, root), form) if form in WITH_LAYERS else []
    if len(layers) < 2:
        yield plain
    for layer in layers[:LAYERS] if len(layers) > 1 else ():
        yield Conform(form, (), file=name or None, layer=layer)


def _layers(path: Path, form: str) -> list[str]:
    """The layers with a geometry; none where the file cannot be opened, which its reading will explain."""
    try:
        return [layer for layer, kind in layers_in(path, form) if kind is not None]
    except ProblemError:
        return []
