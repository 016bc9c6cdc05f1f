"""Coordinate systems by PROJ: whether one is usable, and the way from it to longitude and latitude."""

import re
from functools import lru_cache

import pyproj
from pyproj.exceptions import CRSError, ProjError

from openaddr.conform.readers.dataset import Floats
from openaddr.errors import Code, ProblemError

_WGS84 = "EPSG:4326"
_SHOWN = 60
_LONGEST = 20_000
_FORMS = re.compile(r"[\w.-]+:[\w.:,+-]+|https?://www\.opengis\.net/\S+|\w+\s*[\[(].*|\+?\w+=.*", re.DOTALL)
"""Code, URN, address of a definition, WKT, and PROJ's own; what is neither is a name, which PROJ would guess at."""
_READS_FILES = re.compile(r'grids\s*=(?!@null(?:[\s"]|$))|init\s*=(?!epsg:\d)|parameterfile|^\{|\0', re.IGNORECASE)
"""How a system names a file, which PROJ would open wherever it is: grids, definitions, and PROJJSON, which has both."""


def checked(text: str, srs: str, pointer: str | None) -> str:
    """`text` when PROJ knows it as a system of places on the ground, `EPSG:4326` when it is the same as that.

    A system that names files of its own is refused. Raises ProblemError(CRS_UNKNOWN); its message quotes `srs` as the
    source or the data has it.
    """

    shown = srs if len(srs) <= _SHOWN else f"{srs[:_SHOWN]}…"
    if len(text) > _LONGEST:
        message = f"The coordinate system has {len(text):,} characters; {_LONGEST:,} are allowed."
        raise _unknown(message, pointer)
    if not _FORMS.fullmatch(text):
        raise _unknown(f"The coordinate system {shown!r} is neither a code nor a definition.", pointer)
    if _READS_FILES.search(text):
        raise _unknown(f"The coordinate system {shown!r} names a file, which is not read.", pointer)
    try:
        crs = pyproj.CRS.from_user_input(text)
    except CRSError:
        raise _unknown(f"The coordinate system {shown!r} is not known to PROJ.", pointer) from None
    if not (crs.is_geographic or crs.is_projected):
        raise _unknown(f"{shown!r} ({crs.name}) is a {crs.type_name}, not a system of places on the ground.", pointer)
    if crs.equals(_WGS84, ignore_axis_order=True):
        return _WGS84
    try:
        _transformer(text)
    except ProjError:
        raise _unknown(f"There is no way from {shown!r} ({crs.name}) to longitude and latitude.", pointer) from None
    return text


def transform(crs: str, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Longitude and latitude of x = easting and y = northing; infinite where there is none."""
    lon, lat = _transformer(crs).transform(x, y)
    return lon, lat


@lru_cache(maxsize=32)
def _transformer(crs: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(crs, _WGS84, always_xy=True)


def _unknown(message: str, pointer: str | None) -> ProblemError:
    return ProblemError(Code.CRS_UNKNOWN, message, pointer=pointer)
