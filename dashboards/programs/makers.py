"""All files for programs."""

from collections.abc import Iterator
from functools import cache, partial

from dashboards.pages import Page
from dashboards.programs import catalogue, coverage, crawlers, feeds, licences, old, schemas, sets, state
from dashboards.programs.standing import entries
from dashboards.snapshot import Snapshot


def pages(seen: Snapshot) -> Iterator[Page]:
    """In the order that readers find them: what `index.json` names is there before it."""
    load = cache(partial(entries, seen, [(found.source_id, found.source_sha) for found in seen.current]))
    yield from schemas.pages(seen)
    yield from sets.pages(seen)
    yield from feeds.pages(seen)
    yield from licences.pages(seen, load)
    yield from state.pages(seen, load)
    yield from coverage.pages(seen)
    yield from old.pages(seen)
    yield from crawlers.pages(seen)
    yield from catalogue.pages(seen, load)
