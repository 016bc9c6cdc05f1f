"""GeoJSON and ESRI pages by msgspec structs of the needed properties."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

from benchmarks.cases import Case
from benchmarks.floor import Block

BLOCK = 4 << 20


def blocks(case: Case, files: Sequence[Path]) -> Iterator[Block]:
    """The needed properties and the points."""
    return _esri(files, case.needed) if case.data == "esri" else _geojson(files[0], case.needed)


def _geojson(path: Path, needed: tuple[str, ...]) -> Iterator[Block]:
    """One feature stands on each line, with a comma behind it."""
    point = msgspec.defstruct("Point", [("coordinates", tuple[float, float])])
    decoder: Any = msgspec.json.Decoder(list[_feature("properties", needed, point)])  # type: ignore[misc]
    with path.open("rb") as file:
        file.readline()
        while lines := file.readlines(BLOCK):
            if lines[-1].startswith(b"]"):
                lines.pop()
            features = decoder.decode(b"[" + b"".join(lines).rstrip().rstrip(b",") + b"]")
            places = np.array([feature.geometry.coordinates for feature in features])
            yield _columns([feature.properties for feature in features], needed), places[:, 0], places[:, 1]


def _esri(pages: Sequence[Path], needed: tuple[str, ...]) -> Iterator[Block]:
    point = msgspec.defstruct("Point", [("x", float), ("y", float)])
    page = msgspec.defstruct("Page", [("features", list[_feature("attributes", needed, point)])])  # type: ignore[misc]
    decoder: Any = msgspec.json.Decoder(page)
    for path in pages:
        features = decoder.decode(path.read_bytes()).features
        places = np.array([(feature.geometry.x, feature.geometry.y) for feature in features])
        yield _columns([feature.attributes for feature in features], needed), places[:, 0], places[:, 1]


def _feature(member: str, needed: tuple[str, ...], point: type[msgspec.Struct]) -> type[msgspec.Struct]:
    values = msgspec.defstruct("Values", [(name, str) for name in needed])
    return msgspec.defstruct("Feature", [(member, values), ("geometry", point)])


def _columns(records: Sequence[object], needed: tuple[str, ...]) -> pl.DataFrame:
    return pl.DataFrame({name: [getattr(record, name) for record in records] for name in needed})
