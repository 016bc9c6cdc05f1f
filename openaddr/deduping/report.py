"""What a build says of itself: its manifest, with every number that tells what became of the rows."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from openaddr.deduping.build import Taken
from openaddr.deduping.database import Database
from openaddr.deduping.inputs import Input
from openaddr.deduping.writing import Shard
from openaddr.errors import Code, ProblemError

VERSION = 1
MOST_PAIRS = 200
"""Pairs of sources that are listed, those with the most rows first."""
REASONS = {
    "no_postcode": "another source has a postcode",
    "repeated_in_source": "the source has the address more than once",
    "less_local": "another source is more local",
    "older_run": "another source ran later",
    "higher_id": "another row has a lower id",
}
"""Why a row is not the best of its group: the first difference to the one that is."""


def digest(inputs: Iterable[Input], version: str) -> str:
    """Twelve digits of what goes into a build: the same runs, read by the same code, give the same files."""
    parts = sorted(map(repr, inputs))
    return hashlib.sha256("\n".join([version, *parts]).encode()).hexdigest()[:12]


def manifest(
    database: Database, taken: Sequence[Taken], shards: Sequence[Shard], prefix: str, earlier: Mapping[str, Any]
) -> dict[str, Any]:
    """All of it, but for when it was made; `earlier` is the manifest of the build before, or empty.

    `prefix` is where its files are.

    Rows read = rows nowhere on earth + rows of the build, and those = best rows + rows of other reasons.
    """
    rows, without_key, groups, lost = database.ask("totals")[0]
    here = {found.input.id for found in taken}
    return {
        "version": VERSION,
        "prefix": prefix,
        "rows_read": sum(found.rows for found in taken),
        "rows_nowhere": sum(found.nowhere for found in taken),
        "rows": rows,
        "rows_without_number_or_street": without_key,
        "best_rows": rows - lost,
        "groups_of_several": groups,
        "not_best": dict(database.ask("reasons")),
        "reasons": REASONS,
        "sources": [_source(found) for found in taken if not found.problem],
        "left_out": [_left_out(found) for found in taken if found.problem],
        "removed": [list(gone) for gone in sorted(sources(earlier) - here)],
        "pairs": [_pair(*row) for row in database.ask("pairs", most=MOST_PAIRS)],
        "files": [_file(shard, prefix) for shard in shards],
    }


def sources(earlier: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The layer sources that a manifest names."""
    return {(found["source"], found["name"]) for found in earlier.get("sources", ())}


def refuse_to_shrink(taken: Iterable[Taken], earlier: Mapping[str, Any]) -> None:
    """Raise ProblemError when a source cannot be read that the build before has."""
    known = sources(earlier)
    lost = [found for found in taken if found.problem and found.input.id in known]
    if lost:
        first = lost[0]
        assert first.problem
        message = (
            f"{len(lost):,} of {len(known):,} layer sources of the build before cannot be read, "
            f"first {first.input.source} ({first.input.name}): {first.problem.message} That build stays."
        )
        raise ProblemError(Code.COLLECTION_INCOMPLETE, message)


def _source(found: Taken) -> dict[str, Any]:
    source = found.input
    return {
        "source": source.source,
        "name": source.name,
        "run": source.run,
        "rows": found.rows,
        "nowhere": found.nowhere,
        "locality": source.locality.name.lower(),
        "licence": source.licence,
        "attribution": source.attribution,
        "share_alike": source.share_alike,
    }


def _left_out(found: Taken) -> dict[str, Any]:
    assert found.problem
    source = found.input
    return {"source": source.source, "name": source.name, "run": source.run, "problem": found.problem.as_json()}


def _pair(best: str, best_name: str, other: str, other_name: str, reason: str, rows: int) -> dict[str, Any]:
    return {"best": [best, best_name], "other": [other, other_name], "reason": reason, "rows": rows}


def _file(shard: Shard, prefix: str) -> dict[str, Any]:
    return {
        "key": prefix + shard.name,
        "bounds": shard.bounds,
        "rows": shard.rows,
        "bytes": shard.bytes,
        "sha256": shard.sha256,
    }
