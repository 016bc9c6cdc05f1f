"""GDAL in this process: the one driver that a file needs, no network, and its errors in our words.

GDAL finds out by itself what a file is and by default has sixty drivers, among them some that fetch what a file tells
them to. Here all but one are removed before a file is opened.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyogrio
from pyogrio import _ogr, errors

from openaddr.errors import Code, ProblemError

BATCH_BYTES = 32_000_000

_SETTINGS = {
    # Nothing is fetched: schemas, linked elements, or files by address.
    "GML_DOWNLOAD_SCHEMA": "NO",
    "GML_SKIP_RESOLVE_ELEMS": "ALL",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "GDAL_HTTP_PROXY": "127.0.0.1:9",
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_HTTP_MAX_RETRY": "0",
    # A missing index is made again from the .shp.
    "SHAPE_RESTORE_SHX": "YES",
    "OGR_ARROW_MEM_LIMIT": str(BATCH_BYTES),
    # One source has one core.
    "OGR_GPKG_NUM_THREADS": "1",
}
_SHOWN = 200
_FAILURES = (
    errors.DataSourceError,
    errors.DataLayerError,
    errors.FeatureError,
    errors.FieldError,
    errors.GeometryError,
    errors.CRSError,
    pa.ArrowException,
    OSError,
    # What pyogrio raises where GDAL cannot write a damaged coordinate system out as text.
    UnboundLocalError,
)


def prepare(driver: str) -> None:
    """Remove all drivers but this one and apply the settings: half a millisecond."""
    others = _all_drivers() - {driver}
    pyogrio.set_gdal_config_options({**_SETTINGS, "GDAL_SKIP": ",".join(sorted(others))})
    # Registering is when GDAL looks at GDAL_SKIP; it also brings back the driver that was removed for another file.
    _ogr._register_drivers()
    left = set(pyogrio.list_drivers())
    if left != {driver}:
        raise RuntimeError(f"GDAL has the drivers {sorted(left)} and not only {driver}")


@cache
def _all_drivers() -> frozenset[str]:
    """What GDAL was built with, asked before any is removed."""
    return frozenset(pyogrio.list_drivers())


@contextmanager
def gdal_at(path: Path) -> Iterator[None]:
    """GDAL works on `path`: its failures become ProblemError(DATA_UNREADABLE), its warnings are not repeated."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except _FAILURES as error:
        words = str(error).replace(str(path), path.name).replace(f"{path.parent}/", "")
        raise ProblemError(Code.DATA_UNREADABLE, f"{path.name} cannot be read: {_short(words)}") from error


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
