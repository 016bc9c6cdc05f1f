"""What the bench fetches, in a child with network: a directory, a page, the beginning of a file, or all of it."""

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from openaddr.bench.directory import geometry_of, read_directory
from openaddr.bench.records import DeclaredField, DeclaredLayer, Fetched
from openaddr.download import begin, download, first_rows
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.source.model import LayerSource
from openaddr.stages import Bounds, Progress

BEGINNING = 1 << 20
"""Bytes of a file that are fetched to see its first rows."""
SHOWN = 500
FIELDS = 2_000
HIGHEST_OF_EPSG = 32_767
LAYER = re.compile(r"/\d+/?(\?.*)?$", re.S)
"""How the address of an ESRI layer ends."""
ALLOW_MORE = "Data of this kind can only be read as a whole: allow more bytes with --max-bytes."
FOR_PEOPLE = "Look on that page for the address of a file, or of an ESRI service (with /rest/services/ in it)."
ALL_AT_ONCE = ("shapefile", "shapefile-polygon", "gdb", "gpkg", "xml")
"""Formats that say nothing before their last byte has come."""


def look(entry: LayerSource, folder: Path, settings: Settings, rows: int, *, progress: Progress) -> Fetched:
    """Fetch what an address has to say of itself, and some rows; what is in a directory is listed.

    Raises ProblemError.
    """
    if entry.protocol == "ESRI":
        if not LAYER.search(entry.data.strip()):
            return Fetched(directory=read_directory(entry, settings, progress))
        return _page(entry, folder, settings, rows, counted=True)
    with _hinting(Code.HTML_INSTEAD_OF_DATA, FOR_PEOPLE):
        return _file(entry, folder, settings, progress)


def fetch_rows(entry: LayerSource, folder: Path, settings: Settings, rows: int, *, progress: Progress) -> Fetched:
    """Fetch enough of a source to see its first rows. Raises ProblemError."""
    if entry.protocol == "ESRI":
        return _page(entry, folder, settings, rows, counted=False)
    return _file(entry, folder, settings, progress)


def _file(entry: LayerSource, folder: Path, settings: Settings, progress: Progress) -> Fetched:
    """The beginning where that is enough, else the whole file, as far as that may be."""
    is_zip = entry.compression == "zip" or (entry.conform is not None and entry.conform.format in ALL_AT_ONCE)
    beginning = None if is_zip else begin(entry, folder, settings, min(BEGINNING, settings.download_limit))
    if beginning is not None and beginning.is_enough:
        is_cut = not beginning.is_whole
        return Fetched(files=(beginning.path,), size=beginning.size, total=beginning.total, is_cut=is_cut)
    with _hinting(Code.TOO_LARGE, ALLOW_MORE):
        received = download(entry, folder, settings, progress)
    return Fetched(files=received.files, size=received.size, total=received.size, warnings=received.warnings)


@contextmanager
def _hinting(code: Code, hint: str) -> Iterator[None]:
    """Say what to do about a problem where that is something else than in a run."""
    try:
        yield
    except ProblemError as error:
        if error.problem.code is code:
            error.problem = replace(error.problem, hint=hint)
        raise


def _page(entry: LayerSource, folder: Path, settings: Settings, rows: int, *, counted: bool) -> Fetched:
    found = first_rows(entry, folder, settings, rows, counted=counted)
    layer = _declared(found.metadata, found.layer.name, found.count)
    size = found.page.stat().st_size
    return Fetched(layer=layer, files=(found.page,), columns=found.layer.fields, size=size)


def _declared(metadata: Mapping[str, Any], name: str, count: int | None) -> DeclaredLayer:
    extent = metadata.get("extent")
    extent = extent if isinstance(extent, dict) else {}
    return DeclaredLayer(
        name[:SHOWN],
        geometry_of(metadata),
        _crs(extent.get("spatialReference")),
        _box(extent),
        count,
        tuple(_fields(metadata.get("fields"))),
        _text(metadata.get("copyrightText")),
        _text(metadata.get("description")),
    )


def _box(extent: Mapping[str, Any]) -> Bounds | None:
    sides = [extent.get(side) for side in ("xmin", "ymin", "xmax", "ymax")]
    # Empty layers have an extent of the text NaN.
    numbers = [float(side) for side in sides if isinstance(side, (int, float)) and math.isfinite(side)]
    return (numbers[0], numbers[1], numbers[2], numbers[3]) if len(numbers) == 4 else None


def _crs(reference: object) -> str | None:
    """The system of an extent: a code of EPSG, one of ESRI above those, or a definition."""
    found = reference if isinstance(reference, dict) else {}
    code = found.get("latestWkid") or found.get("wkid")
    if isinstance(code, int):
        return f"{'EPSG' if code <= HIGHEST_OF_EPSG else 'ESRI'}:{code}"
    return str(found["wkt"]) if isinstance(found.get("wkt"), str) else None


def _fields(listed: object) -> Iterator[DeclaredField]:
    for item in listed[:FIELDS] if isinstance(listed, list) else ():
        if isinstance(item, dict) and item.get("name"):
            name, alias = str(item["name"])[:SHOWN], str(item.get("alias") or "")[:SHOWN]
            kind = str(item.get("type") or "").removeprefix("esriFieldType")[:SHOWN]
            yield DeclaredField(name, kind, "" if alias == name else alias)


def _text(value: object) -> str:
    return " ".join(value.split())[:SHOWN] if isinstance(value, str) else ""
