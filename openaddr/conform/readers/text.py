"""Text files of any encoding as UTF-8, block by block.

Bytes that the encoding does not know become a marker, U+FDD0, their hexadecimal digits, U+FDD1: two noncharacters,
which Unicode sets aside for such internal use. So a bad byte costs the row whose value it is in, and only when that
value is needed.
"""

import codecs
import os
import re
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
import polars as pl

from openaddr.conform.readers.dataset import Mask, RowNumbers
from openaddr.errors import Code, ProblemError, RowReason
from openaddr.stages import EXAMPLES_PER_REASON, RowAccount

MARK = "\ufdd0".encode()
"""The first bytes of every marker: what has none of these needs no closer look."""

_MARKER = re.compile("\ufdd0([0-9a-f]+)\ufdd1")
_ON_ERROR = "openaddr-mark"
_ALLOWED = re.compile(
    r"ascii|utf-8(-sig)?|utf-(16|32)(-[bl]e)?|iso8859-\d+|cp\d+|koi8-[rtu]|mac-\w+|kz1048|ptcp154|hp-roman8|tis-620"
    r"|shift_jis\w*|euc_\w+|euc-\w+|gb\w+|big5\w*|hz|johab|iso2022_\w+"
)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return f"\ufdd0{error.object[error.start : error.end].hex()}\ufdd1", error.end


codecs.register_error(_ON_ERROR, _mark)


def codec_of(encoding: str) -> str:
    """Python's own name of a text encoding. Raises ProblemError(ENCODING_UNKNOWN) for anything else, such as rot13."""
    try:
        name = codecs.lookup(encoding.strip()).name
    except (LookupError, ValueError):
        name = ""
    if not _ALLOWED.fullmatch(name):
        raise ProblemError(Code.ENCODING_UNKNOWN, f"`encoding` is {encoding!r}, which is not a known text encoding.")
    return name


def codec_from_bytes(start: bytes) -> str | None:
    """The encoding that the first bytes of a file show by a byte order mark, None without one."""
    return next((name for mark, name in _BYTE_ORDER_MARKS if start.startswith(mark)), None)


def decoded(raw: bytes, codec: str, *, cut: bool = False) -> str:
    """One value as text, with markers for bad bytes; half a character at the end of a `cut` value is left out."""
    if not cut:
        return raw.decode(codec, _ON_ERROR)
    return codecs.getincrementaldecoder(codec)(_ON_ERROR).decode(raw)


class Utf8File:
    """A file read as UTF-8 without byte order mark; blocks end between characters.

    Clean UTF-8 is checked and handed on as it is; other encodings are decoded and encoded again.
    """

    def __init__(self, raw: BinaryIO, codec: str) -> None:
        self._raw = raw
        self._size = os.fstat(raw.fileno()).st_size if raw.seekable() else 0
        self._rest = b""
        self._at_start = True
        self._decoder: codecs.IncrementalDecoder | None = None
        self.at_end = False
        """Known as soon as the last block has been read."""
        if codec not in ("utf-8", "utf-8-sig", "ascii"):
            self._decoder = codecs.getincrementaldecoder(codec)(_ON_ERROR)

    @property
    def share(self) -> float | None:
        """How much of the file has been read, from 0 to 1."""
        return self._raw.tell() / self._size if self._size else None

    def read(self, size: int) -> bytes:
        """About `size` bytes, b"" only at the end."""
        block = b""
        while not block and not self.at_end:
            raw = self._raw.read(size)
            self.at_end = len(raw) < size
            block = self._checked(raw) if self._decoder is None else self._decoded(self._decoder, raw)
            if self._at_start and block:
                block = block.removeprefix(codecs.BOM_UTF8)
                self._at_start = False
        return block

    def _checked(self, raw: bytes) -> bytes:
        data = self._rest + raw if self._rest else raw
        self._rest = b""
        if data.isascii():
            return data
        try:
            _, used = codecs.utf_8_decode(data, "strict", self.at_end)
        except UnicodeDecodeError:
            text, used = codecs.utf_8_decode(data, _ON_ERROR, self.at_end)
            self._rest = data[used:]
            return text.encode()
        self._rest = data[used:]
        return data[:used] if self._rest else data

    def _decoded(self, decoder: codecs.IncrementalDecoder, raw: bytes) -> bytes:
        return decoder.decode(raw, self.at_end).encode("utf-8", "backslashreplace")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._raw.close()


def open_utf8(path: Path, encoding: str | None) -> Utf8File:
    """Open a text file; without `encoding`, or as UTF-8, it is UTF-8 unless a byte order mark says otherwise.

    UTF-16 and UTF-32 without a byte order mark are read by where their first zero byte is. Raises ProblemError.
    """
    codec = codec_of(encoding) if encoding else None
    raw = path.open("rb")
    start = raw.read(4)
    raw.seek(0)
    if codec in (None, "utf-8", "utf-8-sig", "ascii"):
        codec = codec_from_bytes(start) or "utf-8"
    elif codec in ("utf-16", "utf-32"):
        codec = codec_from_bytes(start) or (f"{codec}-be" if start[:1] == b"\0" else f"{codec}-le")
    return Utf8File(raw, codec)


def shown(text: str) -> str:
    r"""Text for people: bytes that could not be decoded as `\xNN`."""
    return _MARKER.sub(lambda match: "".join(f"\\x{byte:02x}" for byte in bytes.fromhex(match[1])), text)


def marked(text: str) -> str:
    """The same text with lone surrogates, which no encoding can write, as markers."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", _ON_ERROR)


def reject_marked(frame: pl.DataFrame, rows: RowNumbers, account: RowAccount) -> Mask:
    """Which rows have no undecodable value in any column; the others are rejected as ROW_ENCODING."""
    if not frame.width:
        return np.ones(len(rows), dtype=np.bool_)
    bad = frame.select(pl.any_horizontal(pl.all().str.contains(_MARKER.pattern))).to_series().to_numpy()
    found = np.flatnonzero(bad)
    examples = [(int(rows[at]), _first_marked(frame.row(int(at)))) for at in found[:EXAMPLES_PER_REASON]]
    if len(found):
        account.reject(RowReason.ROW_ENCODING, len(found), examples)
    return np.asarray(~bad, dtype=np.bool_)


def _first_marked(values: Sequence[str]) -> str:
    return next(shown(value) for value in values if _MARKER.search(value))
