"""`/map/`: every address on one map."""

from collections.abc import Iterator
from functools import partial

from dashboards import libraries
from dashboards.pages import Page
from dashboards.paging import stamp_of
from dashboards.printing import printed
from dashboards.snapshot import Snapshot
from dashboards.static_files import asset
from openaddr.dotmap.making import KEY, DotMap, published
from openaddr.words import plural

PATH = "map/index.html"


def pages(seen: Snapshot) -> Iterator[Page]:
    """One page, with the numbers of the map that is there."""
    found = published(seen.storage)
    yield Page(PATH, stamp_of(found), partial(_page, seen, found))


def _page(seen: Snapshot, found: DotMap | None) -> bytes:
    return printed(
        "world-map.html",
        seen,
        PATH,
        title="Map of all addresses",
        description=f"{plural(found.points, 'address', 'addresses')} on one map." if found else "All addresses.",
        crumbs=(("Map", ""),),
        has_map=True,
        found=found,
        tiles=KEY,
        fault=_fault(found),
        brought=libraries.paths(),
        style=asset("map.css"),
        map_script=asset("map.js"),
    )


def _fault(found: DotMap | None) -> str:
    """Why there is no map to look at, '' when there is one."""
    if found is None:
        return "The map of all addresses is made once a week, and has not been made yet"
    if lacking := libraries.missing():
        return f"What maps are drawn with is not installed here ({', '.join(lacking)}); {libraries.HOW_TO_GET}"
    return ""
