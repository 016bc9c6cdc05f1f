"""One page of all licences: which sources say what of theirs, and which say nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial

from dashboards.facts import Facts, Licence, facts_of
from dashboards.pages import Page
from dashboards.paging import Part, parts, stamp_of
from dashboards.printing import printed
from dashboards.snapshot import Snapshot
from openaddr.db import pages as record
from openaddr.db.pages import State

PATH = "licenses/index.html"
PER_PAGE = 300
"""Layer sources of one page: it can have no more groups than these."""
MOST_SOURCES = 8
"""Of one licence that are named; the others are counted."""


@dataclass(frozen=True)
class Group:
    """Layer sources under one licence with one attribution; `rows` are those of their last good runs."""

    licence: Licence
    states: Sequence[State]

    @property
    def sources(self) -> list[str]:
        """The source files that they are in."""
        return list(dict.fromkeys(state.source_id for state in self.states))

    @property
    def rows(self) -> int:
        """How many rows are under it."""
        return sum(state.good_rows or 0 for state in self.states)


def pages(seen: Snapshot) -> Iterator[Page]:
    """All licences, those of most sources first; made again only when a source file or a last good run changes."""
    with_data = [state for state in seen.current if state.good_id is not None]
    made_of = ((state.source_id, state.layer, state.name, state.source_sha, state.good_id) for state in with_data)
    stamp = stamp_of(*made_of)
    load = cache(partial(groups_of, seen, with_data))
    for part in parts(PATH, with_data, PER_PAGE):
        yield Page(part.path, stamp, partial(_page, seen, part, load))


def groups_of(seen: Snapshot, with_data: Sequence[State]) -> list[Group]:
    """Layer sources by what their source files say of licence and attribution; those that say nothing last."""
    contents = record.contents(seen.conn, (state.source_sha for state in with_data))
    found: dict[Licence, list[State]] = {}
    facts: dict[tuple[str, str], Facts] = {}
    for state in with_data:
        key = (state.source_id, state.source_sha)
        if key not in facts:
            facts[key] = facts_of(state.source_id, contents.get(state.source_sha, b""))
        found.setdefault(facts[key].entry(state.layer, state.name).licence, []).append(state)
    groups = [Group(licence, states) for licence, states in found.items()]
    return sorted(groups, key=lambda group: (not group.licence.is_known, -len(group.states), group.licence.text))


def _page(seen: Snapshot, part: Part[State], load: Callable[[], list[Group]]) -> bytes:
    """The share of the groups that this page has of all sources: how many groups there are, only `load` knows."""
    groups = load()
    begin, end = ((number * len(groups)) // part.count for number in (part.number - 1, part.number))
    unknown = sum(len(group.states) for group in groups if not group.licence.is_known)
    return printed(
        "licences.html",
        seen,
        part.path,
        title=f"Licences and attribution{part.suffix}",
        description="Under which licence each source is published, who has to be named, and which sources do not say"
        f"{part.suffix}.",
        crumbs=(("Licences", ""),),
        part=part,
        groups=groups[begin:end],
        count=len(groups),
        unknown=unknown,
        most=MOST_SOURCES,
    )
