"""Makes the boxes of countries, and of the states and counties of the US, from npm packages of public domain data.

The names of the counties go into a file of their own.

    python -m openaddr.source.places node_modules

Run once at set-up; the result lies beside the code and is not part of the repository. `us-atlas` (Census Bureau) has
states and counties by their FIPS codes, `world-atlas` (Natural Earth) countries by the numbers of ISO 3166, which
`i18n-iso-countries` turns into their letters.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import fiona
import shapely.geometry

from openaddr.source.coverage import COUNTIES, PLACES
from openaddr.stages import Bounds

Places = dict[str, Bounds]


def build(modules: Path, target: Path = PLACES) -> None:
    """Read the packages in a folder and write the boxes: two letters, or two or five digits, to west … north.

    Beside the target, `counties.json` has five digits to the name of the county, without "County".
    """
    letters = {number: two for two, _, number, _ in json.loads((modules / "i18n-iso-countries/codes.json").read_text())}
    countries = dict(_boxes(modules / "world-atlas/countries-10m.json", "countries"))
    states = dict(_boxes(modules / "us-atlas/counties-10m.json", "states"))
    counties = dict(_boxes(modules / "us-atlas/counties-10m.json", "counties"))
    places = {letters[number]: box for number, box in countries.items() if number in letters} | states | counties
    # For ISO 3166 its islands are countries of their own, but sources of them are sources of the US.
    places["US"] = _around([places["US"], *states.values()])
    text = json.dumps({name: [round(value, 3) for value in box] for name, box in sorted(places.items())})
    target.write_text(text + "\n", encoding="utf-8")
    names = dict(sorted(_names(modules / "us-atlas/counties-10m.json", "counties")))
    target.with_name(COUNTIES.name).write_text(json.dumps(names) + "\n", encoding="utf-8")


def _names(path: Path, layer: str) -> Iterator[tuple[str, str]]:
    with fiona.open(path, layer=layer, ignore_geometry=True) as features:
        for feature in features:
            if feature.properties["id"]:
                yield feature.properties["id"], feature.properties["name"]


def _boxes(path: Path, layer: str) -> Iterator[tuple[str, Bounds]]:
    with fiona.open(path, layer=layer) as features:
        for feature in features:
            shape = shapely.geometry.shape(feature.geometry) if feature.geometry else None
            if shape and feature.properties["id"]:
                west, south, east, north = shape.bounds
                yield feature.properties["id"], (west, south, east, north)


def _around(boxes: list[Bounds]) -> Bounds:
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
