"""The stylesheet, the scripts and the icon of our own, each under a name that changes with its content."""

import hashlib
from functools import cache
from pathlib import Path

from dashboards.libraries import BroughtFile

STATIC = Path(__file__).with_name("static")
SUFFIXES = (".css", ".js", ".svg")


@cache
def asset(name: str) -> str:
    """Where a file of `static` is on the site: `site.css` at `static/site-0123abcd.css`."""
    path = STATIC / name
    return f"static/{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}{path.suffix}"


def static_files() -> list[BroughtFile]:
    """All of them, by name."""
    return [BroughtFile(asset(path.name), path) for path in sorted(STATIC.iterdir()) if path.suffix in SUFFIXES]
