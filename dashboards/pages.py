"""What every page maker gives: pages with a stamp each, rendered only when the stamp is another than the published one.

A page maker is a function of a `Snapshot` that gives all pages of its kind, cheaply: `render` is where rows are loaded
and templates filled. It is listed in `dashboards/site.py`. `path` is below `site/`, the root of the public site:
`index.html`, `runs/7/index.html`, `feeds/all.atom`. Folders that are named by strangers have no dot in their name
(`links.place`), and every file name of ours has one, so that no page can stand where another needs a folder.

`stamp` says what the page is made of, in any words: the rows that it shows, with the times of their last change. The
renderer adds what all pages depend on: the code, the templates and the address of the site. A page without rows has
the stamp ''. Pages hold no clock of their own; equal stamps have to mean equal bytes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dashboards.snapshot import Snapshot

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Page:
    """One file of the public site."""

    path: str
    stamp: str
    render: Callable[[], bytes]
    media_type: str = HTML
    leads_to: str = ""
    """The key of what readers are led to, '' for a page of its own. What is rendered is then a stub for those who are
    not led, or b'' where the content of that key is to be here too."""


Maker = Callable[[Snapshot], Iterable[Page]]
