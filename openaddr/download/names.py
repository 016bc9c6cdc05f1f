"""The extension of a downloaded file. Nothing of a source or server becomes a file name but these few extensions."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import unquote

from openaddr.download.kinds import Kind, kind_of

EXTENSIONS = frozenset(
    (
        ".csv", ".tsv", ".txt", ".dat", ".json", ".geojson", ".geojsonl", ".ndjson", ".xml", ".gml", ".kml", ".kmz",
        ".gpkg", ".sqlite", ".zip", ".gz", ".xlsx",
    )
)  # fmt: skip
TYPES = {
    "text/csv": ".csv",
    "application/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "text/plain": ".txt",
    "application/json": ".json",
    "application/geo+json": ".geojson",
    "application/vnd.geo+json": ".geojson",
    "application/zip": ".zip",
    "application/x-zip": ".zip",
    "application/x-zip-compressed": ".zip",
    "application/gzip": ".gz",
    "application/x-gzip": ".gz",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "application/gml+xml": ".gml",
    "application/vnd.google-earth.kml+xml": ".kml",
    "application/vnd.google-earth.kmz": ".kmz",
    "application/geopackage+sqlite3": ".gpkg",
    "application/vnd.sqlite3": ".sqlite",
}
SNIFFED = {
    Kind.ZIP: ".zip",
    Kind.GZIP: ".gz",
    Kind.GEOPACKAGE: ".gpkg",
    Kind.SQLITE: ".sqlite",
    Kind.JSON: ".json",
    Kind.XML: ".xml",
    Kind.TEXT: ".txt",
}
FILENAME = re.compile(r"""filename\s*=\s*(?:"([^"]*)"|([^;]+))""", re.I)
EXTENDED_FILENAME = re.compile(r"filename\*\s*=\s*[\w-]*'[\w-]*'([^;]+)", re.I)


def extension(path: str, has_query: bool, headers: Mapping[str, str], head: bytes) -> str:
    """Extension for a download, such as `.csv.gz`, from the best witness; `.bin` when nobody knows.

    The path of the address is believed when there is no query (a query often says what is really sent); then the
    content type, or, where that says nothing, the file name that the server suggests; then the first bytes.
    """
    named = of_name(path)
    if named and not has_query:
        return named
    typed = TYPES.get(media_type(headers), "")
    return typed or of_name(suggested_name(headers)) or SNIFFED.get(kind_of(head), ".bin")


def of_name(name: str) -> str:
    """The extension of a file name if it is one that we keep, with what stands before `.gz`; else ''."""
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
    if not suffixes or suffixes[-1] not in EXTENSIONS:
        return ""
    if suffixes[-1] == ".gz" and len(suffixes) > 1 and suffixes[-2] in EXTENSIONS - {".gz"}:
        return suffixes[-2] + ".gz"
    return suffixes[-1]


def suggested_name(headers: Mapping[str, str]) -> str:
    """The file name in Content-Disposition, '' without one (RFC 6266; both spellings)."""
    value = headers.get("content-disposition", "")
    extended = EXTENDED_FILENAME.search(value)
    if extended:
        return unquote(extended[1].strip())
    plain = FILENAME.search(value)
    return (plain[1] or plain[2] or "").strip() if plain else ""


def media_type(headers: Mapping[str, str]) -> str:
    """Content-Type without parameters, lower case, '' without one."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()
