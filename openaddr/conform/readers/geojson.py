"""GeoJSON files: a FeatureCollection, a bare array, one feature, or features line by line (also RFC 8142)."""

import codecs
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from openaddr.conform.readers.dataset import Batch
from openaddr.conform.readers.feature_stream import FeatureStream, Limits
from openaddr.conform.readers.features import FeatureDecoder, batch_of
from openaddr.conform.readers.text import codec_from_bytes, codec_of, open_utf8
from openaddr.stages import RowAccount

WGS84 = "EPSG:4326"
_SNIFFED = 1 << 16
_EPSG = re.compile(
    r"(?:urn:(?:x-)?ogc:def:crs:EPSG:[^:]*:|EPSG:+|https?://www\.opengis\.net/def/crs/EPSG/[^/]+/)(\d+)", re.I
)


def open_geojson(
    path: Path, *, encoding: str | None, wanted: Collection[str] = (), limits: Limits | None = None
) -> "GeojsonFile":
    """Open a GeoJSON file; its columns are the property names of all features of its first block.

    Publishers leave out what is empty, so names that are `wanted` and not there are looked for in the rest of the file.
    JSON is UTF-8, whatever `encoding` says, unless the bytes deny it. Raises ProblemError: DATA_EMPTY,
    DATA_UNREADABLE, TRUNCATED, ENCODING_UNKNOWN.
    """
    encoding = _encoding(path, encoding)
    limits = limits or Limits()
    with open_utf8(path, encoding) as file:
        stream = FeatureStream(file, limits)
        stream.enter()
        columns: dict[str, None] = {}
        for items in stream.lists(_keys_of):
            columns.update(dict.fromkeys(_property_names(items)))
            if columns.keys() >= set(wanted):
                break
        return GeojsonFile(tuple(columns), declared_crs(stream.members.get("crs")), path, encoding, limits)


@dataclass
class GeojsonFile:
    """A Dataset of features."""

    columns: tuple[str, ...]
    crs: str | None
    path: Path
    encoding: str | None
    limits: Limits
    share: float | None = field(default=None, init=False)

    def batches(self, columns: Sequence[str], account: RowAccount) -> Iterator[Batch]:
        """See Dataset. A column that a feature does not have is ''; features without geometry are rejected."""
        decoder = FeatureDecoder(columns)
        with open_utf8(self.path, self.encoding) as file:
            stream = FeatureStream(file, self.limits)
            stream.enter()
            for items in stream.lists(decoder.decode):
                batch = batch_of(items, decoder, account)
                self.share = file.share
                if len(batch.rows):
                    yield batch


def declared_crs(member: Any) -> str:
    """The coordinate system of an old-style `crs` member (GeoJSON 2008) before the features; else EPSG:4326."""
    properties = member.get("properties") if isinstance(member, dict) else None
    if not isinstance(properties, dict):
        return WGS84
    code = properties.get("code")
    if isinstance(code, int):
        return f"EPSG:{code}"
    match = _EPSG.fullmatch(str(properties.get("name", "")).strip())
    return f"EPSG:{match[1]}" if match else WGS84


def _encoding(path: Path, encoding: str | None) -> str | None:
    """What to open the file as: a byte order mark, then UTF-8 if it can be, then what the source says."""
    codec = codec_of(encoding) if encoding else None
    with path.open("rb") as raw:
        start = raw.read(_SNIFFED)
    if codec_from_bytes(start):
        return None
    if b"\0" in start[:2]:
        return "utf-16"
    if codec is None or b"\0" in start:
        return codec
    try:
        codecs.utf_8_decode(start, "strict", False)
    except UnicodeDecodeError:
        return codec
    return None


class _Keys(msgspec.Struct, gc=False):
    properties: dict[str, msgspec.Raw] | None = None


_keys = msgspec.json.Decoder(list[_Keys])


def _keys_of(data: bytes) -> list[_Keys] | None:
    try:
        return _keys.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return None


def _property_names(items: list[Any]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for item in items:
        properties = item.get("properties") if isinstance(item, dict) else getattr(item, "properties", None)
        if isinstance(properties, dict):
            names.update(dict.fromkeys(properties))
    return tuple(names)
