"""What set-up brought for browsers: the map library, the reader of tiles, and land to draw below them.

    assets/<name>-<version or hash>/<file>

`gather.py` puts them into `browser/`, which is not part of the repository but of an installed package. An address names
one content for ever, so browsers may keep it. Nothing here needs more than the standard library: the page that shows a
folder of results has a map too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BROWSER = Path(__file__).with_name("browser")
FOLDER = "assets"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".pmtiles": "application/vnd.pmtiles",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
FOR_MAPS = ("maplibre-gl.mjs", "maplibre-gl-worker.mjs", "maplibre-gl.css", "pmtiles.js", "land.pmtiles")
"""What a page with a map loads; the library finds its worker by itself, as its neighbour."""
HOW_TO_GET = "`make setup` brings them, and a built package has them inside"


@dataclass(frozen=True)
class BroughtFile:
    """A file and its place below the site, which has the version in it."""

    path: str
    file: Path

    @property
    def media_type(self) -> str:
        """What browsers are told it is."""
        return MEDIA_TYPES[self.file.suffix]


@cache
def paths() -> Mapping[str, str]:
    """Where each file of `FOR_MAPS` is on the site, by its name; those that set-up has not brought are absent."""
    return {found.file.name: found.path for found in files() if found.file.name in FOR_MAPS}


def missing() -> list[str]:
    """What maps need and is not here: then pages have the preview picture instead, and say so."""
    return [name for name in FOR_MAPS if name not in paths()]


def files(browser: Path | None = None) -> list[BroughtFile]:
    """All that was brought, licences too."""
    return [
        BroughtFile(f"{FOLDER}/{path.parent.name}/{path.name}", path)
        for path in sorted((browser or BROWSER).glob("*/*"))
        if path.suffix in MEDIA_TYPES
    ]
