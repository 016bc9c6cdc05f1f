"""One GeoJSON of all that a set covers, with the members that its users know."""

import json
from collections.abc import Iterator
from typing import Any

import shapely

from openaddr.maps.areas import Area, Covered, Standing
from openaddr.maps.atlas import COUNTRY

PLACES = 4
"""Decimals of a degree: 11 m."""
SIMPLER = 0.005
MEDIA_TYPE = "application/geo+json"


def geojson(found: Covered) -> bytes:
    """A FeatureCollection: countries, their parts, states and counties, then shapes of their own."""
    features = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in _features(found))
    return f'{{"type":"FeatureCollection","features":[\n{features}\n]}}\n'.encode("utf-8", "replace")


def _features(found: Covered) -> Iterator[dict[str, Any]]:
    for area in found.areas:
        shape = shapely.set_precision(area.shape.simplify(SIMPLER), 10.0**-PLACES)
        geometry = json.loads(shapely.to_geojson(shape if not shape.is_empty else area.shape))
        yield {"type": "Feature", "properties": _properties(area), "geometry": geometry}


def _properties(area: Area) -> dict[str, Any]:
    good = [source for source in area.sources if source.standing is Standing.GOOD]
    dates = [source.newest.isoformat(timespec="seconds") for source in good if source.newest]
    boxes = [source.bounds for source in good if source.bounds]
    return {
        "name": area.name,
        # The words of old.
        "status": "good" if area.standing is Standing.GOOD else "bad",
        **_code(area.code),
        "source paths": ", ".join(f"sources/{source.source_id}.json" for source in area.sources),
        "source count": len(area.sources),
        "source dates": ", ".join(dates),
        "address count": sum(source.addresses for source in good),
        "shape of": "rows" if area.is_data else "place",
        "data boxes": [[round(degrees, PLACES) for degrees in box] for box in boxes],
    }


def _code(code: str) -> dict[str, str]:
    if not code:
        return {}
    return {"US Census GEOID" if code.isdigit() else "ISO 3166-2" if len(code) > COUNTRY else "ISO 3166": code}
