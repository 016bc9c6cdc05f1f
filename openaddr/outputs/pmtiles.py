"""`<layer>.pmtiles`: vector tiles for the map of a run, made by tippecanoe.

At the highest zoom every row with a geometry is there; below it, fewer and fewer. Tippecanoe writes its command line
into the file, so it is started under a plain name inside the scratch folder, with relative paths: the same rows then
give the same bytes, and no path of this machine is published.
"""

import html
import shutil
from math import floor, log2
from pathlib import Path

from openaddr.outputs.licence import licence_words
from openaddr.outputs.tippecanoe import EXECUTABLE, find_tippecanoe, run
from openaddr.source.model import Conform, LayerSource, License
from openaddr.stages import ATTRIBUTES, Bounds, Extract, GeometryKind, Output

KIND = "pmtiles"
MEDIA_TYPE = "application/vnd.pmtiles"
MAX_ZOOM = 14
"""Tiles of 4,096 steps are 0.6 m apart here; viewers enlarge them beyond."""
ROWS_IN_SIGHT = 2_000
MOST_DROPPED = 2.5
LONGEST_TEXT = 4_000

EVERYTHING = ("--no-feature-limit", "--no-tile-size-limit", "--no-tile-stats")
FOR_SHAPES = (
    "--drop-lines",
    "--drop-polygons",
    "--simplify-only-low-zooms",
    "--no-tiny-polygon-reduction-at-maximum-zoom",
)


def write_tiles(extract: Extract, entry: LayerSource, source_id: str, folder: Path, work: Path) -> Output | None:
    """Tile `<layer>.geojsonl.gz` of `folder`; None when no row has a geometry.

    Raises ProblemError TIPPECANOE_MISSING or TILES_FAILED. `work` is an existing folder for scratch files.
    """
    if extract.bounds is None:
        return None
    name = f"{extract.layer}.pmtiles"
    source = work / f"{extract.layer}.geojson.gz"
    source.symlink_to((folder / f"{extract.layer}.geojsonl.gz").absolute())
    title = f"{source_id} {entry.layer} {entry.name}"
    told = arguments(extract, entry.license, title, entry.conform)
    command = [EXECUTABLE, "--quiet", "-o", name, "-t", ".", *told, source.name]
    run(command, find_tippecanoe(), work)
    shutil.move(work / name, folder / name)
    return Output(KIND, folder / name, MEDIA_TYPE)


def arguments(extract: Extract, licence: License, title: str, rules: Conform | None) -> list[str]:
    """What tippecanoe is told about layer, zooms and licence."""
    licence_line = _argument(f"Licence: {licence_words(licence)}")
    about = ["--layer", extract.layer.value, "--name", _argument(title), "--description", licence_line]
    if licence.attribution_name:
        about += ["--attribution", html.escape(_argument(licence.attribution_name))]
    shapes = FOR_SHAPES if extract.geometry is GeometryKind.ANY else ()
    rate = f"{drop_rate(extract.rows, extract.bounds):.3f}"
    zooms = ["--maximum-zoom", str(MAX_ZOOM), "--drop-rate", rate]
    return [*about, *zooms, *EVERYTHING, *shapes, *(f"--exclude={name}" for name in never_filled(extract, rules))]


def _argument(text: str) -> str:
    """Text of a source as an argument of a program, which can hold neither a NUL nor more than 128 KiB."""
    return text.replace("\0", " ")[:LONGEST_TEXT]


def never_filled(extract: Extract, rules: Conform | None) -> list[str]:
    """Attributes that the conform does not make: empty in every row, they would cost a tenth of the time."""
    made = {name for name, _ in rules.rules} if rules else set()
    return [name for name in ATTRIBUTES[extract.layer] if name not in made]


def drop_rate(rows: int, bounds: Bounds | None) -> float:
    """How many times fewer rows each zoom has than the next higher one: 1 (all are everywhere) to 2.5.

    So chosen that some 2,000 are left at the zoom where the whole source fits on a screen.
    """
    west, south, east, north = bounds or (-180.0, -90.0, 180.0, 90.0)
    fitting = log2(360 / max(east - west, 2 * (north - south), 360 / 2 ** (MAX_ZOOM - 1)))
    rate = float((rows / ROWS_IN_SIGHT) ** (1 / (MAX_ZOOM - floor(fitting))))
    return min(max(rate, 1.0), MOST_DROPPED)
