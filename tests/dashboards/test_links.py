"""Every link of the published site leads somewhere, every page can be reached, and none is too large."""

import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urldefrag, urljoin

import pytest

from tests.dashboards.conftest import Published

LINKING = {"href", "src", "data-tiles", "data-land", "data-maplibre"}
NOT_LINKED = (
    "404.html",
    "latest/run/",
    "latest/set",
    "assets/",
    "sitemap.xml",
    "robots.txt",
    "llms.txt",
    "coverage/world/",
    "render-",
)
"""Pages that nobody clicks their way to: of old addresses, for programs, and the worker that the map library finds."""
MOST_HTML = 100_000
TEXTS = {".html", ".json", ".txt", ".atom", ".xml", ".tsv"}


@dataclass
class Seen(HTMLParser):
    """What a page links to, and what in it can be linked to."""

    links: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called for each element."""
        self.links += [value for name, value in attrs if name in LINKING and value]
        self.ids |= {value for name, value in attrs if name == "id" and value}


@dataclass
class Crawled:
    """All that was found from the first page on, by address."""

    found: dict[str, Seen] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def crawled(windmere: Published) -> Crawled:
    made, waiting = Crawled(), [(windmere.address, "the beginning")]
    while waiting:
        address, page = waiting.pop()
        if address in made.found:
            continue
        made.found[address] = seen = Seen()
        try:
            with urllib.request.urlopen(address, timeout=20) as answer:
                if answer.headers.get_content_type() == "text/html":
                    seen.feed(answer.read().decode())
        except HTTPError as error:
            made.broken.append(f"{page} links to {address}: {error.code}")
        targets = {urldefrag(urljoin(address, link))[0] for link in seen.links}
        waiting += [(target, address) for target in targets if target.startswith(windmere.address)]
    return made


def test_every_internal_link_resolves(crawled: Crawled) -> None:
    assert crawled.broken == []
    assert len(crawled.found) > 150


def test_every_anchor_is_there(crawled: Crawled) -> None:
    wanted = [(page, *urldefrag(urljoin(page, link))) for page, seen in crawled.found.items() for link in seen.links]
    inside = [(page, target, anchor) for page, target, anchor in wanted if anchor and target in crawled.found]
    assert inside
    assert [(page, anchor) for page, target, anchor in inside if anchor not in crawled.found[target].ids] == []


def test_every_page_can_be_reached_by_clicking(crawled: Crawled, windmere: Published) -> None:
    paths = (path.relative_to(windmere.pages).as_posix() for path in windmere.pages.rglob("*") if path.is_file())
    reached = {address.removeprefix(windmere.address) for address in crawled.found}
    missed = {path for path in paths if not path.startswith(NOT_LINKED) and path not in reached}
    # Lists without any source, and a map without anything on it.
    empty = {f"sources/{word}.html" for word in ("parcels", "lost", "waiting", "removed")}
    assert missed == empty | {f"runs/{windmere.known.without_tiles}/map/index.html"}


def test_pages_are_small(windmere: Published) -> None:
    sizes = {path: path.stat().st_size for path in windmere.pages.rglob("*.html")}
    assert sizes and max(sizes.values()) < MOST_HTML


def test_links_to_others_are_web_addresses_of_the_source(crawled: Crawled, windmere: Published) -> None:
    outside = {
        urljoin(page, link)
        for page, seen in crawled.found.items()
        for link in seen.links
        if not urljoin(page, link).startswith(windmere.address)
    }
    known = ("https://github.com/", "https://creativecommons.org/", "https://windmere.example/")
    assert outside and [link for link in outside if not link.startswith(known)] == []


def test_no_path_of_this_machine_is_published(windmere: Published) -> None:
    texts = (path for path in windmere.pages.rglob("*") if path.suffix in TEXTS)
    told = str(Path(windmere.storage.root).parent)
    assert [path for path in texts if told in path.read_text() or "file:" in path.read_text()] == []
