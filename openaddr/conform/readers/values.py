"""The text of values that GDAL gives as Arrow columns.

The rules are those that source authors rely on: numbers as Python writes them, dates and times as OGR does
(`2024/03/01 08:00:00+01`), lists as Python lists, booleans as 1 and 0, bytes in hexadecimal, null as ''.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from openaddr.conform.readers.text import MARK, decoded

_ISO_TIME = r"^(-?\d+)-(\d\d)-(\d\d)T([\d:]+(?:\.\d+)?)(.*)$"
_DATE = "%Y/%m/%d"


@dataclass(frozen=True)
class TextRule:
    """How text was stored: `codec` is the encoding of what stands, byte for byte, in an ISO-8859-1 text.

    With codec None the text is UTF-8 as it should be. `fixed` says that columns have a width in bytes at which longer
    values were cut off, in the middle of a character if it so happened.
    """

    codec: str | None = None
    fixed: bool = False


def text_of(field: pa.Field, column: pa.Array, rule: TextRule) -> pl.Series:
    """A column as text without nulls. Bytes that are no text are marked, as `readers.text` says."""
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if isinstance(column, pa.DictionaryArray):
        # A column with a list of allowed values: the code is the value, the dictionary only explains it.
        column = column.indices
    kind, metadata = column.type, field.metadata or {}
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        if metadata.get(b"GDAL:OGR:type") == b"DateTime":
            return _datetimes(_series(column))
        width = int(metadata.get(b"GDAL:OGR:width", 0)) if rule.fixed else 0
        return _text(column, rule.codec, width)
    if pa.types.is_floating(kind):
        return _floats(_series(column))
    return _OTHERS.get(kind.id, _plain)(_series(column))


def _series(column: pa.Array) -> pl.Series:
    series = pl.from_arrow(column)
    return series if isinstance(series, pl.Series) else series.to_series()


def _text(column: pa.Array, codec: str | None, width: int) -> pl.Series:
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        raw = column.cast(pa.binary()).to_pylist()
        return _joined([decoded(value, "utf-8", cut=_is_cut(value, width)) if value else "" for value in raw])
    series = _series(column).fill_null("")
    return series if codec in (None, "iso8859-1") else _recoded(series, codec or "", width)


def _is_cut(value: bytes, width: int) -> bool:
    return 0 < width <= len(value)


def _recoded(series: pl.Series, codec: str, width: int) -> pl.Series:
    """Text from the bytes that stand in `series` as ISO-8859-1. ASCII stays, unless the codec changes that too."""
    if _keeps_ascii(codec):
        foreign = (series.str.len_bytes() != series.str.len_chars()).to_numpy()
        if not foreign.any():
            return series
        values = series.to_list()
        rows = np.flatnonzero(foreign).tolist()
    else:
        values = series.to_list()
        rows = list(range(len(values)))
    for row in rows:
        raw = values[row].encode("iso8859-1")
        values[row] = decoded(raw, codec, cut=_is_cut(raw, width))
    return _joined(values)


def _keeps_ascii(codec: str) -> bool:
    every = bytes(range(128))
    return decoded(every, codec) == every.decode("ascii")


def _joined(values: list[str]) -> pl.Series:
    return pl.Series(values, dtype=pl.String)


def _floats(series: pl.Series) -> pl.Series:
    """As Python's repr; polars writes the same between 1e-4 and 1e16."""
    values = series.cast(pl.Float64)
    text = values.cast(pl.String).fill_null("")
    numbers = values.fill_null(0.0).to_numpy()
    size = np.abs(numbers)
    odd = np.flatnonzero(~(((size >= 1e-4) & (size < 1e16)) | (size == 0)))
    if not len(odd):
        return text
    texts = text.to_list()
    for row in odd.tolist():
        texts[row] = repr(float(numbers[row]))
    return _joined(texts)


def _datetimes(series: pl.Series) -> pl.Series:
    """From ISO 8601 to OGR's way."""
    text = series.str.replace(_ISO_TIME, "${1}/${2}/${3} ${4}${5}")
    text = text.str.replace(r"Z$", "+00").str.replace(r"([+-]\d\d):00$", "${1}")
    return text.str.replace(r"([+-]\d\d):(\d\d)$", "${1}${2}").fill_null("")


def _booleans(series: pl.Series) -> pl.Series:
    return _plain(series.cast(pl.UInt8))


def _dates(series: pl.Series) -> pl.Series:
    return series.dt.strftime(_DATE).fill_null("")


def _times(series: pl.Series) -> pl.Series:
    return series.dt.strftime("%H:%M:%S%.3f").str.strip_suffix(".000").fill_null("")


def _bytes(series: pl.Series) -> pl.Series:
    return series.bin.encode("hex").str.to_uppercase().fill_null("")


def _lists(series: pl.Series) -> pl.Series:
    return _joined(["" if value is None else str(value) for value in series.to_list()])


def _plain(series: pl.Series) -> pl.Series:
    return series.cast(pl.String).fill_null("")


_OTHERS: dict[int, Callable[[pl.Series], pl.Series]] = {
    pa.lib.Type_BOOL: _booleans,
    pa.lib.Type_DATE32: _dates,
    pa.lib.Type_TIME32: _times,
    pa.lib.Type_TIME64: _times,
    pa.lib.Type_BINARY: _bytes,
    pa.lib.Type_LARGE_BINARY: _bytes,
    pa.lib.Type_LIST: _lists,
    pa.lib.Type_LARGE_LIST: _lists,
}


def has_marks(series: pl.Series) -> bool:
    """Whether a column has bytes that were no text."""
    return bool(series.str.contains(MARK.decode(), literal=True).any())
