"""What the files beside a .shp say: the encoding of the text, and how much there should be.

The layouts are those of the ESRI Shapefile Technical Description (1998) and of dBASE III.
"""

import struct
from pathlib import Path

import numpy as np

from openaddr.conform.readers.text import codec_of
from openaddr.errors import Code, ProblemError

_MAX_CPG = 64
_LANGUAGE_BYTE = 29
_DBF_HEADER = 32
_SHX_HEADER = 100
_LANGUAGES = {
    0x01: 437, 0x02: 850, 0x03: 1252, 0x04: "mac-roman", 0x08: 865, 0x09: 437, 0x0A: 850, 0x0B: 437, 0x0D: 437,
    0x0E: 850, 0x0F: 437, 0x10: 850, 0x11: 437, 0x12: 850, 0x13: 932, 0x14: 850, 0x15: 437, 0x16: 850, 0x17: 865,
    0x18: 437, 0x19: 437, 0x1A: 850, 0x1B: 437, 0x1C: 863, 0x1D: 850, 0x1F: 852, 0x22: 852, 0x23: 852, 0x24: 860,
    0x25: 850, 0x26: 866, 0x37: 850, 0x40: 852, 0x4D: 936, 0x4E: 949, 0x4F: 950, 0x50: 874, 0x58: 1252, 0x59: 1252,
    0x64: 852, 0x65: 866, 0x66: 865, 0x67: 861, 0x6A: 737, 0x6B: 857, 0x6C: 863, 0x78: 950, 0x79: 949, 0x7A: 936,
    0x7B: 932, 0x7C: 874, 0x86: 737, 0x87: 852, 0x88: 857, 0x96: "mac-cyrillic", 0x97: "mac-latin2", 0xC8: 1250,
    0xC9: 1251, 0xCA: 1254, 0xCB: 1253, 0xCC: 1257,
}  # fmt: skip
"""Language driver ids of dBASE by code page. 0x57 is left out on purpose: it says "whatever this computer uses"."""


def declared_codec(shapefile: Path) -> str | None:
    """The Python codec that the files beside `shapefile` name, the .cpg before the .dbf; None when they name none."""
    beside = {file.suffix.lower(): file for file in siblings(shapefile)}
    if ".cpg" in beside:
        with beside[".cpg"].open("rb") as file:
            named = _codec(file.read(_MAX_CPG).decode("latin-1"))
        if named:
            return named
    if ".dbf" not in beside:
        return None
    with beside[".dbf"].open("rb") as file:
        head = file.read(_LANGUAGE_BYTE + 1)
    page = _LANGUAGES.get(head[_LANGUAGE_BYTE]) if len(head) > _LANGUAGE_BYTE else None
    return None if page is None else _codec(str(page))


def require_whole(shapefile: Path) -> None:
    """Raise ProblemError(DATA_UNREADABLE) when .shp or .dbf end before their index or header says.

    GDAL gives the rows that are there and says nothing.
    """
    beside = {file.suffix.lower(): file for file in siblings(shapefile)}
    if ".shx" in beside:
        _require_shapes(shapefile, beside[".shx"])
    if ".dbf" in beside:
        _require_records(beside[".dbf"])


def _require_shapes(shapefile: Path, index: Path) -> None:
    if index.stat().st_size < _SHX_HEADER:
        message = f"{index.name} breaks off: it has {index.stat().st_size} bytes, its head alone has {_SHX_HEADER}."
        raise ProblemError(Code.DATA_UNREADABLE, message)
    entries = np.fromfile(index, dtype=">i4", offset=_SHX_HEADER, count=-1)
    places = entries[: len(entries) // 2 * 2].reshape(-1, 2).astype(np.int64)
    size = shapefile.stat().st_size
    # Both in units of 16 bits; a record has a header of 8 bytes that its length leaves out.
    outside = int((places.sum(axis=1) * 2 + 8 > size).sum())
    if outside:
        message = f"{shapefile.name} breaks off: {outside:,} of its {len(places):,} shapes lie beyond its end."
        raise ProblemError(Code.DATA_UNREADABLE, message)


def _require_records(table: Path) -> None:
    with table.open("rb") as file:
        head = file.read(_DBF_HEADER)
    if len(head) < _DBF_HEADER:
        return
    records, header, length = struct.unpack("<IHH", head[4:12])
    there = max(0, table.stat().st_size - header) // length if length else records
    if there < records:
        message = f"{table.name} breaks off: it has {there:,} rows, {records:,} by its header."
        raise ProblemError(Code.DATA_UNREADABLE, message)


def siblings(shapefile: Path) -> list[Path]:
    """Files of the same name but for the ending, in any case of letters, `shapefile` among them."""
    stem = shapefile.stem.lower()
    return sorted(file for file in shapefile.parent.iterdir() if file.stem.lower() == stem)


def _codec(declared: str) -> str | None:
    """Python's codec for what tools write into a .cpg: `UTF-8`, `1252`, `ANSI 1252`, `8859_1`, `88591`, `OEM 852`."""
    name = declared.strip().strip("\0").upper().removeprefix("ANSI ").removeprefix("OEM ").strip()
    if name in ("65001", "UTF8"):
        name = "utf-8"
    elif name.startswith("8859"):
        name = f"iso8859-{name[4:].lstrip('-_')}"
    elif name.isdecimal():
        name = f"cp{name}"
    try:
        return codec_of(name)
    except ProblemError:
        return None
