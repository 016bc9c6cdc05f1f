"""A small town's data, published: real files of real outputs, a record of what happened, and the site of both."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from psycopg import Connection

from openaddr.db import collections, jobs, last_good, runs, sets, source_files
from openaddr.db.records import NewCollection, NewJob, NewRun, Outcome, Run, RunStatus, Trust
from openaddr.errors import Code, Problem
from openaddr.outputs.write import write_outputs
from openaddr.publication import files_of, make_latest
from openaddr.source.model import LayerSource
from openaddr.source.parse import parse_source
from openaddr.stages import Layer, Options
from openaddr.storage.keys import run_prefix
from openaddr.storage.objects import About, Storage
from openaddr.storage.publishing import put_all
from tests.outputs.extracts import extract, points, shapes

NOW = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
REPOSITORY, COMMIT = "openaddresses/openaddresses", "0123456789abcdef0123456789abcdef01234567"
TOWN = "xx/windmere/town"
CENTRE = (14.3034, 51.8565)
SOURCE = {
    "schema": 2,
    "coverage": {"country": "xx", "town": "Windmere"},
    "layers": {
        layer: [
            {
                "name": "town",
                "protocol": "http",
                "data": f"https://windmere.example/{layer}.csv",
                "website": "https://windmere.example/open-data",
                "license": {
                    "text": "CC BY 4.0",
                    "url": "https://creativecommons.org/licenses/by/4.0/",
                    "attribution": True,
                    "attribution name": "Town of Windmere",
                },
                "conform": {"format": "csv", "lon": "X", "lat": "Y", "number": "NR", "street": "STR", "city": "CITY"},
            }
        ]
        for layer in ("addresses", "buildings", "centerlines")
    },
}


COLLECTED: dict[str, Any] = {
    "digest": "57b8a3b7",
    "area": "global",
    "share_alike": False,
    "layer": "addresses",
    "manifest": "collections/openaddr-collected-global.manifest.json",
    "sources": 3,
    "newest": "2026-11-20T21:00:00+00:00",
    "kept": {"count": 1, "named": [{"path": "xx/hollow", "reason": "runs/3/addresses.zip is not in storage."}]},
    "left_out": {"count": 60, "named": [{"path": "yy/nowhere", "reason": "none of its rows has a place on Earth"}]},
    "gone": {"count": 1, "named": ["yy/<b>left</b>"]},
}
"""What the record says of a collection besides its file."""


@dataclass(frozen=True)
class Windmere:
    """What is recorded, by what a test asks for."""

    set_id: int
    good: dict[str, int]
    failed: int
    held: int
    without_tiles: int
    job: str


def houses() -> pl.DataFrame:
    """A grid of addresses around the centre; the one in the middle has the most telling values."""
    lon, lat = CENTRE
    rows = [
        {
            "hash": f"{row:08x}{column:08x}",
            "number": str(row * 10 + column),
            "street": "Lange Straße" if column % 2 else "=1+1 <b>Gasse</b>",
            "city": "Windmere",
            "lon": lon + (column - 3) * 4e-4,
            "lat": lat + (row - 3) * 3e-4,
        }
        for row in range(7)
        for column in range(7)
    ]
    return points(rows)


def fill(conn: Connection[Any], storage: Storage, work: Path) -> Windmere:
    """Two sets, a job and a run by hand: what succeeded, failed, was held, skipped, and what has no tiles."""
    content = json.dumps(SOURCE, indent=1).encode()
    town = _Town(conn, storage, work, source_files.save(conn, content), content)
    first = sets.start(conn, REPOSITORY, COMMIT)
    assert first
    lon, lat = CENTRE
    square = f"POLYGON(({lon} {lat}, {lon + 1e-3} {lat}, {lon + 1e-3} {lat + 1e-3}, {lon} {lat + 1e-3}, {lon} {lat}))"
    street = f"LINESTRING({lon} {lat}, {lon + 0.03} {lat + 0.001})"
    good = {
        "addresses": town.with_data(first.id, Layer.ADDRESSES, houses()),
        "buildings": town.with_data(first.id, Layer.BUILDINGS, shapes(Layer.BUILDINGS, [square])),
        "centerlines": town.with_data(first.id, Layer.CENTERLINES, shapes(Layer.CENTERLINES, [street])),
    }
    failure = Problem(
        Code.FIELD_NOT_FOUND, "There is no column 'HAUSNR'; there are 'HSNR' and 'STR'.", "Use 'HSNR'.", "/layers", 8
    )
    failed = town.ended(first.id, "xx/windmere/outskirts", RunStatus.FAILED, failure)
    dropped = Problem(Code.ROWS_DROPPED, "10 rows, 100 before.")
    held = town.with_data(first.id, Layer.ADDRESSES, houses().head(10), "xx/hollow", dropped)
    town.ended(first.id, "yy/skipped", RunStatus.SKIPPED)
    without_tiles = town.with_data(first.id, Layer.ADDRESSES, points([{"number": "1"}]), source_id="yy/nowhere")
    sets.mark_listed(conn, first.id)
    assert sets.complete_if_done(conn, first.id)
    job = jobs.start(conn, NewJob(REPOSITORY, COMMIT, "somebody", 7))
    town.ended(None, "xx/windmere/proposed", RunStatus.FAILED, failure, job_id=job.id, trust=Trust.UNMERGED)
    jobs.finish_done(conn, job.id)
    bundle = storage.put("collections/xx.zip", b"PK", About("application/zip"))
    storage.put(COLLECTED["manifest"], b"{}", About("application/json"))
    for kind, name in (("zip", "openaddr-collected-global"), ("parquet", "global-addresses")):
        new = NewCollection(name, bundle.key, bundle.sha256, bundle.bytes, 49, COLLECTED | {"kind": kind})
        collections.publish(conn, new)
    missing = Problem(Code.COLLECTION_INCOMPLETE, "openaddr-collected-global-sa is not made: runs/7 is not in storage.")
    collections.note_try(conn, "openaddr-collected-global-sa", missing)
    return Windmere(first.id, good, failed, held, without_tiles, str(job.id))


@dataclass(frozen=True)
class _Town:
    conn: Connection[Any]
    storage: Storage
    work: Path
    sha: str
    content: bytes

    def with_data(
        self, set_id: int, layer: Layer, frame: pl.DataFrame, source_id: str = TOWN, problem: Problem | None = None
    ) -> int:
        """A run with all its files: with a problem it is held, without one it is made the latest."""
        run = self._queued(source_id, layer, set_id=set_id)
        folder = self.work / str(run.id) / "out"
        folder.mkdir(parents=True)
        made = extract(folder.parent, frame, layer=layer)
        written = write_outputs(made, self._entry(layer), source_id, folder, Options(), NOW)
        outputs = {output.kind: str(output.path) for output in written}
        record = {"received": made.rows, "rows": made.rows, "seconds": {"download": 0.5, "conform": 1.5},
                  "fingerprint": "57b8a3b74b4585d040eed75c56364553", "outputs": outputs}  # fmt: skip
        (folder / "log.txt").write_text("all is well\n", encoding="utf-8")
        (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
        put_all(self.storage, run_prefix(run.id), files_of(folder))
        status = RunStatus.HELD if problem else RunStatus.SUCCEEDED
        done = self._finish(run, Outcome(status, "11", problem=problem, record=record, rows=made.rows))
        if last_good.move(self.conn, run.id):
            make_latest(self.storage, done)
        return run.id

    def ended(
        self,
        set_id: int | None,
        source_id: str,
        status: RunStatus,
        problem: Problem | None = None,
        **changes: Any,
    ) -> int:
        """A run with another end, with a log."""
        run = self._queued(source_id, Layer.ADDRESSES, set_id=set_id, **changes)
        for name in ("log.txt", "run.json"):
            self.storage.put(f"{run_prefix(run.id)}{name}", b"{}", About("text/plain; charset=utf-8"))
        self._finish(run, Outcome(status, "11", problem=problem, record={"received": 0}))
        return run.id

    def _queued(self, source_id: str, layer: Layer, **changes: Any) -> Run:
        new = NewRun(source_id, layer, "town", self.sha, Trust.MERGED, "small", commit_sha=COMMIT)
        return runs.queue(self.conn, replace(new, **changes))

    def _finish(self, run: Run, outcome: Outcome) -> Run:
        lease = runs.claim(self.conn, run.id, "worker", None, 120, 3600)
        assert lease and runs.finish(self.conn, lease, outcome)
        done = runs.get(self.conn, run.id)
        assert done
        return done

    def _entry(self, layer: Layer) -> LayerSource:
        found = next(entry for entry in parse_source(TOWN, self.content).entries if entry.layer == layer)
        assert isinstance(found, LayerSource)
        return found
