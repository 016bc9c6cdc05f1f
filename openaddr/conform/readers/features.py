"""Features of GeoJSON as columns: needed properties as text, geometry as points or shapes."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from openaddr.conform.readers.dataset import Batch, RowNumbers
from openaddr.conform.readers.geojson_geometry import AnyGeometry, FlatGeometry, PointGeometry, located
from openaddr.conform.readers.json_values import geojson_text, members_type, plain, text_frame
from openaddr.conform.readers.rejecting import keep_rows, reject_where
from openaddr.conform.readers.text import MARK, reject_marked, shown
from openaddr.errors import RowReason
from openaddr.stages import RowAccount


class FeatureDecoder:
    """Typed decoding of the properties named by `columns` and of the geometry.

    It starts with the quickest way and stays with the next one once a block has other geometry: points, then lines
    and polygons of two ordinates, then anything as JSON text.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        properties, self.getters = members_type(self.columns)
        self.no_properties = properties()
        self._ways = [
            _decoder(properties, PointGeometry | None, None),
            _decoder(properties, FlatGeometry | None, None),
            _decoder(properties, AnyGeometry, AnyGeometry()),
        ]
        self.has_marks = False

    def decode(self, data: bytes) -> list[Any] | None:
        """Features of a JSON array, None when it is not one or has values of unexpected kinds."""
        self.has_marks = MARK in data
        while True:
            try:
                features: list[Any] = self._ways[0].decode(data)
                return features
            except msgspec.ValidationError:
                if len(self._ways) == 1:
                    return None
                self._ways = self._ways[1:]
            except (msgspec.DecodeError, RecursionError):
                return None


def _decoder(properties: Any, geometry: Any, default: Any) -> msgspec.json.Decoder[list[Any]]:
    struct = msgspec.defstruct(
        "Feature", [("properties", properties | None, None), ("geometry", geometry, default)], gc=False
    )
    return msgspec.json.Decoder(list[struct])  # type: ignore[valid-type]


def batch_of(items: list[Any], decoder: FeatureDecoder, account: RowAccount) -> Batch:
    """One batch from features that `decoder` gave, or from plain JSON values; counts and rejects rows."""
    rows = np.arange(account.received + 1, account.received + len(items) + 1)
    account.received += len(items)
    typed = all(isinstance(item, msgspec.Struct) for item in items[:1])
    if typed:
        members = [item.properties or decoder.no_properties for item in items]
        values = [list(map(getter, members)) for getter in decoder.getters]
        geometries = [item.geometry for item in items]
    else:
        items, rows = _objects(items, rows, account)
        values = [[plain(_properties(item).get(name)) for item in items] for name in decoder.columns]
        geometries = [_geometry_text(item) for item in items]
    frame = text_frame(decoder.columns, values, geojson_text)
    geometry, faults = located(geometries)
    kept = np.ones(len(rows), dtype=np.bool_)
    if decoder.has_marks or not typed:
        kept = reject_marked(frame, rows, account)
    for reason, bad in faults.items():
        reject_where(bad & kept, reason, rows, lambda at: _shown_geometry(geometries[at]), account)
        kept &= ~bad
    return keep_rows(Batch(frame, geometry, rows), kept)


def _objects(items: list[Any], rows: RowNumbers, account: RowAccount) -> tuple[list[Any], RowNumbers]:
    """JSON objects with their numbers; numbers, strings and nulls among the features are rejected."""
    good = np.array([isinstance(item, dict) for item in items], dtype=np.bool_)
    reject_where(~good, RowReason.ROW_UNREADABLE, rows, lambda at: shown(plain(repr(items[at]))), account)
    return [item for item in items if isinstance(item, dict)], rows[good]


def _properties(item: dict[str, Any]) -> dict[str, Any]:
    properties = item.get("properties")
    return properties if isinstance(properties, dict) else {}


def _geometry_text(item: dict[str, Any]) -> bytes:
    return json.dumps(item.get("geometry")).encode()


def _shown_geometry(geometry: Any) -> str:
    """The geometry as JSON text, which is how the publisher knows it."""
    text = msgspec.json.encode(geometry) if isinstance(geometry, msgspec.Struct) else bytes(geometry or b"null")
    return shown(text[:400].decode(errors="ignore"))
