"""Renders the site: pages whose stamp is not the published one, the index last.

One renderer at a time, by a lock of the database that ends with its process. The second leaves at once: the first looks
again at the record after it is done, and goes on while there is news. Whoever is killed leaves each page whole, old or
new; `published/pages.json` says beforehand which pages are about to change, so the next one does those again.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec
from psycopg import Connection
from psycopg_pool import ConnectionPool

from dashboards import (
    assets,
    batches,
    collected,
    coverage,
    dashboard,
    deduplicated,
    front,
    health,
    licences,
    listing,
    maps,
    problems,
    runs,
    sources,
    world_map,
)
from dashboards.assets import code_digest
from dashboards.pages import Maker, Page
from dashboards.programs import makers as programs
from dashboards.snapshot import Snapshot
from openaddr.db import pages as record
from openaddr.storage.objects import ALWAYS_ASK, NEVER_CHANGES, About, MissingError, Storage

log = logging.getLogger("openaddr.dashboards")

MAKERS: tuple[Maker, ...] = (
    assets.pages,
    maps.pages,
    runs.pages,
    sources.pages,
    batches.pages,
    problems.pages,
    licences.pages,
    listing.pages,
    collected.pages,
    deduplicated.pages,
    health.pages,
    coverage.pages,
    world_map.pages,
    dashboard.pages,
    programs.pages,
    front.pages,
)
"""In this order pages are written; `INDEX` comes last whoever makes it."""
INDEX = "index.html"
SITE = "site/"
VERSIONED = ("assets/", "static/")
"""Pages whose path changes with their content."""
PUBLISHED = "published/pages.json"
"""Path of every page to the stamp it was rendered with; '' for one that was about to be."""

MOST_ERRORS = 5
"""Of pages that could not be rendered, raised with everything that is known of them; the log names all."""

Stamps = dict[str, str]


@dataclass(frozen=True)
class Published:
    """What one rendering did."""

    pages: int
    written: int
    removed: int


def publish(
    pool: ConnectionPool[Connection[Any]],
    storage: Storage,
    site_url: str = "",
    makers: Iterable[Maker] = MAKERS,
    afresh: bool = False,
) -> Published | None:
    """Make the site show what the record says now; None when somebody else is at it, who will see to it.

    `afresh` writes all pages, whatever is published. Raises ProblemError; then pages are old or new, each whole.
    """
    makers = tuple(makers)
    done = None
    while True:
        with pool.connection() as holding:
            if not _held(holding):
                return done
            try:
                with snapshot(pool, storage, site_url) as seen:
                    moment = record.moment(seen.conn)
                    done = render(seen, makers, afresh=afresh and done is None)
            finally:
                record.release(holding)
                holding.commit()
            # Whoever left because of us had committed before, so this sees it.
            if record.moment(holding) == moment:
                return done


def _held(conn: Connection[Any]) -> bool:
    """Take the lock, and leave no transaction open behind it."""
    held = record.hold(conn)
    conn.commit()
    return held


@contextmanager
def snapshot(pool: ConnectionPool[Connection[Any]], storage: Storage, site_url: str) -> Iterator[Snapshot]:
    """The record as it is now, for as long as the pages take."""
    with pool.connection() as conn:
        record.freeze(conn)
        yield Snapshot(conn, storage, site_url.rstrip("/"))


def render(seen: Snapshot, makers: Iterable[Maker], *, afresh: bool = False) -> Published:
    """Write the pages that are not published as they should be, the index last, and remove what is not wanted."""
    storage = seen.storage
    known = _published(storage)
    wanted = _wanted(seen, makers)
    stamps = _stamps(seen, wanted.values())
    changed = [page for path, page in wanted.items() if afresh or known.get(path) != stamps[path]]
    gone = [path for path in known if path not in wanted]
    if not changed and not gone:
        return Published(len(wanted), 0, 0)
    _publish_stamps(storage, known | dict.fromkeys((page.path for page in changed), ""))
    broken: list[Exception] = []
    for index_too in (False, True):
        chosen = (page for page in changed if (page.path == INDEX) is index_too and not page.leads_to)
        storage.put_many(_rendered(chosen, stamps, broken))
        _lead(storage, [page for page in changed if page.leads_to and not index_too])
    for path in gone:
        storage.delete(SITE + path)
    _publish_stamps(storage, stamps)
    if broken:
        message = f"{len(broken)} of {len(changed)} pages could not be rendered"
        raise ExceptionGroup(message, broken[:MOST_ERRORS])
    return Published(len(wanted), len(changed), len(gone))


def _wanted(seen: Snapshot, makers: Iterable[Maker]) -> dict[str, Page]:
    """All pages by path, in the order of their makers."""
    wanted: dict[str, Page] = {}
    for page in chain.from_iterable(maker(seen) for maker in makers):
        if wanted.setdefault(page.path, page) is not page:
            log.warning("two pages are to be at %s; the first one is", page.path)
    return wanted


def _rendered(chosen: Iterable[Page], stamps: Stamps, broken: list[Exception]) -> Iterator[tuple[str, bytes, About]]:
    """The bytes of pages; one that cannot be rendered stays as it was and is tried again the next time."""
    for page in chosen:
        try:
            content = page.render()
        except Exception as error:
            log.error("%s is not rendered: %s: %s", page.path, type(error).__name__, error)
            error.add_note(f"while rendering {page.path}")
            broken.append(error)
            stamps[page.path] = ""
            continue
        caching = NEVER_CHANGES if page.path.startswith(VERSIONED) else ALWAYS_ASK
        yield SITE + page.path, content, About(page.media_type, caching)


def _lead(storage: Storage, chosen: Iterable[Page]) -> None:
    """Lead from pages to elsewhere. Files of a run are there before it is final, so one that is not was lost."""
    lost = []
    for page in chosen:
        try:
            storage.redirect(SITE + page.path, page.leads_to, page.render(), About(page.media_type, ALWAYS_ASK))
        except MissingError:
            lost.append(page.leads_to)
    if lost:
        log.warning("%d files that pages lead to are not in storage, such as %s", len(lost), lost[0])


def _stamps(seen: Snapshot, pages: Iterable[Page]) -> Stamps:
    """What each page is made of, with what all pages are made of."""
    common = "\0".join((code_digest(), seen.site_url, seen.storage.url("runs"), "")).encode()
    begun = hashlib.blake2b(common, digest_size=10)
    stamps = {}
    for page in pages:
        found = begun.copy()
        found.update(page.stamp.encode())
        stamps[page.path] = found.hexdigest()
    return stamps


def _published(storage: Storage) -> Stamps:
    try:
        with storage.open(PUBLISHED) as file:
            return msgspec.json.decode(file.read(), type=Stamps)
    except MissingError:
        return {}
    except msgspec.DecodeError:
        # Whatever it was, all pages are made again; those that nobody wants any more stay.
        log.warning("%s cannot be read", PUBLISHED)
        return {}


def _publish_stamps(storage: Storage, stamps: Stamps) -> None:
    storage.put(PUBLISHED, msgspec.json.encode(stamps), About("application/json", ALWAYS_ASK))
