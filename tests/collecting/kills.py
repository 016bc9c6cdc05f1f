"""Collections and the deduplicated build, killed while somebody reads: `python -m tests.collecting.kills --kills 30`.

A reader fetches what is published all the time. Each time it has to be whole, and of one choice of good runs.
"""

import argparse
import hashlib
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from demo.servers.background import Background
from deployments.embedded.service import ROOT
from flows.services import Services
from openaddr.db.collections import DEDUPLICATED
from openaddr.deduping.deduplicate import MANIFEST
from openaddr.storage.objects import MissingError, Storage
from tests.collecting.victims import MAKERS
from tests.collecting.world import World, houses
from tests.faults.place import place

SOURCES = 6
ROWS = (3, 4)
"""Of each source in its two good runs."""
ARCHIVE, PARQUET = "collections/openaddr-collected-global.zip", "collections/global-addresses.parquet"
FOLDERS = {"runs", "collections", "tiles"}


class BrokenError(Exception):
    """What is published is not whole."""


@dataclass
class Outcome:
    """What came of it. `breaches` is empty where all promises were kept."""

    killed: int = 0
    looks: int = 0
    seen: set[int] = field(default_factory=set)
    breaches: list[str] = field(default_factory=list)


def killed(opened: Services, storage: Storage, folder: Path, what: str, kills: int, pairs: int, seed: int) -> Outcome:
    """Have `what` made so many times and killed somewhere, and then by two at once; `storage` is the reader's.

    The record has to be empty.
    """
    world = of_two_runs(opened, folder)
    command = [sys.executable, "-m", "tests.collecting.victims", what, *map(str, (kills, pairs, seed))]
    with Reader(storage, LOOKS[what]) as reader:
        done = subprocess.run(
            command, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
        )
    words = done.stdout.splitlines()
    outcome = Outcome(words.count("killed"), reader.looks, reader.seen, reader.breaches)
    outcome.breaches += [f"{word}: {done.stdout}" for word in words if word in ("Failed", "Incomplete")]
    if len(words) != kills + 2 * pairs + 3 or not _each_pair_has_a_winner(words[2 + kills : -1]):
        outcome.breaches.append(f"what became of it is {words}")
    outcome.breaches += _after(world, what)
    return outcome


def of_two_runs(opened: Services, folder: Path) -> World:
    """Sources with two good runs each, of which the second is the last one."""
    world = World(opened.pool, opened.storage, folder)
    world.begin()
    for number in range(SOURCES):
        world.add(f"de/{number:02}", houses(ROWS[0]))
        world.add(f"de/{number:02}", houses(ROWS[1]), in_set=False)
    world.end()
    return world


def _each_pair_has_a_winner(words: list[str]) -> bool:
    """Of two at once, one has made it, or has found it made; the other has left, or came when the first was done."""
    return all(set(pair) != {"Left"} for pair in zip(words[::2], words[1::2], strict=True))


def _after(world: World, what: str) -> list[str]:
    """What is wrong when all is over: the record and the storage say the same, and nothing else lies about."""
    key, name = (MANIFEST, DEDUPLICATED) if what == DEDUPLICATED else (ARCHIVE, "openaddr-collected-global")
    stored, record = world.storage.head(key), world.published()[name]
    breaches = []
    if not stored or stored.sha256 != record.sha256 or record.rows not in {rows * SOURCES for rows in ROWS}:
        breaches.append(f"{key} is {stored}, on the record {record}")
    world.storage.abort_leftovers(timedelta(seconds=-60))
    if folders := {found.key.split("/")[0] for found in world.storage.list("")} - FOLDERS:
        breaches.append(f"{folders} were left")
    return breaches


class Reader(Background):
    """Looks at what is published, from `__enter__` to `__exit__`."""

    def __init__(self, storage: Storage, look: Callable[[Storage], int]) -> None:
        super().__init__()
        self._storage, self._look = storage, look
        self.looks = 0
        self.seen: set[int] = set()
        self.breaches: list[str] = []

    def work(self) -> None:
        """Look, and look again."""
        there, took = False, 0.0
        # As long as the last look took, so that half of the time is for others.
        while not self.ending.wait(max(0.02, took)):
            started = time.monotonic()
            try:
                self.seen.add(self._look(self._storage))
            except MissingError as error:
                # Before the first one is published there is nothing to see.
                if there:
                    self.breaches.append(f"{error} is gone")
            except Exception as error:
                self.breaches.append(repr(error))
            else:
                there = True
                self.looks += 1
            took = time.monotonic() - started


def look_at_collections(storage: Storage) -> int:
    """Rows of each source in the archive of the world, which has all of them; its GeoParquet is whole as well."""
    try:
        with zipfile.ZipFile(io.BytesIO(_read(storage, ARCHIVE))) as archive:
            bad = archive.testzip()
            tables = [name for name in archive.namelist() if name.startswith("de/") and name.endswith(".csv")]
            counts = {archive.read(name).count(b"Main, St") + archive.read(name).count(b"Stra") for name in tables}
        # What is in it is decided by another file than what is in the archive.
        rows = pq.read_table(io.BytesIO(_read(storage, PARQUET)), columns=["source"]).num_rows if counts else 0
    except (zipfile.BadZipFile, pa.ArrowException) as error:
        raise BrokenError(repr(error)) from error
    if bad or len(tables) != SOURCES or len(counts) != 1 or rows not in {count * SOURCES for count in ROWS}:
        raise BrokenError(f"{bad} {counts} {len(tables)} {rows}")
    return counts.pop()


def look_at_build(storage: Storage) -> int:
    """Rows of each source in the deduplicated build, all of whose files are there and as its manifest says."""
    manifest = json.loads(_read(storage, MANIFEST))
    rows = 0
    for file in manifest["files"]:
        content = _read(storage, file["key"])
        if hashlib.sha256(content).hexdigest() != file["sha256"]:
            raise BrokenError(f"{file['key']} is not what the manifest says")
        rows += pq.read_metadata(io.BytesIO(content)).num_rows
    if rows != manifest["rows"] or rows not in {count * SOURCES for count in ROWS}:
        raise BrokenError(f"{rows} rows, the manifest says {manifest['rows']}")
    return rows // SOURCES


def _read(storage: Storage, key: str) -> bytes:
    with storage.open(key) as stream:
        return stream.read()


LOOKS = {"collection": look_at_collections, "deduplicated": look_at_build}


def main() -> int:
    """All makers on both storages."""
    parser = argparse.ArgumentParser(prog="python -m tests.collecting.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    breaches = 0
    for what in MAKERS:
        for kind in ("folder", "bucket"):
            with place(kind) as here:
                folder = here.town.folder.parent / "world"
                folder.mkdir()
                numbers = options.kills, options.pairs, options.seed
                found = killed(here.town.opened, here.storage, folder, what, *numbers)
            print(
                f"{what:<14} {kind:<8} {found.killed:>3} killed {found.looks:>6} looks {len(found.breaches)} breaches"
            )
            for breach in found.breaches:
                print(f"BREACH {breach}")
            sys.stdout.flush()
            breaches += len(found.breaches) + (len(found.seen) != len(ROWS))
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
