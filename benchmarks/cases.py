"""What is measured: for each format a source entry like the real ones, and the columns that it needs."""

import json
from dataclasses import dataclass
from typing import Any

from openaddr.source.model import LayerSource
from openaddr.source.parse import parse_source

STREET = {"function": "join", "fields": ["PREDIR", "STNAME", "STTYPE"]}
PLAIN = {"id": "PIN", "number": "HOUSENO", "street": STREET, "unit": "UNIT", "city": "CITY", "postcode": "ZIP"}
PLAIN_COLUMNS = ("PIN", "HOUSENO", "PREDIR", "STNAME", "STTYPE", "UNIT", "CITY", "ZIP")
WITH_REGEXP = PLAIN | {"postcode": {"function": "regexp", "field": "ZIP", "pattern": "^([0-9]{5})"}}
REGEXPS = {
    "id": "PIN",
    "number": {"function": "regexp", "field": "FULLADDR", "pattern": "^([0-9]+)"},
    "street": {"function": "regexp", "field": "FULLADDR", "pattern": "^(?:[0-9]+ )(.*?)(?: Apt .*)?$", "replace": "$1"},
    "unit": {
        "function": "chain",
        "variable": "flat",
        "functions": [
            {"function": "postfixed_unit", "field": "FULLADDR"},
            {"function": "regexp", "field": "oa:flat", "pattern": "^Apt ", "replace": "Flat "},
        ],
    },
    "city": "CITY",
    "postcode": "ZIP",
}


@dataclass(frozen=True)
class Case:
    """One measurement. `floor_goal` is how many times the floor it may cost; `most` limits slow formats."""

    name: str
    data: str
    rules: dict[str, Any]
    needed: tuple[str, ...] = PLAIN_COLUMNS
    protocol: str = "http"
    floor_goal: float | None = None
    most: int | None = None

    @property
    def entry(self) -> LayerSource:
        """The entry as it comes out of a source file."""
        member = {"name": "bench", "protocol": self.protocol, "data": "http://demo.invalid/", "conform": self.rules}
        source = {"schema": 2, "coverage": {"geometry": {}}, "layers": {"addresses": [member]}}
        (entry,) = parse_source("xx/bench", json.dumps(source).encode()).entries
        assert isinstance(entry, LayerSource)
        return entry

    def rows(self, wanted: int) -> int:
        """How many rows to measure when `wanted` are asked for."""
        return min(wanted, self.most or wanted)


METRES = {"srs": "EPSG:25833", "lon": "X", "lat": "Y"}
CASES = {
    case.name: case
    for case in (
        Case(
            "csv, projected, join",
            "csv-metres",
            {"format": "csv", **METRES, **PLAIN},
            (*PLAIN_COLUMNS, "X", "Y"),
            floor_goal=4,
        ),
        Case(
            "csv, regexps, chain",
            "csv-degrees",
            {"format": "csv", "lon": "LON", "lat": "LAT", **REGEXPS},
            ("PIN", "FULLADDR", "CITY", "ZIP", "LON", "LAT"),
            floor_goal=4,
        ),
        Case("geopackage", "gpkg", {"format": "gpkg", **WITH_REGEXP}, floor_goal=4),
        Case("geodatabase", "gdb", {"format": "gdb", **WITH_REGEXP}, floor_goal=2),
        Case("shapefile, points", "shp-points", {"format": "shapefile", **WITH_REGEXP}, floor_goal=2),
        Case("shapefile, parcels", "shp-areas", {"format": "shapefile-polygon", **WITH_REGEXP}),
        Case("geojson", "geojson", {"format": "geojson", **WITH_REGEXP}, floor_goal=2),
        Case("esri", "esri", {"format": "geojson", **WITH_REGEXP}, protocol="ESRI"),
        Case("gml", "gml", {"format": "xml", **WITH_REGEXP}, most=100_000),
    )
}
