"""`dotmap/world.pmtiles`: made aside, counted, and put in place in one step; until then the last one stays."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from openaddr.db.pages import State
from openaddr.dotmap.counting import count_points
from openaddr.dotmap.gathering import chosen, gather
from openaddr.errors import Code, ProblemError
from openaddr.outputs.pmtiles import EVERYTHING, MAX_ZOOM, MEDIA_TYPE
from openaddr.outputs.tippecanoe import EXECUTABLE, find_tippecanoe, run
from openaddr.storage.objects import ALWAYS_ASK, About, Storage, Stored

log = logging.getLogger("openaddr.dotmap")

KEY = "dotmap/world.pmtiles"
NAME, POINTS = "world.pmtiles", "addresses.geojson.gz"
LAYER = "addresses"
SHOWN = ("number", "street", "unit", "city", "postcode")
"""Attributes of a point: those that make an address. The others are on the map of each run."""
LIMITS = EVERYTHING
FAR_OUT, IN_SIGHT = 2, 20_000
"""Points that are left at the zoom where a whole continent is in sight: enough to see where there are any."""


@dataclass(frozen=True)
class DotMap:
    """The map that is published."""

    points: int
    sources: int
    made: str
    etag: str


def make(states: Iterable[State], storage: Storage, work: Path, limit: float) -> DotMap | None:
    """Make the map of the last good runs and publish it; None when there is nothing to show.

    It stays in the scratch folder `work` as NAME. `limit` is how many seconds tippecanoe may take. Raises ProblemError;
    then the map is the one from before.
    """
    gathered = gather(chosen(states), storage, work / POINTS)
    if not gathered.points:
        return None
    run(command(gathered.points), find_tippecanoe(), work, limit)
    there = count_points(work / NAME)
    if there != gathered.points:
        message = f"The tiles have {there:,} points at zoom {MAX_ZOOM}, but there are {gathered.points:,}."
        raise ProblemError(Code.TILES_FAILED, message)
    marks = {"points": str(there), "sources": str(gathered.sources), "made": f"{datetime.now(UTC):%Y-%m-%d}"}
    stored = storage.put(KEY, work / NAME, About(MEDIA_TYPE, ALWAYS_ASK, marks=marks))
    return _read(stored)


def published(storage: Storage) -> DotMap | None:
    """The map that is there now."""
    stored = storage.head(KEY)
    return _read(stored) if stored else None


def _read(stored: Stored) -> DotMap:
    marks = stored.about.marks
    points, sources = (int(marks.get(name) or 0) for name in ("points", "sources"))
    return DotMap(points, sources, marks.get("made", ""), stored.etag)


def command(points: int) -> list[str]:
    """How tippecanoe is called for so many points: under plain names, as it writes that into the file."""
    rate = max((points / IN_SIGHT) ** (1 / (MAX_ZOOM - FAR_OUT)), 1.0)
    zooms = ["--maximum-zoom", str(MAX_ZOOM), "--drop-rate", f"{rate:.3f}", "--read-parallel"]
    shown = [f"--include={name}" for name in SHOWN]
    about = ["--layer", LAYER, "--name", "OpenAddresses", "--attribution", "OpenAddresses"]
    return [EXECUTABLE, "--quiet", "-o", NAME, "-t", ".", *about, *zooms, *LIMITS, *shown, POINTS]
