"""Draws the maps of sets that have none: once for each, whole, the numbers last.

Drawing a set twice gives the same bytes, so two at once do no harm, and one that was killed leaves nothing that is
shown. What cannot be drawn leaves the maps of earlier sets where they are.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from psycopg import Connection

from openaddr.db import maps as record
from openaddr.db import pages
from openaddr.db.records import Set
from openaddr.maps import geojson, numbers, png, svg
from openaddr.maps.areas import Covered, Standing, covered, source_files
from openaddr.maps.atlas import Atlas, atlas
from openaddr.maps.claims import claim_of
from openaddr.maps.keys import GEOJSON, NUMBERS, set_prefix
from openaddr.maps.numbers import Numbers
from openaddr.maps.picture import picture_of
from openaddr.maps.views import VIEWS
from openaddr.storage.objects import NEVER_CHANGES, About, Storage

log = logging.getLogger("openaddr.maps")

NEWEST = 4
"""Sets that are looked at: one a week is complete, and an older one without maps is of little interest."""
File = tuple[str, bytes, str]
"""Name, content and media type."""


def draw_missing(conn: Connection[Any], storage: Storage) -> list[int]:
    """Draw the newest complete sets that have no maps; gives their ids. Raises ProblemError."""
    drawn = []
    for found in record.complete_sets(conn, NEWEST):
        if storage.head(f"{set_prefix(found.id)}{NUMBERS}") is None:
            draw(conn, storage, found)
            drawn.append(found.id)
    return drawn


def draw(conn: Connection[Any], storage: Storage, found: Set) -> None:
    """Draw and store the maps of a complete set."""
    for name, content, media_type in files_of(found, covered_by(conn, found.id, atlas()), atlas()):
        storage.put(f"{set_prefix(found.id)}{name}", content, About(media_type, NEVER_CHANGES))


def covered_by(conn: Connection[Any], set_id: int, known: Atlas) -> Covered:
    """What the sources of a set cover."""
    sources = source_files(record.members(conn, set_id))
    contents = pages.contents(conn, (source.sha for source in sources))
    claims = {source.source_id: claim_of(source.source_id, contents[source.sha], known) for source in sources}
    return covered(sources, claims, known)


def files_of(found: Set, all_of_it: Covered, known: Atlas) -> Iterator[File]:
    """All files of a set, the numbers last."""
    assert found.completed_at is not None, "only complete sets are drawn"
    legends = {}
    for view in VIEWS:
        picture = picture_of(all_of_it, view, known, found.id, found.completed_at)
        legends[view.name] = picture.words
        yield f"render-{view.name}.svg", svg.svg(picture), svg.MEDIA_TYPE
        yield f"render-{view.name}.png", png.png(picture), png.MEDIA_TYPE
    yield GEOJSON, geojson.geojson(all_of_it), geojson.MEDIA_TYPE
    content = msgspec.json.format(msgspec.json.encode(_numbers(found, all_of_it, known, legends)), indent=1)
    yield NUMBERS, content + b"\n", "application/json"


def _numbers(found: Set, all_of_it: Covered, known: Atlas, legends: Mapping[str, str]) -> Numbers:
    assert found.completed_at is not None, "only complete sets are drawn"
    good = sum(source.standing is Standing.GOOD for source in all_of_it.sources)
    return Numbers(
        set=found.id,
        repository=found.repository,
        commit_sha=found.commit_sha,
        completed_at=found.completed_at,
        sources=len(all_of_it.sources),
        good=good,
        failing=len(all_of_it.sources) - good,
        addresses=sum(source.addresses for source in all_of_it.sources),
        countries=numbers.countries(all_of_it, known),
        states=numbers.states(all_of_it, known),
        undrawn=numbers.not_drawn(all_of_it),
        legends=legends,
    )
