"""What somebody wants looked into: an address or a path, as an entry that can be fetched."""

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.source.model import Conform, LayerSource
from openaddr.stages import Layer

ESRI = re.compile(r"/rest/services(/|$)|/(MapServer|FeatureServer)(/|$)", re.I)
ASKED = re.compile(r"(/query)?/?$", re.I)
NOT_OF_THE_ADDRESS = {"f", "where", "outfields", "resultoffset", "resultrecordcount", "returngeometry", "outsr"}
"""Parameters of a query that somebody copied from a browser."""


def entry_of(text: str, settings: Settings) -> tuple[LayerSource, Settings]:
    """An entry without conform for an address or the path of a file, and settings with which it may be read.

    Raises ProblemError(FILE_MISSING) for what is neither.
    """
    address = text.strip()
    if "://" not in address:
        path = Path(address.removeprefix("file:")).absolute()
        if not path.exists():
            message = f"{address[:200]} is neither a file here nor an address with http://, https:// or ftp://."
            raise ProblemError(Code.FILE_MISSING, message)
        # Whoever names a file of their own lets it be read.
        return _entry("file", str(path)), replace(settings, allow_files=(*settings.allow_files, str(path)))
    if address.lower().startswith("file://"):
        return entry_of(urlsplit(address).path, settings)
    if ESRI.search(urlsplit(address).path):
        return _entry("ESRI", _bare(address)), settings
    return _entry("ftp" if address.lower().startswith("ftp:") else "http", address), settings


def _entry(protocol: str, data: str) -> LayerSource:
    conform = Conform("geojson", ()) if protocol == "ESRI" else None
    return LayerSource(Layer.ADDRESSES, "data", "", protocol, data, conform)


def _bare(address: str) -> str:
    """The address of an ESRI folder, service or layer without the query that somebody tried on it."""
    parts = urlsplit(address)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name.lower() not in NOT_OF_THE_ADDRESS]
    return urlunsplit((parts.scheme, parts.netloc, ASKED.sub("", parts.path), urlencode(kept), ""))
