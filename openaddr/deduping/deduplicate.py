"""The build from the record to the record: whole or not at all, and never smaller without a word.

Files are stored under a prefix of their own, then the manifest is switched to them, then the record says so. The files
of the build before stay for those who have begun to read them.
"""

import errno
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from openaddr import __version__
from openaddr.db import collections, pages
from openaddr.db.collections import DEDUPLICATED
from openaddr.db.records import Collection, NewCollection
from openaddr.deduping import build, overture, report
from openaddr.deduping.build import Breathe, no_hurry
from openaddr.deduping.choosing import inputs_of
from openaddr.deduping.database import opened
from openaddr.deduping.inputs import Input
from openaddr.deduping.writing import Shard
from openaddr.errors import Code, Problem, ProblemError
from openaddr.outputs.geoparquet import GeoParquet
from openaddr.proposal import WHOLE_FILE
from openaddr.storage import publishing
from openaddr.storage.keys import run_prefix
from openaddr.storage.objects import ALWAYS_ASK, NEVER_CHANGES, About, MissingError, Storage

FOLDER = "collections/deduplicated/"
MANIFEST = "collections/deduplicated.json"
_PARQUET = About(GeoParquet.MEDIA_TYPE, NEVER_CHANGES)
_JSON = About("application/json", ALWAYS_ASK)
_SQL = About("text/plain; charset=utf-8", ALWAYS_ASK)
_FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True)
class Desk:
    """The record, the storage and a folder to work in; `breathe` raises when there is no more time."""

    pool: ConnectionPool[Connection[Any]]
    storage: Storage
    work: Path
    breathe: Breathe = no_hurry


def deduplicate(desk: Desk) -> Collection | None:
    """Make the build of what the record says now; None when it is as before. Whoever calls this is the only one.

    Raises ProblemError, which is on the record then; the build before stays.
    """
    try:
        with disk_named(desk.work):
            found = _made(desk)
    except ProblemError as error:
        _note(desk, error.problem)
        raise
    _note(desk, None)
    return found


def _made(desk: Desk) -> Collection | None:
    with desk.pool.connection() as conn:
        before = collections.get(conn, DEDUPLICATED)
        candidates = collections.candidates(conn, WHOLE_FILE)
        contents = pages.contents(conn, {sha for found in candidates for sha in (found.source_sha, found.good_sha)})
    runs = inputs_of(candidates, contents)
    earlier = before.manifest if before else {}
    if before and earlier.get("prefix") == prefix_of(runs) and _is_stored(desk.storage, before):
        return None
    manifest = _built(desk, runs, earlier)
    with desk.pool.connection() as conn:
        found = collections.publish(conn, _published(desk.storage, manifest))
    _tidy(desk.storage, {str(manifest["prefix"]), str(earlier.get("prefix"))})
    return found


def prefix_of(inputs: Mapping[Input, int] | set[Input]) -> str:
    """Where the files of a build of these inputs are."""
    return f"{FOLDER}{report.digest(inputs, f'{__version__}-{report.VERSION}')}/"


def _built(desk: Desk, runs: Mapping[Input, int], earlier: Mapping[str, Any]) -> dict[str, Any]:
    """Read all runs and store the files of a build; its manifest."""
    with opened(desk.work) as database:
        taken = build.read(database, runs, _fetching(desk.storage, runs), desk.work, desk.breathe)
        report.refuse_to_shrink(taken, earlier)
        prefix = prefix_of({found.input for found in taken if not found.problem})
        database.group(breathe=desk.breathe)
        shards = build.write_all(database, desk.work, breathe=desk.breathe)
        stored = [_stored(desk.storage, prefix, shard) for shard in shards]
        return report.manifest(database, taken, stored, prefix, earlier)


def _fetching(storage: Storage, runs: Mapping[Input, int]) -> build.Fetch:
    def fetch(found: Input, folder: Path) -> Path:
        key = f"{run_prefix(runs[found])}{GeoParquet.NAME}"
        path = folder / GeoParquet.NAME
        try:
            publishing.get(storage, key, path)
        except MissingError:
            raise ProblemError(Code.COLLECTION_MEMBER_BAD, f"{key} is not in the storage any more.") from None
        except ProblemError as error:
            if error.problem.code is Code.STORAGE_CORRUPT:
                raise ProblemError(Code.COLLECTION_MEMBER_BAD, error.problem.message) from error
            raise
        return path

    return fetch


def _stored(storage: Storage, prefix: str, shard: Shard) -> Shard:
    storage.put(prefix + shard.name, shard.path, _PARQUET, sha256=shard.sha256)
    shard.path.unlink()
    return shard


def _published(storage: Storage, manifest: Mapping[str, Any]) -> NewCollection:
    """Switch to the new files; what the record is to say."""
    storage.put(f"collections/{overture.NAME}", overture.SQL.encode(), _SQL)
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    stored = storage.put(MANIFEST, text.encode("utf-8", "backslashreplace"), _JSON)
    size = sum(file["bytes"] for file in manifest["files"])
    return NewCollection(DEDUPLICATED, MANIFEST, stored.sha256, size, manifest["rows"], dict(manifest))


def _is_stored(storage: Storage, before: Collection) -> bool:
    """Whether the manifest that is stored is the one on the record: a writer may have died between the two."""
    stored = storage.head(MANIFEST)
    return stored is not None and stored.sha256 == before.sha256


def _tidy(storage: Storage, prefixes: set[str]) -> None:
    """Remove the files of builds that are neither this one nor the one before."""
    for found in list(storage.list(FOLDER)):
        if found.key.endswith(".parquet") and not found.key.startswith(tuple(prefixes)):
            storage.delete(found.key)


def _note(desk: Desk, problem: Problem | None) -> None:
    with desk.pool.connection() as conn:
        collections.note_try(conn, DEDUPLICATED, problem)


@contextmanager
def disk_named(folder: Path) -> Iterator[None]:
    """A disk that is full becomes a ProblemError."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise ProblemError(Code.DISK_FULL, f"The disk of {folder} is full.") from error
