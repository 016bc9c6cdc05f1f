"""What there is, place by place: the maps of the newest set that has any, and numbers of countries and states."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from dashboards import links
from dashboards.listing import Place, places
from dashboards.maps_of_sets import Maps, newest_maps, numbers_of
from dashboards.pages import Page
from dashboards.paging import stamp_of
from dashboards.printing import Crumb, printed
from dashboards.snapshot import Snapshot
from openaddr.db.pages import State
from openaddr.lint.rules.coverage import STATES
from openaddr.maps.numbers import Numbers, PlaceNumbers
from openaddr.stages import Layer

WORLD, USA = "coverage/index.html", "coverage/us/index.html"
PREFIX_OF_STATES = "us"
MOST_UNDRAWN = 25


@dataclass(frozen=True)
class Row:
    """One place: its sources, rows of each layer, and what was counted of its area, None where nothing was."""

    place: Place
    name: str
    rows: Sequence[int]
    numbers: PlaceNumbers | None


def pages(seen: Snapshot) -> Iterator[Page]:
    """Countries, and the states of the US."""
    maps = newest_maps(seen)
    stamp = stamp_of(maps, *(state.digest for state in seen.current))
    yield Page(WORLD, stamp, partial(_world, seen, maps))
    yield Page(USA, stamp, partial(_usa, seen, maps))


def _world(seen: Snapshot, maps: Maps | None) -> bytes:
    numbers = numbers_of(seen, maps) if maps else None
    known = {found.code.lower(): found for found in numbers.countries} if numbers else {}
    title = "Coverage: what there is, by country"
    return _page(seen, WORLD, title, (("Coverage", ""),), "Country", _rows(seen.current, "", known), maps, numbers)


def _usa(seen: Snapshot, maps: Maps | None) -> bytes:
    numbers = numbers_of(seen, maps) if maps else None
    states = {found.code: found for found in numbers.states} if numbers else {}
    known = {letters: states[digits] for letters, digits in STATES.items() if digits in states}
    inside = [state for state in seen.current if state.source_id.startswith(f"{PREFIX_OF_STATES}/")]
    crumbs = (("Coverage", WORLD), ("United States", ""))
    title = "Coverage of the United States: what there is, by state"
    return _page(seen, USA, title, crumbs, "State", _rows(inside, PREFIX_OF_STATES, known), maps, numbers)


def _rows(states: Sequence[State], above: str, known: dict[str, PlaceNumbers]) -> list[Row]:
    """The folders below one, by name."""
    inside: dict[str, list[State]] = {}
    depth = 2 if above else 1
    for state in states:
        inside.setdefault("/".join(state.source_id.split("/")[:depth]), []).append(state)
    found = []
    for place in places(states, above):
        numbers = known.get(place.name)
        layers = [sum(s.good_rows or 0 for s in inside[place.prefix] if s.layer == layer) for layer in Layer]
        found.append(Row(place, numbers.name if numbers else place.name, layers, numbers))
    return found


def _page(
    seen: Snapshot,
    path: str,
    title: str,
    crumbs: Sequence[Crumb],
    kind: str,
    rows: Sequence[Row],
    maps: Maps | None,
    numbers: Numbers | None,
) -> bytes:
    views = maps.views if maps and numbers else []
    shown_views = [view for view in views if path == WORLD or view.name == "usa"]
    return printed(
        "coverage.html",
        seen,
        path,
        title=title,
        description=f"{title}: maps, sources, rows of every layer, and the share of the area that they cover.",
        crumbs=crumbs,
        picture=shown_views[0].png if shown_views else "",
        kind=kind,
        rows=rows,
        layers=[layer.value for layer in Layer],
        views=shown_views,
        maps=maps if numbers else None,
        numbers=numbers,
        undrawn=[found for found in numbers.undrawn if found.code][:MOST_UNDRAWN] if numbers and path == WORLD else [],
        usa=USA if path == WORLD else "",
        set_page=links.set_of(maps.set_id) if maps else "",
    )
