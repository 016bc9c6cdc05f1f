"""Rows and files of runs for tests of pages, as good or as bad as a test wants them."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.types.json import Jsonb

from openaddr.db import source_files
from openaddr.errors import Code, Problem
from openaddr.storage.objects import About, Storage

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "openaddresses/openaddresses"
FILES = {
    "extract.parquet": "geoparquet",
    "addresses.zip": "csv_zip",
    "addresses.geojsonl.gz": "geojsonl",
    "addresses.pmtiles": "pmtiles",
    "preview.png": "preview",
    "sample.json": "sample",
    "manifest.json": "manifest",
}


def source_text(**entry: Any) -> bytes:
    """The text of a source file of one entry."""
    usual = {
        "name": "town",
        "protocol": "http",
        "data": "https://data.town.example/a.csv",
        "website": "https://town.example/open",
        "license": {"text": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/", "share-alike": False},
        "attribution": "Town of Windmere",
        "conform": {"format": "csv", "lon": "x", "lat": "y", "number": "no", "street": "street"},
    }
    coverage = {"country": "xx", "US Census": {"geoid": "06001", "name": "Windmere"}}
    return json.dumps({"schema": 2, "coverage": coverage, "layers": {"addresses": [usual | entry]}}, indent=1).encode()


def record_of(**changes: Any) -> dict[str, Any]:
    """The JSON of a run that went well."""
    usual = {
        "received": 12,
        "rows": 10,
        "rejected": {
            "count": 2,
            "reasons": {"GEOMETRY_MISSING": 2},
            "examples": [{"reason": "GEOMETRY_MISSING", "row": 7, "value": "OBJECTID 7"}],
        },
        "fills": {"number": 10, "street": 5, "geometry": 10},
        "bounds": [14.3, 51.8, 14.4, 51.9],
        "misplaced": {"outside": 3, "swapped": 2, "null_island": 1},
        "profile": {"rows": 10, "attributes": {"street": {"filled": 5, "distinct": 2, "top": [["Mill Lane", 4]]}}},
        "warnings": [{"code": "TLS_UNVERIFIED", "message": "The certificate is of 2019.", "hint": "Tell them."}],
        "fingerprint": "57b8a3b74b4585d040eed75c56364553",
        "tests_passed": True,
        "seconds": {"download": 41.5, "conform": 1.25, "outputs": 2.0},
        "downloaded": 123_456,
        "peak_memory": 500_000_000,
        "cpu_seconds": 3.5,
        "outputs": {"geoparquet": "extract.parquet"},
    }
    return usual | changes


@dataclass
class Making:
    """Makes rows in a database, and files in a storage, of runs."""

    conn: Connection[Any]
    storage: Storage
    content: bytes = field(default_factory=source_text)

    def run(self, source_id: str = "xx/town", status: str = "succeeded", *, files: bool = True, **changes: Any) -> int:
        """A run with any column as a test wants it; gives its id."""
        is_final = status not in ("queued", "running")
        values: dict[str, Any] = {
            "source_id": source_id,
            "layer": "addresses",
            "name": "town",
            "source_sha": source_files.save(self.conn, changes.pop("content", self.content)),
            "commit_sha": COMMIT,
            "trust": "merged",
            "size_class": "small",
            "fresh": False,
            "status": status,
            "record": record_of() if is_final and status != "lost" else None,
            "rows": 10 if status in ("succeeded", "held") else None,
        } | changes
        for name in ("record", "problem"):
            if values.get(name) is not None:
                values[name] = Jsonb(values[name])
        run_id = self._insert("runs", values, self._times(status))
        if status in ("succeeded", "held") and files and not values.get("copy_of"):
            self.store(run_id)
        if status == "succeeded" and values["trust"] == "merged":
            self.conn.execute(
                "insert into last_good (source_id, layer, name, run_id) values (%s, %s, %s, %s) "
                "on conflict (source_id, layer, name) do update set run_id = excluded.run_id",
                [values["source_id"], values["layer"], values["name"], values.get("copy_of") or run_id],
            )
        self.conn.commit()
        return run_id

    def failed(
        self, source_id: str = "xx/town", code: str = Code.HTTP_404, line: int | None = None, **more: Any
    ) -> int:
        """A run that failed."""
        problem = Problem(Code.HTTP_404, "404 at https://data.town.example/a.csv", line=line).as_json() | {"code": code}
        return self.run(source_id, "failed", problem=problem, **more)

    def set(self, done: bool = True) -> int:
        """A set; gives its id."""
        done_at = ", completed_at" if done else ""
        return self._insert("sets", {"repository": REPOSITORY, "commit_sha": COMMIT}, f"listed_at{done_at}")

    def job(self, **changes: Any) -> UUID:
        """A job; gives its id."""
        values = {"repository": REPOSITORY, "commit_sha": COMMIT, "pull_request": 7, "author": "somebody"} | changes
        names = ", ".join(values)
        row = self.conn.execute(
            f"insert into jobs ({names}) values ({', '.join(['%s'] * len(values))}) returning id".encode(),
            list(values.values()),
        ).fetchone()
        assert row
        self.conn.commit()
        return UUID(str(row[0]))

    def store(self, run_id: int, **contents: bytes) -> None:
        """The files of a run that pages read."""
        resources = [
            {"name": name, "kind": kind, "media_type": "x/y", "bytes": 1_234, "rows": 10, "sha256": "ab" * 32}
            for name, kind in FILES.items()
        ]
        sample = {"columns": ["hash", "street", "lon"], "rows": [["27a1", "Mill Lane", 14.3], ["d447", "", None]]}
        usual = {
            "manifest.json": json.dumps({"version": 1, "resources": resources}).encode(),
            "sample.json": json.dumps(sample).encode(),
            "log.txt": b"2026-11-24 INFO download\n",
            "addresses.zip": b"PK",
        }
        for name, content in (usual | contents).items():
            self.storage.put(f"runs/{run_id}/{name}", content, About())

    def _times(self, status: str) -> str:
        times = {"queued": "", "running": "started_at, lease_until, deadline_at"}
        return times.get(status, "started_at, finished_at")

    def _insert(self, table: str, values: dict[str, Any], times: str) -> int:
        names = ", ".join([*values, *filter(None, [times])])
        now = ["clock_timestamp()"] * len(times.split(", ")) if times else []
        places = ", ".join([*["%s"] * len(values), *now])
        if values.get("status") == "running":
            names, places = f"{names}, lease_token", f"{places}, gen_random_uuid()"
        row = self.conn.execute(
            f"insert into {table} ({names}) values ({places}) returning id".encode(), list(values.values())
        ).fetchone()
        assert row
        self.conn.commit()
        return int(row[0])


def site(storage: Storage) -> dict[str, bytes]:
    """Every page that is published, by path."""
    found = {}
    for listed in storage.list("site/"):
        with storage.open(listed.key) as file:
            found[listed.key.removeprefix("site/")] = file.read()
    return found
