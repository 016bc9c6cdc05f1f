"""A record as large as the real one, made up: sources, sets, jobs, runs with their JSON, and the files pages read."""

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.types.json import Jsonb

from openaddr.db import source_files
from openaddr.errors import EXPLANATIONS, Code, ExitCode
from openaddr.stages import ATTRIBUTES, Layer

BEGIN = datetime(2026, 9, 4, 21, 0, tzinfo=UTC)
REPOSITORY = "openaddresses/openaddresses"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
LAYERS = (("addresses", 1.0), ("parcels", 0.45), ("buildings", 0.2), ("centerlines", 0.1))
COUNTRIES = ("ca", "de", "fr", "au", "br", "nl", "no", "pl", "se", "jp", "it", "es", "at", "be", "ch", "cz", "dk", "fi")
REGIONS = 30
"""States of one country."""
LICENCES = (None, "https://creativecommons.org/licenses/by/4.0/", "Public domain", "https://www.example.gov/terms/{}")
OUTPUTS = {
    "geoparquet": ("extract.parquet", "application/vnd.apache.parquet"),
    "geojsonl": ("{}.geojsonl.gz", "application/geo+json-seq"),
    "csv_zip": ("{}.zip", "application/zip"),
    "sample": ("sample.json", "application/json"),
    "pmtiles": ("{}.pmtiles", "application/vnd.pmtiles"),
    "preview": ("preview.png", "image/png"),
    "manifest": ("manifest.json", "application/json"),
}
COLUMNS = (
    "set_id, job_id, source_id, layer, name, source_sha, commit_sha, trust, size_class, fresh, status, queued_at, "
    "started_at, finished_at, code_version, problem, record, rows, worker"
)
FAILURES = [code for code, found in EXPLANATIONS.items() if found.exit_code in (ExitCode.SOURCE, ExitCode.SERVER)]


@dataclass(frozen=True)
class Entry:
    """One layer source of the made-up collection."""

    source_id: str
    layer: str
    rows: int
    sha: str


Task = tuple[int | None, UUID | None, str, Entry]


def fill(conn: Connection[Any], folder: Path, runs: int = 10_000, sources: int = 2_800) -> int:
    """Make a record with so many runs over so many source files, and below `folder` what is stored; gives the runs."""
    dice = random.Random(1)
    entries = list(_entries(conn, sources, dice))
    begin, made, number = BEGIN, 0, 0
    while made + len(entries) <= runs:
        number += 1
        made += _set(conn, folder, entries, begin, dice)
        begin += timedelta(days=7)
    made += _jobs(conn, folder, entries, runs - made, begin, dice)
    conn.execute(
        "insert into last_good (source_id, layer, name, run_id, moved_at) select source_id, layer, name, max(id), "
        "max(finished_at) from runs where status = 'succeeded' and trust = 'merged' group by 1, 2, 3"
    )
    conn.execute("analyze")
    return made


def _entries(conn: Connection[Any], sources: int, dice: random.Random) -> Iterator[Entry]:
    for number in range(sources):
        country = "us" if number < sources * 0.6 else COUNTRIES[number % len(COUNTRIES)]
        state = f"s{number % REGIONS}" if country == "us" else f"region{number % 7}"
        source_id = f"{country}/{state}/town_of_{number}"
        layers = [layer for layer, share in LAYERS if dice.random() < share]
        content = json.dumps(_source(number, country, state, layers), indent=2).encode()
        sha = source_files.save(conn, content)
        yield from (Entry(source_id, layer, int(dice.paretovariate(0.6) * 300) % 3_000_000, sha) for layer in layers)


def _source(number: int, country: str, state: str, layers: list[str]) -> dict[str, object]:
    licence = LICENCES[number % len(LICENCES)]
    entry = {
        "name": "town",
        "protocol": "ESRI",
        "data": f"https://gis{number % 300}.example.gov/arcgis/rest/services/Town{number}/FeatureServer/0",
        "website": f"https://www.example.gov/town/{number}",
        "license": licence and {"text": licence.format(number), "url": licence.format(number)},
        "attribution": f"Town {number % 900}",
        "conform": {"format": "geojson", "number": "NUM", "street": ["PRE", "NAME", "TYPE"], "id": "APN"},
    }
    coverage = {"country": country, "state": state, "town": f"Town {number}", "US Census": {"geoid": f"{number:05}"}}
    return {"schema": 2, "coverage": coverage, "layers": {layer: [entry] for layer in layers}}


def _set(conn: Connection[Any], folder: Path, entries: list[Entry], begin: datetime, dice: random.Random) -> int:
    end = begin + timedelta(hours=30)
    row = conn.execute(
        "insert into sets (repository, commit_sha, created_at, listed_at, completed_at) values (%s, %s, %s, %s, %s) "
        "returning id",
        [REPOSITORY, COMMIT, begin, begin, end],
    ).fetchone()
    assert row
    return _copy(conn, folder, [(row[0], None, "merged", entry) for entry in entries], begin, dice)


def _jobs(
    conn: Connection[Any], folder: Path, entries: list[Entry], runs: int, begin: datetime, dice: random.Random
) -> int:
    rows: list[Task] = []
    while len(rows) < runs:
        found = conn.execute(
            "insert into jobs (repository, commit_sha, pull_request, author, status, created_at, finished_at) "
            "values (%s, %s, %s, 'somebody', 'succeeded', %s, %s) returning id",
            [REPOSITORY, COMMIT, len(rows) + 1, begin, begin + timedelta(minutes=9)],
        ).fetchone()
        assert found
        some = dice.sample(entries, min(4, runs - len(rows)))
        rows += [(None, found[0], "unmerged", entry) for entry in some]
    return _copy(conn, folder, rows, begin, dice)


def _copy(conn: Connection[Any], folder: Path, tasks: list[Task], begin: datetime, dice: random.Random) -> int:
    first = _last_id(conn) + 1
    text = f"copy runs ({COLUMNS}) from stdin".encode()
    with conn.cursor().copy(text) as copy:
        for place, (set_id, job_id, trust, entry) in enumerate(tasks):
            when = begin + timedelta(seconds=20 * place)
            failed = dice.random() < 0.14
            rows = 0 if failed else max(1, int(entry.rows * dice.uniform(0.97, 1.03)))
            problem = _problem(dice) if failed else None
            record = _record(entry, rows, problem, dice)
            if failed:
                _store_log(folder / "runs" / str(first + place))
            else:
                _store(folder / "runs" / str(first + place), entry, rows)
            values: list[Any] = [
                set_id,
                job_id,
                entry.source_id,
                entry.layer,
                "town",
                entry.sha,
                COMMIT,
                trust,
                "large",
                False,
            ]
            values += ["failed" if failed else "succeeded", when, when, when + timedelta(seconds=90), "11.0.0"]
            copy.write_row([*values, problem and Jsonb(problem), Jsonb(record), rows, "worker"])
    return len(tasks)


def _last_id(conn: Connection[Any]) -> int:
    row = conn.execute("select coalesce(max(id), 0) from runs").fetchone()
    return int(row[0]) if row else 0


def _problem(dice: random.Random) -> dict[str, object]:
    code: Code = FAILURES[int(dice.random() ** 2 * len(FAILURES))]
    found = EXPLANATIONS[code]
    message = f"{found.title}: 12 of 4,567 were found at https://gis.example.gov/arcgis/rest/services."
    line = dice.choice([None, 13])
    return {"code": code.value, "message": message, "hint": found.hint, "pointer": "/layers/addresses/0", "line": line}


def _record(entry: Entry, rows: int, problem: dict[str, object] | None, dice: random.Random) -> dict[str, object]:
    rejected = rows // 500
    examples = [
        {"reason": "GEOMETRY_MISSING", "row": number * 17 + 3, "value": f"OBJECTID {number}"} for number in range(5)
    ]
    attributes = ATTRIBUTES[Layer(entry.layer)]
    return {
        "source": entry.source_id, "layer": entry.layer, "name": "town", "rows": rows, "received": rows + rejected,
        "status": "failed" if problem else "succeeded", "problem": problem, "unchanged": False,
        "rejected": {
            "count": rejected,
            "reasons": {"GEOMETRY_MISSING": rejected} if rejected else {},
            "examples": examples if rejected else [],
        },
        "fills": {name: int(rows * dice.random()) for name in attributes} | {"geometry": rows},
        "bounds": [-105.1, 39.5, -104.9, 39.8],
        "warnings": [{"code": "ROWS_REJECTED", "message": f"{rejected} rows were left out.", "hint": ""}][: rejected],
        "fingerprint": hashlib.md5(entry.source_id.encode()).hexdigest(),
        "key": hashlib.sha256(entry.source_id.encode()).hexdigest(),
        "edition": {"etag": "", "last_modified": "", "last_edit": "1764000000000"},
        "tests_passed": None,
        "seconds": {"test": 0.3, "download": 41.2, "unpack": 0.0, "conform": 8.125, "outputs": 21.5},
        "peak_memory": 528_592_896, "cpu_seconds": 29.75,
        "outputs": {} if problem else {kind: name.format(entry.layer) for kind, (name, _) in OUTPUTS.items()},
        "code_version": "11.0.0",
    }  # fmt: skip


def _store_log(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "log.txt").write_text("2026-09-04 21:00:00,000 INFO download\n" * 30)


def _store(folder: Path, entry: Entry, rows: int) -> None:
    """What pages read of a run; its data they only link to."""
    folder.mkdir(parents=True)
    resources = [
        {
            "name": name.format(entry.layer), "kind": kind, "media_type": media_type, "bytes": rows * 41 + 1_000,
            "rows": rows, "sha256": hashlib.sha256(f"{entry.source_id}{kind}".encode()).hexdigest(),
        }
        for kind, (name, media_type) in OUTPUTS.items()
    ]  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps({"version": 1, "resources": resources}))
    columns = ["hash", *ATTRIBUTES[Layer(entry.layer)], "lon", "lat"]
    row = ["27a1a25eb5a7655a", *["Mill Lane"] * (len(columns) - 3), 14.3031812, 51.8535207]
    (folder / "sample.json").write_text(json.dumps({"columns": columns, "rows": [row] * 5}))
