"""`coverage.json`, and the maps of the newest set at the addresses of old."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import msgspec

from dashboards.maps_of_sets import Maps, newest_maps, numbers_of
from dashboards.pages import Page
from dashboards.paging import stamp_of
from dashboards.programs import addresses, schemas
from dashboards.programs.documents import MEDIA_TYPE, Coverage
from dashboards.snapshot import Snapshot
from openaddr.maps.geojson import MEDIA_TYPE as GEOJSON_TYPE


def pages(seen: Snapshot) -> Iterator[Page]:
    """The numbers; and four pictures as soon as there are any."""
    maps = newest_maps(seen)
    yield Page("coverage.json", stamp_of(maps), partial(_document, seen, maps), MEDIA_TYPE)
    if maps:
        for view in maps.views:
            yield Page(f"render-{view.name}.png", view.png, bytes, "image/png", view.png)
        yield Page("render-world.geojson", maps.geojson, bytes, GEOJSON_TYPE, maps.geojson)


@dataclass(frozen=True)
class Drawn:
    """Where the maps of a set are; None for those that are not there yet."""

    world: str | None = None
    usa: str | None = None
    europe: str | None = None
    geojson: str | None = None


def drawn(seen: Snapshot, maps: Maps | None) -> Drawn:
    """The addresses of maps."""
    if maps is None:
        return Drawn()
    views = {view.name: addresses.of_file(seen, view.png) for view in maps.views}
    return Drawn(**views, geojson=addresses.of_file(seen, maps.geojson))


def _document(seen: Snapshot, maps: Maps | None) -> bytes:
    numbers = numbers_of(seen, maps) if maps else None
    found = Coverage(
        schema=addresses.of_page(seen, schemas.path("coverage")),
        as_of=numbers.completed_at if numbers else None,
        set=numbers.set if numbers else None,
        countries=numbers.countries if numbers else (),
        states=numbers.states if numbers else (),
        undrawn=numbers.undrawn if numbers else (),
    )
    return msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"
