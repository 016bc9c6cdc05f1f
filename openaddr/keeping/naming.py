"""Runs that published collections name: whoever has a collection may follow its manifest to them."""

import logging
from typing import Any

import msgspec
from psycopg import Connection

from openaddr.db import collections
from openaddr.storage.objects import MissingError, Storage

log = logging.getLogger("openaddr.keeping")

MOST_BYTES = 100_000_000
"""Of one manifest: 10,000 sources take five million."""


class _Source(msgspec.Struct):
    run: int


class _Manifest(msgspec.Struct):
    """What all manifests have in common, whoever wrote them."""

    sources: list[_Source] = []


def named_runs(conn: Connection[Any], storage: Storage) -> list[int]:
    """The runs of all collections on the record, by number. Raises ProblemError when the storage is away."""
    keys = {str(found.manifest.get("manifest") or found.key) for found in collections.published(conn)}
    named: set[int] = set()
    for key in sorted(key for key in keys if key.endswith(".json")):
        named.update(_runs_in(storage, key))
    return sorted(named)


def _runs_in(storage: Storage, key: str) -> list[int]:
    try:
        with storage.open(key) as stream:
            return [found.run for found in msgspec.json.decode(stream.read(MOST_BYTES), type=_Manifest).sources]
    except (MissingError, msgspec.DecodeError) as error:
        log.warning("%s names no runs that could be kept: %s", key, type(error).__name__)
        return []
