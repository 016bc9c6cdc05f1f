"""News as Atom (RFC 4287): of everything, of each country, and of failures alone."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby

from dashboards import links
from dashboards.pages import Page
from dashboards.paging import stamp_of
from dashboards.printing import printed
from dashboards.programs import addresses
from dashboards.snapshot import Snapshot
from openaddr.db import programs
from openaddr.db.programs import News
from openaddr.db.records import RunStatus
from openaddr.recorded import Told
from openaddr.words import iso, plural, shown

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml; charset=utf-8"
TAG = "tag:openaddresses.io,2026:"
"""What ids begin with: they stay the same when a site moves (RFC 4151)."""
NEWEST = 50
NEVER = "1970-01-01T00:00:00Z"
"""When a feed without entries changed: Atom wants a time."""
BAD = {RunStatus.FAILED, RunStatus.HELD, RunStatus.LOST}
ALL, FAILURES, LIST = "feeds/all.atom", "feeds/failures.atom", "feeds/index.html"

ET.register_namespace("", ATOM)


def pages(seen: Snapshot) -> Iterator[Page]:
    """All feeds; one changes only when a run of its own ends."""
    news = programs.news(seen.conn, NEWEST)
    yield _page(seen, ALL, "OpenAddresses: all runs", news)
    yield _page(seen, FAILURES, "OpenAddresses: failures", [item for item in news if item.status in BAD])
    countries = {country: list(items) for country, items in groupby(sorted(news, key=_country), _country)}
    for country, items in countries.items():
        yield _page(seen, of_country(country), f"OpenAddresses: {shown(country, 60)}", items)
    yield Page(LIST, stamp_of(*countries), partial(_list, seen, list(countries)))


def of_country(source_id: str) -> str:
    """The feed of the country that a source is in: the first part of its path."""
    return f"feeds/countries/{links.place(source_id.partition('/')[0])}.atom"


def _country(item: News) -> str:
    return item.source_id.partition("/")[0]


def _list(seen: Snapshot, countries: Sequence[str]) -> bytes:
    return printed(
        "feeds.html",
        seen,
        LIST,
        title="Feeds: what is new, as Atom",
        description="Atom feeds of all runs, of failures, and of each country.",
        crumbs=(("Feeds", ""),),
        newest=NEWEST,
        countries=[(country, of_country(country)) for country in countries],
    )


def _page(seen: Snapshot, path: str, title: str, news: Sequence[News]) -> Page:
    newest = news[:NEWEST]
    stamp = stamp_of(*((item.id, item.finished_at) for item in newest))
    return Page(path, stamp, partial(feed, seen, path, title, newest), MEDIA_TYPE)


def feed(seen: Snapshot, path: str, title: str, news: Sequence[News]) -> bytes:
    """A feed at `path`; links are relative to it where the site has no address."""
    root = ET.Element(f"{{{ATOM}}}feed")
    _add(root, "id", f"{TAG}{path}")
    _add(root, "title", title)
    _add(root, "updated", iso(news[0].finished_at) if news else NEVER)
    _add(_add(root, "author"), "name", "OpenAddresses")
    _add(root, "link", rel="self", type="application/atom+xml", href=_address(seen, path, path))
    _add(root, "link", rel="alternate", type="text/html", href=_address(seen, path, links.INDEX))
    for item in news:
        _entry(_add(root, "entry"), seen, path, item)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _entry(entry: ET.Element, seen: Snapshot, path: str, item: News) -> None:
    what = shown(f"{item.source_id} {item.layer} {item.name}", 200)
    code = f", {shown(item.code, 60)}" if item.code else ""
    _add(entry, "id", f"{TAG}runs/{item.id}")
    _add(entry, "title", f"{what}: {item.status}{code}")
    _add(entry, "updated", iso(item.finished_at))
    _add(entry, "link", rel="alternate", type="text/html", href=_address(seen, path, links.run(item.id)))
    _add(entry, "category", term=item.status.value)
    _add(entry, "summary", _told(item))


def _told(item: News) -> str:
    if item.code:
        told = Told(item.code, item.message or "")
        return shown(" ".join(filter(None, (told.message, told.advice))))
    return f"{plural(item.rows, 'row')}." if item.rows is not None else f"The run {item.status}."


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    made = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    made.text = text or None
    return made


def _address(seen: Snapshot, path: str, target: str) -> str:
    return addresses.of_page(seen, target) if seen.site_url else links.between(path, target)
