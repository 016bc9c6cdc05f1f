"""Lists of layer sources: all, by how they stand, by layer, and by place."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from dashboards import links
from dashboards.pages import Page
from dashboards.paging import Part, parts, stamp_of
from dashboards.printing import Crumb, printed
from dashboards.snapshot import Snapshot
from openaddr.db.pages import State
from openaddr.stages import Layer
from openaddr.words import plural, shown

WORDS = ("failed", "lost", "held", "waiting", "skipped", "succeeded", "removed")
"""How layer sources stand, worst first."""
HEADINGS = {
    "failed": "Sources whose last run failed",
    "lost": "Sources whose last run was lost",
    "held": "Sources whose last run is held",
    "waiting": "Sources that wait for their first result",
    "skipped": "Sources that say to skip them",
    "succeeded": "Sources whose last run succeeded",
    "removed": "Sources that are not in the collection any more",
}


@dataclass(frozen=True)
class Filter:
    """A plain link to a part of a list, with how many there are."""

    word: str
    count: int
    path: str
    is_this: bool = False


@dataclass(frozen=True)
class Place:
    """A folder of sources, such as `us` or `us/ca`."""

    prefix: str
    name: str
    path: str
    total: int
    attention: int
    rows: int


def by_word(word: str) -> str:
    """The list of sources that stand like this."""
    return f"sources/{word}.html"


def pages(seen: Snapshot) -> Iterator[Page]:
    """All lists."""
    yield from _list(seen, links.LIST, "All sources", seen.current)
    for word in WORDS:
        yield from _list(seen, by_word(word), HEADINGS[word], [state for state in seen.states if state.word == word])
    for layer in Layer:
        found = [state for state in seen.current if state.layer == layer]
        yield from _list(seen, f"sources/{layer}.html", f"All sources of {layer}", found)
    yield from _places(seen)


def filters(seen: Snapshot, this: str = "") -> list[Filter]:
    """The lists by how sources stand and by layer, but for empty ones."""
    words = Counter(state.word for state in seen.states)
    layers = Counter(state.layer for state in seen.current)
    found = [Filter("all", len(seen.current), links.LIST, this == links.LIST)]
    found += [Filter(word, words[word], by_word(word), this == by_word(word)) for word in WORDS if words[word]]
    named = ((layer.value, f"sources/{layer}.html") for layer in Layer)
    return found + [Filter(name, layers[name], path, this == path) for name, path in named if layers[name]]


def places(states: Sequence[State], above: str = "") -> list[Place]:
    """The folders right below one, of those sources that are in it."""
    depth = above.count("/") + 1 if above else 0
    found: dict[str, list[State]] = {}
    for state in states:
        names = state.source_id.split("/")
        if len(names) > depth + 1:
            found.setdefault("/".join(names[: depth + 1]), []).append(state)
    return [
        Place(
            prefix,
            prefix.rpartition("/")[2],
            links.source(prefix),
            len(inside),
            sum(state.needs_attention for state in inside),
            sum(state.good_rows or 0 for state in inside),
        )
        for prefix, inside in found.items()
    ]


def _list(seen: Snapshot, first: str, heading: str, states: Sequence[State]) -> Iterator[Page]:
    for part in parts(first, states):
        # Filters and their numbers are on the first page alone: the others stay as they are when a number changes.
        chosen = filters(seen, first) if part.number == 1 else []
        crumbs = (("Sources", "" if first == links.LIST else links.LIST),)
        yield _page(seen, part, heading, crumbs, chosen, ())


def _places(seen: Snapshot) -> Iterator[Page]:
    """A page for each folder; where a source file has the same path, its own page is there, with a link to this."""
    inside: dict[str, list[State]] = {}
    for source_id in sorted({stamp.source_id for stamp in seen.stamps}):
        for prefix in links.above(source_id):
            inside.setdefault(prefix, [])
    for state in seen.current:
        for prefix in links.above(state.source_id):
            inside[prefix].append(state)
    taken = {stamp.source_id for stamp in seen.stamps}
    for prefix, states in inside.items():
        first = links.below(prefix) if prefix in taken else links.source(prefix)
        above = tuple((shown(part.rpartition("/")[2], 60), links.source(part)) for part in links.above(prefix))
        crumbs = (("Sources", links.LIST), *above, (shown(prefix.rpartition("/")[2], 60), ""))
        for part in parts(first, states):
            within = places(states, prefix) if part.number == 1 else []
            yield _page(seen, part, f"Sources of {shown(prefix, 80)}", crumbs, (), within)


def _page(
    seen: Snapshot,
    part: Part[State],
    heading: str,
    crumbs: Sequence[Crumb],
    chosen: Sequence[Filter],
    within: Sequence[Place],
) -> Page:
    stamp = stamp_of(part.total, part.count, chosen, within, *(state.digest for state in part.rows))
    render = partial(_rendered, seen, part, heading, crumbs, chosen, within)
    return Page(part.path, stamp, render)


def _rendered(
    seen: Snapshot,
    part: Part[State],
    heading: str,
    crumbs: Sequence[Crumb],
    chosen: Sequence[Filter],
    within: Sequence[Place],
) -> bytes:
    return printed(
        "sources.html",
        seen,
        part.path,
        title=heading + part.suffix,
        description=f"{heading}: {plural(part.total, 'layer source')}, with status, rows and age of each{part.suffix}.",
        crumbs=crumbs,
        heading=heading,
        part=part,
        filters=chosen,
        places=within,
    )
