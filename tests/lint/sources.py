"""Source files for tests of the lint: a good one, and ways to spoil it."""

import json
from typing import Any

from openaddr.lint.check import check_bytes
from openaddr.lint.findings import Finding

PATH = "us/ca/alameda"
CONFORM = {"format": "geojson", "number": "ADDRNUM", "street": "FULLNAME", "city": "CITY", "postcode": "ZIP"}
LICENSE = {"text": "CC BY 4.0", "url": "https://example.org/by", "attribution": True, "attribution name": "A County"}
ENTRY = {
    "name": "county",
    "protocol": "ESRI",
    "data": "https://gis.example.org/arcgis/rest/services/Addresses/MapServer/0",
    "website": "https://example.org/",
    "license": LICENSE,
    "conform": CONFORM,
}
COVERAGE = {
    "country": "us",
    "state": "ca",
    "county": "Alameda",
    "US Census": {"geoid": "06001", "name": "Alameda County", "state": "California"},
}
GONE: Any = object()
"""Stands for a member to take out."""


def changed(whole: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """An object with other members, without those that are GONE."""
    return {key: value for key, value in (whole | changes).items() if value is not GONE}


def entry(**changes: Any) -> dict[str, Any]:
    """The good entry with other members."""
    return changed(ENTRY, changes)


def conform(**changes: Any) -> dict[str, Any]:
    """The good entry with other members in its conform."""
    return entry(conform=changed(CONFORM, changes))


def license(**changes: Any) -> dict[str, Any]:
    """The good entry with other members in its licence."""
    return entry(license={name.replace("_", " "): value for name, value in changed(LICENSE, changes).items()})


def csv(**changes: Any) -> dict[str, Any]:
    """A good entry of a CSV file with other members in its conform."""
    rules = CONFORM | {"format": "csv", "lon": "X", "lat": "Y"}
    return entry(protocol="http", data="https://example.org/a.csv", conform=changed(rules, changes))


def source(*entries: dict[str, Any], layer: str = "addresses", **members: Any) -> dict[str, Any]:
    """A source file of these entries, the good one when there are none."""
    return changed({"schema": 2, "coverage": COVERAGE, "layers": {layer: list(entries) or [ENTRY]}}, members)


def coverage(**changes: Any) -> dict[str, Any]:
    """A source file with other members in its coverage, with spaces for underscores."""
    return source(coverage=changed(COVERAGE, {name.replace("_", " "): value for name, value in changes.items()}))


def found(value: Any, path: str = PATH) -> list[Finding]:
    """What the lint says of a file: of an object as JSON, of text or bytes as they are."""
    if isinstance(value, str):
        value = value.encode()
    return check_bytes(path, value if isinstance(value, bytes) else json.dumps(value, indent=2).encode())
