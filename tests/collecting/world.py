"""Runs with real files on a real record, for collections to be made of."""

import csv
import io
import json
import shutil
import subprocess
import zipfile
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl
from psycopg import Connection
from psycopg_pool import ConnectionPool

from openaddr.collecting.collect import Desk, Report, collect
from openaddr.db import collections, last_good, runs, sets, source_files
from openaddr.db.records import Collection, Lease, NewRun, Outcome, RunStatus, Set, Trust
from openaddr.outputs.write import write_outputs
from openaddr.publication import files_of
from openaddr.source.model import LayerSource
from openaddr.source.parse import parse_source
from openaddr.stages import Layer, Options
from openaddr.storage.keys import run_prefix
from openaddr.storage.objects import Storage
from openaddr.storage.publishing import put_all
from tests.outputs.extracts import NOW, extract, points

REPOSITORY, COMMIT = "openaddresses/openaddresses", "0123456789abcdef0123456789abcdef01234567"
UNZIP = shutil.which("unzip")
LICENCE = {"text": "CC BY 4.0", "url": "https://cc.example/by", "attribution": True, "attribution name": "Town of X"}


def houses(rows: int, lon: float = 10.0, lat: float = 50.0) -> pl.DataFrame:
    """Addresses along a street to the east, one of which has a line end in a value."""
    made = [{"hash": f"{row:016x}", "number": str(row), "lon": lon + row / 50, "lat": lat} for row in range(rows)]
    return points([row | {"street": "Straße\n1" if row["number"] == "1" else "Main, St"} for row in made])


@dataclass
class World:
    """Adds runs to a set, and collects."""

    pool: ConnectionPool[Connection[Any]]
    storage: Storage
    folder: Path
    set: Set | None = None
    numbers: count = field(default_factory=lambda: count(1))  # type: ignore[type-arg]

    def begin(self) -> Set:
        """A new set."""
        with self.pool.connection() as conn:
            self.set = sets.start(conn, REPOSITORY, COMMIT)
        assert self.set
        return self.set

    def add(
        self,
        source_id: str,
        frame: pl.DataFrame | None = None,
        *,
        layer: Layer = Layer.ADDRESSES,
        name: str = "town",
        names: tuple[str, ...] = (),
        share_alike: bool | None = None,
        trust: Trust = Trust.MERGED,
        status: RunStatus = RunStatus.SUCCEEDED,
        content: bytes | None = None,
        in_set: bool = True,
    ) -> int:
        """A run of the set; one that succeeded has files, and is the last good one if it may be."""
        text = content if content is not None else source_text(layer, names or (name,), share_alike)
        run, lease = self._begun(source_id, layer, name, text, trust, in_set)
        rows = None
        if status is RunStatus.SUCCEEDED:
            rows = self._stored(run, text, source_id, layer, name, houses(3) if frame is None else frame)
        self._ended(lease, Outcome(status, "11", rows=rows))
        return run

    def take(self, source_id: str, layer: str, name: str, text: bytes, folder: Path, rows: int) -> int:
        """A good run of the set whose files somebody else has made, in a folder."""
        run, lease = self._begun(source_id, layer, name, text)
        put_all(self.storage, run_prefix(run), files_of(folder))
        self._ended(lease, Outcome(RunStatus.SUCCEEDED, "11", rows=rows))
        return run

    def _begun(
        self, source_id: str, layer: str, name: str, text: bytes, trust: Trust = Trust.MERGED, in_set: bool = True
    ) -> tuple[int, Lease]:
        assert self.set
        with self.pool.connection() as conn:
            sha, of_set = source_files.save(conn, text), self.set.id if in_set else None
            run = runs.queue(conn, NewRun(source_id, layer, name, sha, trust, "small", of_set, commit_sha=COMMIT))
            lease = runs.claim(conn, run.id, "worker", None, 120, 3600)
        assert lease
        return run.id, lease

    def _ended(self, lease: Lease, outcome: Outcome) -> None:
        with self.pool.connection() as conn:
            assert runs.finish(conn, lease, outcome)
            last_good.move(conn, lease.run_id)

    def _stored(self, run: int, text: bytes, source_id: str, layer: Layer, name: str, frame: pl.DataFrame) -> int:
        folder = self.folder / f"{run}" / "out"
        folder.mkdir(parents=True)
        made = extract(folder.parent, frame, layer=layer)
        entries = (entry for entry in parse_source(source_id, text).entries if isinstance(entry, LayerSource))
        entry = next(entry for entry in entries if (entry.layer, entry.name) == (layer, name))
        write_outputs(made, entry, source_id, folder, Options(tiles=False, preview=False), NOW)
        put_all(self.storage, run_prefix(run), files_of(folder))
        return made.rows

    def end(self) -> None:
        """Complete the set."""
        assert self.set
        with self.pool.connection() as conn:
            sets.mark_listed(conn, self.set.id)
            assert sets.complete_if_done(conn, self.set.id)

    def collect(self) -> Report:
        """Make all collections."""
        work = self.folder / f"work-{next(self.numbers)}"
        work.mkdir()
        try:
            return collect(Desk(self.pool, self.storage, work))
        finally:
            assert list(work.iterdir()) == [], "nothing stays on the disk"

    def published(self) -> dict[str, Collection]:
        """The record of collections by name."""
        with self.pool.connection() as conn:
            return {found.name: found for found in collections.published(conn)}

    def problems(self) -> dict[str, str]:
        """What was in the way, by name."""
        with self.pool.connection() as conn:
            return {found.name: found.problem["code"] for found in collections.problems(conn)}

    def fetch(self, key: str) -> Path:
        """A stored file on this disk."""
        path = self.folder / f"fetched-{next(self.numbers)}-{key.rpartition('/')[2]}"
        with self.storage.open(key) as stream:
            path.write_bytes(stream.read())
        return path

    def archive(self, area: str) -> dict[str, bytes]:
        """The members of an archive, which `unzip` finds whole."""
        path = self.fetch(f"collections/openaddr-collected-{area}.zip")
        unzipped(path)
        with zipfile.ZipFile(path) as found:
            return {name: found.read(name) for name in found.namelist()}

    def rows(self, area: str, path: str) -> list[list[str]]:
        """The rows of a table in an archive, without its header."""
        return list(csv.reader(io.StringIO(self.archive(area)[f"{path}.csv"].decode(), newline="")))[1:]


def unzipped(path: Path) -> None:
    """Have `unzip` find a zip whole, and where there is none, Python."""
    if UNZIP:
        subprocess.run([UNZIP, "-tq", path], check=True, stdout=subprocess.DEVNULL)
    with zipfile.ZipFile(path) as found:
        assert found.testzip() is None


def source_text(layer: Layer, names: tuple[str, ...], share_alike: bool | None) -> bytes:
    """A source file."""
    licence = LICENCE if share_alike is None else LICENCE | {"share-alike": share_alike}
    rules = {"format": "csv", "lon": "X", "lat": "Y", "number": "NR"}
    entries = [
        {"name": name, "protocol": "http", "data": f"https://town.example/{name}.csv", "license": licence,
         "website": "https://town.example/", "conform": rules}
        for name in names
    ]  # fmt: skip
    return json.dumps({"schema": 2, "coverage": {"country": "xx"}, "layers": {layer: entries}}).encode()
