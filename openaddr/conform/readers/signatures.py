"""Whether the first bytes of a file are those of its format, before GDAL gets to see it.

GDAL looks at bytes rather than names, so a virtual dataset or the description of a web service that is called .shp or
.gml would be opened as what it is, and lead to other files and to the network.
"""

import os
import re
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from openaddr.errors import Code, ProblemError

_HEAD = 65_536
_TAIL = 4_096
_XML_IN_BYTES = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[^\0]")
_GML = re.compile(rb"opengis\.net/gml")
_NOT_DATA = re.compile(r"OGR\w+|\w*_?Capabilities|schema|html|\w*Exception\w*", re.IGNORECASE)
_SQLITE = b"SQLite format 3\0"
_KINDS = (
    (_SQLITE, "an SQLite database"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"\0\0\x27\x0a", "a shapefile"),
    (b"%PDF", "a PDF document"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
)


def driver_of(path: Path, form: str) -> str:
    """The one GDAL driver that may open `path` as `form`. Raises ProblemError(DATA_UNREADABLE) saying what it is."""
    if form == "gdb":
        return "OpenFileGDB"
    with path.open("rb") as file:
        head = file.read(_HEAD)
        tail = _tail(file)
    match form:
        case "gpkg" if head.startswith(_SQLITE):
            return "GPKG"
        case "shapefile" | "shapefile-polygon" if head.startswith(b"\0\0\x27\x0a"):
            return "ESRI Shapefile"
        case "xml":
            root = _root(head)
            name = _local(root)
            if root and not _NOT_DATA.fullmatch(name) and (name.lower() == "kml" or _GML.search(head)):
                _require_end(path, head, tail, root)
                return "LIBKML" if name.lower() == "kml" else "GML"
    wanted = {"gpkg": "a GeoPackage", "xml": "GML or KML"}.get(form, "a shapefile")
    raise ProblemError(Code.DATA_UNREADABLE, f"{path.name} is {_kind(head)}, not {wanted}.")


def _tail(file: BinaryIO) -> bytes:
    file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
    return file.read()


def _require_end(path: Path, head: bytes, tail: bytes, root: str) -> None:
    """GDAL says nothing when XML breaks off, it only gives fewer rows."""
    end = f"</{root}>"
    spaced = re.sub(rb"\s+>", b">", tail)
    if _XML_IN_BYTES.match(head) and end.encode() not in spaced:
        message = f"{path.name} of {path.stat().st_size:,} bytes breaks off: there is no {end} at its end."
        raise ProblemError(Code.DATA_UNREADABLE, message)


def _kind(head: bytes) -> str:
    if not head:
        return "empty"
    for start, kind in _KINDS:
        if head.startswith(start):
            return kind
    root = _root(head)
    if root:
        return f"XML with the root element <{_local(root)}>"
    if head.lstrip()[:1] in (b"{", b"["):
        return "JSON"
    if b"<html" in head[:1024].lower() or b"<!doctype html" in head[:1024].lower():
        return "a web page"
    return f"something else: it begins with the bytes {head[:8].hex(' ')}"


def _local(name: str | None) -> str:
    return (name or "").rpartition(":")[2]


class _Found(Exception):
    """The root element, once it has begun."""


def _root(head: bytes) -> str | None:
    """The name of the root element, None when `head` does not begin an XML document."""

    def begin(name: str, _attributes: dict[str, str]) -> None:
        raise _Found(name)

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    try:
        parser.Parse(head.lstrip(), False)
    except _Found as found:
        return str(found)
    except (expat.ExpatError, LookupError, ValueError):  # for an encoding that is none, or one of several bytes
        return None
    return None
