"""A source file as JSON: the keys in the order in which most source files have them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from openaddr.bench.place import Place
from openaddr.bench.records import Suggested

CONFORM_FIRST = ("format", "file", "layer", "encoding", "csvsplit", "headers", "skiplines", "srs")
PROTOCOLS = {"ESRI": "ESRI", "ftp": "ftp"}
"""Everything else is `http`, files of this machine too: their address begins with file://."""


@dataclass(frozen=True)
class Origin:
    """Where data comes from and on which terms, as a source says it; what is '' or empty is not said."""

    data: str
    protocol: str
    compression: str | None = None
    website: str = ""
    license: Mapping[str, Any] = field(default_factory=dict)


def source_json(place: Place, origin: Origin, suggestions: Sequence[Suggested]) -> dict[str, Any]:
    """The source file of a place with an entry for each suggestion."""
    layers: dict[str, list[dict[str, Any]]] = {}
    for suggested in suggestions:
        layers.setdefault(suggested.layer, []).append(entry_json(place, origin, suggested.conform))
    return {"coverage": place.coverage(), "schema": 2, "layers": layers}


def entry_json(place: Place, origin: Origin, conform: Mapping[str, Any]) -> dict[str, Any]:
    """One entry of a layer."""
    members = {
        "name": place.level,
        "data": origin.data,
        "website": origin.website,
        "license": dict(origin.license),
        "protocol": PROTOCOLS.get(origin.protocol, "http"),
        "compression": origin.compression,
        "conform": _ordered(conform),
    }
    return {name: value for name, value in members.items() if value}


def _ordered(conform: Mapping[str, Any]) -> dict[str, Any]:
    """How the data is read, then the attributes."""
    first = {name: conform[name] for name in CONFORM_FIRST if name in conform}
    return first | {name: value for name, value in conform.items() if name not in first}
