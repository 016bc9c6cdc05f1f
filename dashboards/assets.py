"""The stylesheet and the script of our own, each under a name that changes with its content."""

import hashlib
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

from dashboards.pages import Page
from dashboards.snapshot import Snapshot
from openaddr import __version__
from openaddr.errors import EXPLANATIONS, ROW_REASONS

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


def pages(seen: Snapshot) -> Iterator[Page]:
    """What lies in `static`: a page of an older version keeps its older stylesheet until it is replaced."""
    for path in sorted(STATIC.iterdir()):
        if path.suffix in MEDIA_TYPES:
            yield Page(asset(path.name), "", partial(path.read_bytes), MEDIA_TYPES[path.suffix])


@cache
def asset(name: str) -> str:
    """Where a file of `static` is on the site: `site.css` at `static/site-0123abcd.css`."""
    path = STATIC / name
    return f"static/{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}{path.suffix}"


@cache
def code_digest() -> str:
    """What changes with whatever all pages are made by: code, templates, words."""
    found = hashlib.sha256(f"{__version__} {EXPLANATIONS} {ROW_REASONS}".encode())
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and path.suffix in {".py", ".html", ".css", ".js", ".svg", ".json"}:
            found.update(f"{path.relative_to(FOLDER)}".encode())
            found.update(path.read_bytes())
    return found.hexdigest()
