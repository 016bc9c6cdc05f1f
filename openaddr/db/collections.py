"""The published collections, each as it is now; what they can be made of, and what was in the way."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from openaddr.db.records import Collection, Json, NewCollection
from openaddr.db.statements import changed, many, named, one, scalar
from openaddr.db.values import document
from openaddr.errors import Problem

SQL = named("collections")
ALL = ""
"""The name under which what is in the way of all collections is noted."""
DEDUPLICATED = "deduplicated"
"""The name of the one that has all addresses once more; it is made by a flow of its own."""


@dataclass(frozen=True)
class Candidate:
    """A layer source whose last good run belongs into collections.

    `source_sha` is the text of its source file now, `good_sha` that of the run; `files_of` is where its files are,
    `repository` is '' where source files are in a folder.
    """

    source_id: str
    layer: str
    name: str
    run_id: int
    files_of: int
    rows: int
    finished_at: datetime
    source_sha: str
    good_sha: str
    commit_sha: str
    repository: str


@dataclass(frozen=True)
class Trouble:
    """Why a collection could not be made anew."""

    name: str
    tried_at: datetime
    problem: Json


def hold(conn: Connection[Any]) -> bool:
    """Be the only one who makes collections, for as long as this very connection is open, or until `release`.

    False when another one is.
    """
    return bool(scalar(conn, SQL["hold"]))


def release(conn: Connection[Any]) -> None:
    """Let another one make collections."""
    conn.execute(SQL["release"])


def candidates(conn: Connection[Any], whole_file: tuple[str, str]) -> list[Candidate]:
    """The last good runs of what is in the newest complete set of each repository, by name.

    `whole_file` are layer and name that runs have whose source file cannot be read.
    """
    layer, name = whole_file
    return many(conn, SQL["candidates"], Candidate, whole_layer=layer, whole_name=name)


def checked(conn: Connection[Any], run_ids: Sequence[int]) -> dict[int, Json]:
    """What was found in the files of runs, as far as somebody has looked."""
    return dict(conn.execute(SQL["checked"], {"run_ids": list(run_ids)}).fetchall())


def note_checked(conn: Connection[Any], run_id: int, facts: Json) -> None:
    """Note what is in the files of a run."""
    conn.execute(SQL["note_checked"], {"run_id": run_id, "facts": document(facts)})


def publish(conn: Connection[Any], new: NewCollection) -> Collection:
    """Note what a collection is from now on."""
    collection = one(conn, SQL["publish"], Collection, **asdict(new) | {"manifest": document(new.manifest)})
    assert collection
    return collection


def get(conn: Connection[Any], name: str) -> Collection | None:
    """One collection."""
    return one(conn, SQL["get"], Collection, name=name)


def published(conn: Connection[Any]) -> list[Collection]:
    """All collections by name."""
    return many(conn, SQL["published"], Collection)


def forget_checked(conn: Connection[Any], run_ids: Sequence[int]) -> None:
    """Have somebody look at the files of runs again."""
    conn.execute(SQL["forget_checked"], {"run_ids": list(run_ids)})


def remove(conn: Connection[Any], name: str) -> bool:
    """Take a collection off the record; False when it is not there."""
    return changed(conn, SQL["remove"], name=name)


def note_try(conn: Connection[Any], name: str, problem: Problem | None) -> None:
    """Note how a try to make a collection went."""
    conn.execute(SQL["note_try"], {"name": name, "problem": document(problem.as_json()) if problem else None})


def forget_tries(conn: Connection[Any], names: Sequence[str]) -> None:
    """Forget the tries of all collections but these."""
    conn.execute(SQL["forget_tries"], {"names": [*names, ALL, DEDUPLICATED]})


def problems(conn: Connection[Any]) -> list[Trouble]:
    """What was in the way of collections at the last try, by name."""
    return many(conn, SQL["problems"], Trouble)
