"""`robots.txt`, the map of the site for search engines, and `llms.txt` for those who read with a machine."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

from dashboards import links
from dashboards.pages import Page
from dashboards.paging import stamp_of
from dashboards.programs import addresses, tables
from dashboards.snapshot import Snapshot
from openaddr.db.pages import State
from openaddr.errors import Code
from openaddr.words import iso

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
MEDIA_TYPE = "application/xml; charset=utf-8"
PATH = "sitemap.xml"
MOST = 50_000
"""Addresses of one file, by the protocol; with more of them there are several, and a list of those."""
NOT_FOR_SEARCH = ("runs", "jobs", "sets", "latest")
"""As ever: what is there is of one day, and hundreds of thousands of pages."""
ALWAYS = ("index.html", links.LIST, "coverage/index.html", "collections/index.html", "data-access/index.html",
          "health/index.html", "licenses/index.html", "problems/index.html")  # fmt: skip
LLMS = """# OpenAddresses

> Open address, parcel, building and centerline data from about 2,800 government sources, conformed to one schema.

Read `index.json` first: it says where everything is. Everything is a static file; no login, no key, no limit but
courtesy. Files below `latest/` have stable addresses and hold the last good run of each source.

- [index.json]({root}index.json): totals, collections and the addresses of all that follows
- [sources.json]({root}sources.json): every source with status, licence and latest data
- [status.json]({root}status.json): how the collection stands
- [schemas]({root}schemas/index.json): JSON Schemas of these files, one beside the other
- [data access]({root}data-access/index.html): which address to try first, with commands
- [problems]({root}problems/index.html): every failure code explained
- [feeds]({root}feeds/all.atom): news as Atom

Attribution matters: the licence of each source is in sources.json and in every file.
"""

Address = tuple[str, datetime | None]

ET.register_namespace("", SITEMAP)


def pages(seen: Snapshot) -> Iterator[Page]:
    """All of them. Sitemaps hold whole addresses only, so a site without one has none."""
    yield Page("robots.txt", "", partial(_robots, seen), tables.PLAIN)
    yield Page("llms.txt", "", partial(_llms, seen), tables.PLAIN)
    if seen.site_url:
        yield from sitemaps(seen, listed(seen.current))


def listed(states: Sequence[State]) -> list[Address]:
    """Pages for search engines, with the time of their last change where it is known."""
    changed: dict[str, datetime | None] = dict.fromkeys(ALWAYS)
    changed |= dict.fromkeys(links.problem(code) for code in Code)
    for state in states:
        path = links.source(state.source_id)
        times = [time for time in (changed.get(path), state.finished_at) if time]
        changed[path] = max(times, default=None)
    return list(changed.items())


def sitemaps(seen: Snapshot, found: Sequence[Address], most: int = MOST) -> Iterator[Page]:
    """One file, or a list of several."""
    parts = [found[start : start + most] for start in range(0, len(found), most)]
    if len(parts) == 1:
        yield Page(PATH, stamp_of(*found), partial(_urls, seen, found), MEDIA_TYPE)
        return
    paths = [f"sitemaps/{number}.xml" for number in range(1, len(parts) + 1)]
    for path, part in zip(paths, parts, strict=True):
        yield Page(path, stamp_of(*part), partial(_urls, seen, part), MEDIA_TYPE)
    newest = [max((time for _, time in part if time), default=None) for part in parts]
    index = list(zip(paths, newest, strict=True))
    yield Page(PATH, stamp_of(*index), partial(_xml, seen, "sitemapindex", "sitemap", index), MEDIA_TYPE)


def _urls(seen: Snapshot, found: Sequence[Address]) -> bytes:
    return _xml(seen, "urlset", "url", found)


def _xml(seen: Snapshot, outer: str, inner: str, found: Sequence[Address]) -> bytes:
    root = ET.Element(f"{{{SITEMAP}}}{outer}")
    for path, changed in found:
        one = ET.SubElement(root, f"{{{SITEMAP}}}{inner}")
        ET.SubElement(one, f"{{{SITEMAP}}}loc").text = addresses.of_page(seen, path)
        if changed:
            ET.SubElement(one, f"{{{SITEMAP}}}lastmod").text = iso(changed)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _robots(seen: Snapshot) -> bytes:
    lines = ["User-agent: *", "Allow: /", *(f"Disallow: /{folder}/" for folder in NOT_FOR_SEARCH)]
    lines += ["", f"Sitemap: {addresses.of_page(seen, PATH)}"] if seen.site_url else []
    return ("\n".join(lines) + "\n").encode()


def _llms(seen: Snapshot) -> bytes:
    return LLMS.format(root=f"{seen.site_url}/").encode()
