"""The files of our own that pages load, and what all pages are made by."""

import hashlib
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

from dashboards.pages import Page
from dashboards.snapshot import Snapshot
from dashboards.static_files import static_files
from openaddr import __version__
from openaddr.errors import EXPLANATIONS, ROW_REASONS

FOLDER = Path(__file__).parent


def pages(seen: Snapshot) -> Iterator[Page]:
    """What lies in `static`: a page of an older version keeps its older stylesheet until it is replaced."""
    for found in static_files():
        yield Page(found.path, "", partial(found.file.read_bytes), found.media_type)


@cache
def code_digest() -> str:
    """What changes with whatever all pages are made by: code, templates, words."""
    found = hashlib.sha256(f"{__version__} {EXPLANATIONS} {ROW_REASONS}".encode())
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and path.suffix in {".py", ".html", ".css", ".js", ".svg", ".json"}:
            found.update(f"{path.relative_to(FOLDER)}".encode())
            found.update(path.read_bytes())
    return found.hexdigest()
