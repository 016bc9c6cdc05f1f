"""Makers of the dot map and of the maps of sets are killed at random moments, while a reader looks all the time.

`killed` is for tests a few times and for the proof many times; it takes services of a folder or of a bucket. The one
who is killed is `python -m tests.dotmap.killed WHAT ROUNDS SEED SECONDS`: a process of its own, so that it can fork
before any thread is there.
"""

import gzip
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path

import msgspec

from demo.servers.background import Background
from deployments.embedded.service import ROOT
from flows.dotmap import make_alone
from flows.services import Services, services
from openaddr.db import source_files
from openaddr.dotmap.counting import count_points
from openaddr.dotmap.making import KEY
from openaddr.maps.drawing import draw_missing
from openaddr.maps.keys import NUMBERS, names, set_prefix
from openaddr.storage.objects import About, MissingError, Storage
from tests.dashboards.making import Making

SOURCE = "xx/dots"
FIRST, SECOND = 30, 42
LINE = '{{"type":"Feature","properties":{{"number":"{0}"}},"geometry":{{"type":"Point","coordinates":[{0},47.5]}}}}\n'
FLIP = (
    "update last_good set run_id = (select sum(id) from runs where source_id = %(source)s) - run_id "
    "where source_id = %(source)s"
)
PAUSE = 0.01
Look = Callable[[], str]
"""One look at what is published: '' when it is whole."""


class Reader(Background):
    """Looks from `__enter__` to `__exit__`, and notes what is not whole."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.looks = 0
        self.breaches: list[str] = []

    def work(self) -> None:
        """Look, and look again."""
        while not self.ending.wait(PAUSE):
            self.looks += 1
            try:
                breach = self.look()
            except Exception as error:
                breach = f"it cannot be read: {error!r}"
            if breach:
                self.breaches.append(breach)


def killed(opened: Services, what: str, tries: int, seed: int) -> Reader:
    """Kill the makers of `dotmap` or `maps` so many times; gives what a reader saw meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        look = prepare_dotmap(opened, Path(folder)) if what == "dotmap" else prepare_maps(opened)
        took = time.monotonic() - begun
        command = [sys.executable, "-m", "tests.dotmap.killed", what, str(tries), str(seed), str(took)]
        with Reader(look) as reader:
            subprocess.run(command, check=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
        return reader


def prepare_dotmap(opened: Services, folder: Path) -> Look:
    """Two runs of one source, the first of which is on the map; gives how it is looked at."""
    with opened.pool.connection() as conn:
        making = Making(conn, opened.storage)
        for points in (SECOND, FIRST):
            run_id = making.run(SOURCE)
            content = gzip.compress("".join(map(LINE.format, range(points))).encode())
            opened.storage.put(f"runs/{run_id}/addresses.geojsonl.gz", content, About())
    make_alone(opened)
    return partial(look_at_dotmap, opened.storage, folder / "seen.pmtiles")


def look_at_dotmap(storage: Storage, aside: Path) -> str:
    """The map has all points of one run."""
    with storage.open(KEY) as file:
        aside.write_bytes(file.read())
    points = count_points(aside)
    return "" if points in (FIRST, SECOND) else f"a map with {points} points"


def prepare_maps(opened: Services) -> Look:
    """A set with a source in Germany, drawn once; gives how its maps are looked at."""
    with opened.pool.connection() as conn:
        making = Making(conn, opened.storage)
        set_id = making.set()
        text = msgspec.json.encode({"schema": 2, "coverage": {"ISO 3166": {"alpha2": "DE"}}, "layers": {}})
        making.run("de/all", set_id=set_id, source_sha=source_files.save(conn, text))
        draw_missing(conn, opened.storage)
    expected = {name: _digest(opened.storage, f"{set_prefix(set_id)}{name}") for name in names()}
    return partial(look_at_maps, opened.storage, set_prefix(set_id), expected)


def look_at_maps(storage: Storage, prefix: str, expected: dict[str, str]) -> str:
    """Where there are numbers, everything is there as it is when nobody dies."""
    if storage.head(f"{prefix}{NUMBERS}") is None:
        return ""
    try:
        wrong = [name for name in expected if _digest(storage, f"{prefix}{name}") != expected[name]]
    except MissingError:
        # They are taken away between two rounds, the numbers first.
        return "" if storage.head(f"{prefix}{NUMBERS}") is None else "numbers without maps"
    return f"{', '.join(wrong)} are not those of the set" if wrong else ""


def _digest(storage: Storage, key: str) -> str:
    with storage.open(key) as file:
        return sha256(file.read()).hexdigest()


def flip_and_make() -> None:
    """What the flow does, after the other run of the source became the last good one."""
    with services() as opened:
        with opened.pool.connection() as conn:
            conn.execute(FLIP, {"source": SOURCE})
        make_alone(opened)


def forget_and_draw() -> None:
    """Draw the maps of the set as if they had never been."""
    with services() as opened, opened.pool.connection() as conn:
        for name in reversed(names()):
            for listed in list(opened.storage.list("sets/")):
                if listed.key.endswith(f"/{name}"):
                    opened.storage.delete(listed.key)
        draw_missing(conn, opened.storage)


def main(what: str, rounds: int, seed: int, took: float) -> None:
    """Be killed so many times within the seconds that it takes, then make it to the end."""
    chance, make = random.Random(seed), flip_and_make if what == "dotmap" else forget_and_draw
    for _ in range(rounds):
        _in_child(make, chance.uniform(0, took))
    _in_child(make, None)


def _in_child(make: Callable[[], None], seconds: float | None) -> None:
    child = os.fork()
    if child == 0:
        make()
        os._exit(0)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    if seconds is None and status:
        raise SystemExit("it cannot be made")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
