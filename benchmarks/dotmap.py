"""`python -m benchmarks.dotmap`: seconds and megabytes of the dot map, by step.

The points are those of made-up cities, 20,000 each around a centre on land and at sea alike, with numbers and streets
of their own. Goal: a step of ours below 1 GB, and points counted at 500,000 a second.
"""

import argparse
import gzip
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.measure import measure
from openaddr.db.pages import State
from openaddr.db.records import RunStatus
from openaddr.dotmap.counting import count_points
from openaddr.dotmap.gathering import gather
from openaddr.dotmap.making import NAME, POINTS, command
from openaddr.outputs.tippecanoe import find_tippecanoe, run
from openaddr.stages import Layer
from openaddr.storage.folder import Folder
from openaddr.storage.objects import About

CITY = 20_000
STREETS = 400
WIDTH = 0.03
"""Degrees around the centre of a city within which two of three of its addresses lie."""
HOURS = 3 * 3600.0
LINE = "{:<12} {:>9} {:>9} {:>9}  {}"
FEATURE = (
    '{{"type":"Feature","properties":{{"hash":"{:016x}","number":"{}","street":"{} Street","unit":"","city":"City {}",'
    '"district":"","region":"","postcode":"{:05}","id":"","accuracy":""}},'
    '"geometry":{{"type":"Point","coordinates":[{:.7f},{:.7f}]}}}}\n'
)
Result = TypeVar("Result")


def main() -> None:
    """Make the files of the runs, then the map of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dotmap", description=__doc__)
    parser.add_argument("--points", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.folder:
        steps(given.folder, given.points)
        return
    with tempfile.TemporaryDirectory(prefix="dotmap-") as folder:
        fill(Folder(Path(folder) / "storage"), given.points)
        cost = measure(
            [sys.executable, "-m", "benchmarks.dotmap", "--folder", folder, "--points", str(given.points)],
            OMP_THREAD_LIMIT="2",
        )
        print(cost.output)
        print(f"\n{cost.cpu:,.0f} s of CPU in all")


def fill(storage: Folder, points: int) -> None:
    """The addresses of a run for each city."""
    for city in range(cities(points)):
        storage.put(f"runs/{city}/addresses.geojsonl.gz", gzip.compress(lines(city), 1), About())


def lines(city: int) -> bytes:
    """The features of one city."""
    dice = np.random.default_rng(city)
    lons = dice.uniform(-170, 170) + dice.normal(0, WIDTH, CITY)
    lats = dice.uniform(-60, 70) + dice.normal(0, WIDTH, CITY)
    numbers, streets = dice.integers(1, 2_000, CITY), dice.integers(0, STREETS, CITY)
    hashes = dice.integers(0, 1 << 62, CITY)
    columns = (column.tolist() for column in (hashes, numbers, streets, lons, lats))
    return "".join(
        FEATURE.format(key, number, street, city, city + street % 9, lon, lat)
        for key, number, street, lon, lat in zip(*columns, strict=True)
    ).encode()


def cities(points: int) -> int:
    """How many make so many points."""
    return -(-points // CITY)


def steps(folder: Path, points: int) -> int:
    """The table; gives the points that are in the tiles."""
    states, storage = list(map(state, range(cities(points)))), Folder(folder / "storage")
    print(LINE.format("step", "seconds", "CPU s", "MB", "points a second"))
    gathered = measured("gather", points, lambda: gather(states, storage, folder / POINTS))
    measured("tippecanoe", points, lambda: run(command(gathered.points), find_tippecanoe(), folder, HOURS))
    there = measured("count", points, lambda: count_points(folder / NAME))
    sizes = " and ".join(f"{(folder / name).stat().st_size / 1e6:,.0f} MB" for name in (POINTS, NAME))
    verdict = "as many as came in" if there == gathered.points else f"BUT {gathered.points:,} came in"
    print(f"\n{there:,} points in the tiles, {verdict}; points and tiles take {sizes}", flush=True)
    return there


def measured(name: str, points: int, step: Callable[[], Result]) -> Result:
    """Do one thing and print what it took; megabytes are the most so far, of programs for what they do."""
    who = resource.RUSAGE_CHILDREN if name == "tippecanoe" else resource.RUSAGE_SELF
    began, before = time.monotonic(), resource.getrusage(who)
    result = step()
    seconds, after = time.monotonic() - began, resource.getrusage(who)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    speed = f"{points / seconds:,.0f}"
    print(LINE.format(name, f"{seconds:.1f}", f"{cpu:.1f}", f"{after.ru_maxrss / 1024:,.0f}", speed), flush=True)
    return result


def state(run_id: int) -> State:
    """A layer source whose last good run is the one of a city."""
    never = (None,) * 5
    return State(
        f"xx/{run_id}", Layer.ADDRESSES, "city", run_id, RunStatus.SUCCEEDED, *never[:4], None, None,
        run_id, run_id, CITY, *never[:4], 0, None, "", False,
    )  # fmt: skip


if __name__ == "__main__":
    main()
