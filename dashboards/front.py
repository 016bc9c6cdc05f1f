"""The index, and the pages that have hardly any rows: data access, what was not found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from dashboards import links
from dashboards.batches import sets_of
from dashboards.collected import on_index
from dashboards.listing import filters, places
from dashboards.pages import Page
from dashboards.paging import stamp_of
from dashboards.printing import printed
from dashboards.snapshot import Snapshot
from openaddr.db import collections
from openaddr.db import pages as record
from openaddr.db.pages import Line, State
from openaddr.db.records import Collection
from openaddr.stages import Layer
from openaddr.words import plural, short

NEWEST = 12
WORST = 12
FIRST = 50
"""Sources that the index lists itself."""


@dataclass(frozen=True)
class Totals:
    """Figures of the whole collection."""

    sources: int
    layer_sources: int
    with_data: int
    rows: Sequence[tuple[str, int, int]]
    newest: datetime | None
    checked: datetime | None
    attention: int

    @property
    def all_rows(self) -> int:
        """Rows of all layers together."""
        return sum(rows for _, rows, _ in self.rows)


def pages(seen: Snapshot) -> Iterator[Page]:
    """The index and its companions."""
    published = on_index(collections.published(seen.conn))
    states = stamp_of(*(state.digest for state in seen.current))
    yield Page("data-access/index.html", stamp_of(_example(seen)), partial(_data_access, seen))
    yield Page("404.html", "", partial(_not_found, seen))
    newest, last_sets = record.recent(seen.conn, NEWEST), sets_of(seen)[:1]
    stamp = stamp_of(states, filters(seen), *published, *newest, *last_sets)
    yield Page(links.INDEX, stamp, partial(_index, seen, published, newest))


def totals(states: Sequence[State]) -> Totals:
    """Figures of layer sources that are in the collection."""
    by_layer = []
    for layer in Layer:
        inside = [state for state in states if state.layer == layer]
        good = [state.good_rows or 0 for state in inside if state.good_id is not None]
        if inside:
            by_layer.append((layer.value, sum(good), len(good)))
    return Totals(
        len({state.source_id for state in states}),
        len(states),
        sum(state.good_id is not None for state in states),
        by_layer,
        max((state.good_at for state in states if state.good_at), default=None),
        max((state.checked_at for state in states if state.checked_at), default=None),
        sum(state.needs_attention for state in states),
    )


def _index(seen: Snapshot, published: Sequence[Collection], newest: Sequence[Line]) -> bytes:
    found = totals(seen.current)
    bad = [state for state in seen.current if state.needs_attention and state.finished_at]
    bad.sort(key=lambda state: (state.bad_since or state.finished_at, state.run_id), reverse=True)
    return printed(
        "index.html",
        seen,
        links.INDEX,
        title="OpenAddresses: open address data, every source and its state",
        description=f"{short(found.all_rows)} addresses, parcels, buildings and centerlines from "
        f"{plural(found.sources, 'source')}: what to download, how fresh it is, and why something failed.",
        totals=found,
        filters=filters(seen),
        places=places(seen.current),
        published=published,
        worst=bad[:WORST],
        newest=newest,
        states=seen.current[:FIRST],
        last_set=next(iter(sets_of(seen)), None),
    )


def _example(seen: Snapshot) -> tuple[str, str]:
    """The key of a GeoParquet file that exists, and the source it is of; '' and '' without any."""
    good = next((s for s in seen.current if s.good_id and s.layer == Layer.ADDRESSES), None)
    if good is None:
        return "", ""
    return f"{links.latest(good.source_id, good.layer, good.name)}.parquet", good.source_id


def _data_access(seen: Snapshot) -> bytes:
    key, source_id = _example(seen)
    return printed(
        "data-access.html",
        seen,
        "data-access/index.html",
        title="Data access: how to get the data",
        description="Which address to try first, examples for curl and DuckDB, and what each file is for.",
        crumbs=(("Data access", ""),),
        key=key or "latest/us/ca/alameda/addresses-county.parquet",
        source_id=source_id,
    )


def _not_found(seen: Snapshot) -> bytes:
    return printed(
        "404.html",
        seen,
        "404.html",
        title="Not found",
        description="There is no such page.",
        root=f"{seen.site_url}/",
    )
