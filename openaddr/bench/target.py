"""What somebody wants looked into: an address or a path, as an entry that can be fetched."""

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.source.model import Conform, LayerSource
from openaddr.source.parse import MAX_BYTES, read_source
from openaddr.stages import Layer

ESRI = re.compile(r"/rest/services(/|$)|/(MapServer|FeatureServer)(/|$)", re.I)
ASKED = re.compile(r"(/query)?/?$", re.I)
NOT_OF_THE_ADDRESS = {"f", "where", "outfields", "resultoffset", "resultrecordcount", "returngeometry", "outsr"}
"""Parameters of a query that somebody copied from a browser."""


def entry_of(text: str, settings: Settings) -> tuple[LayerSource, Settings]:
    """An entry without conform for an address or the path of a file, and settings with which it may be read.

    Raises ProblemError: URL_INVALID for what is neither, ANSWER_NEEDED for a source file.
    """
    address = text.strip()
    if "://" not in address:
        path = Path(address.removeprefix("file:")).absolute()
        if not path.exists():
            message = f"{address[:200]} is neither a file here nor an address with http://, https:// or ftp://."
            raise ProblemError(Code.URL_INVALID, message, hint="Check the path, or begin the address with https://.")
        if path.is_dir():
            hint = "Put it into a zip, as a publisher would do with a geodatabase."
            raise ProblemError(Code.URL_INVALID, f"{address[:200]} is a folder and no file.", hint=hint)
        _refuse_source(path)
        # Whoever names a file of their own lets it be read.
        return _entry("file", str(path)), replace(settings, allow_files=(*settings.allow_files, str(path)))
    if address.lower().startswith("file://"):
        return entry_of(urlsplit(address).path, settings)
    if ESRI.search(urlsplit(address).path):
        return _entry("ESRI", _bare(address)), settings
    return _entry("ftp" if address.lower().startswith("ftp:") else "http", address), settings


def _refuse_source(path: Path) -> None:
    """Raise ProblemError where somebody means the data of a source file."""
    if path.suffix != ".json" or not path.is_file() or path.stat().st_size > MAX_BYTES:
        return
    try:
        entries = read_source(path).entries
    except ProblemError:
        return
    addresses = [entry.data for entry in entries if isinstance(entry, LayerSource) and entry.data]
    if addresses:
        hint = f"`openaddr sample {path.name}` shows its rows; its data is at {addresses[0]}"
        raise ProblemError(Code.ANSWER_NEEDED, f"{path.name} is a source file and no data.", hint=hint)


def _entry(protocol: str, data: str) -> LayerSource:
    conform = Conform("geojson", ()) if protocol == "ESRI" else None
    return LayerSource(Layer.ADDRESSES, "data", "", protocol, data, conform)


def _bare(address: str) -> str:
    """The address of an ESRI folder, service or layer without the query that somebody tried on it."""
    parts = urlsplit(address)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name.lower() not in NOT_OF_THE_ADDRESS]
    return urlunsplit((parts.scheme, parts.netloc, ASKED.sub("", parts.path), urlencode(kept), ""))
