"""Puts what browsers need for a map into `dashboards/browser/`: `python -m dashboards.gather node_modules`.

    maplibre-gl-<version>/   draws the map
    pmtiles-<version>/       reads tiles out of one file
    land-<hash>/             land and borders as tiles, made from world-atlas (Natural Earth, public domain)

Run once at set-up. The result is not part of the repository, but of an installed package.
"""

import hashlib
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import shapely

from dashboards.libraries import BROWSER
from openaddr.outputs.basemap import read_polygons, shared_lines
from openaddr.outputs.land import Shapes
from openaddr.outputs.tippecanoe import EXECUTABLE, find_tippecanoe, run

ATLAS = "countries-10m.json"
LAND = "land.pmtiles"
LAND_ZOOM = 6
"""One step of a tile is 150 m there, about as exact as Natural Earth is; 2.9 MB, of which a map reads a few tiles."""
LICENCE = "LICENSE.txt"
HASH_LENGTH = 12


@dataclass(frozen=True)
class Package:
    """Files of an npm package, and where its licence is."""

    name: str
    files: tuple[str, ...]
    licences: tuple[str, ...]


PACKAGES = (
    Package(
        "maplibre-gl",
        ("dist/maplibre-gl.mjs", "dist/maplibre-gl-worker.mjs", "dist/maplibre-gl.css"),
        ("maplibre-gl/LICENSE.txt",),
    ),
    # The licence of pmtiles is named in package.json only; fflate is part of the file.
    Package("pmtiles", ("dist/pmtiles.js",), ("pmtiles/package.json", "fflate/LICENSE")),
)


def gather(modules: Path, target: Path = BROWSER) -> None:
    """Make `target` anew from the packages in `modules`. Raises ProblemError when tippecanoe fails."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as work:
        fresh = Path(work) / "fresh"
        for package in PACKAGES:
            _copy(package, modules, fresh)
        _make_land(modules / "world-atlas" / ATLAS, Path(work), fresh)
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)


def _copy(package: Package, modules: Path, target: Path) -> None:
    about = json.loads((modules / package.name / "package.json").read_text(encoding="utf-8"))
    folder = target / f"{package.name}-{about['version']}"
    folder.mkdir(parents=True)
    for file in package.files:
        shutil.copyfile(modules / package.name / file, folder / Path(file).name)
    texts = [(modules / path).read_text(encoding="utf-8") for path in package.licences]
    (folder / LICENCE).write_text("\n\n".join(texts), encoding="utf-8")


def _make_land(atlas: Path, work: Path, target: Path) -> None:
    land = read_polygons(atlas, "land")
    _write(land, work / "land.geojson")
    _write(shared_lines(read_polygons(atlas, "countries")), work / "borders.geojson")
    layers = ["-L", "land:land.geojson", "-L", "borders:borders.geojson"]
    limits = ["--no-tile-stats", "--no-feature-limit", "--no-tile-size-limit"]
    # Tippecanoe writes its command line into the file: names only, so that no path of this machine is published.
    command = [EXECUTABLE, "--quiet", "-o", LAND, "-t", ".", "--maximum-zoom", str(LAND_ZOOM), *limits, *layers]
    run(command, find_tippecanoe(), work)
    digest = hashlib.sha256((work / LAND).read_bytes()).hexdigest()
    folder = target / f"land-{digest[:HASH_LENGTH]}"
    folder.mkdir(parents=True)
    shutil.move(work / LAND, folder / LAND)


def _write(shapes: Shapes, path: Path) -> None:
    """One feature without attributes a line."""
    with path.open("w", encoding="utf-8") as file:
        for text in shapely.to_geojson(shapes):
            file.write(f'{{"type":"Feature","properties":{{}},"geometry":{text}}}\n')


if __name__ == "__main__":
    gather(Path(sys.argv[1]))
