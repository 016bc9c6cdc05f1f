"""Sets: of one repository only one is under way at a time.

A set is started, then listed, which is when all its runs are there, and completed when all of them are final. One whose
runs cannot be listed is abandoned with the problem, so that it stands in nobody's way.
"""

from typing import Any

from psycopg import Connection

from openaddr.db.records import RunStatus, Set
from openaddr.db.statements import changed, many, named, one, scalar
from openaddr.db.values import document, storable
from openaddr.errors import Problem

SQL = named("sets")


def start(
    conn: Connection[Any], repository: str, commit_sha: str, *, folder: str = "", fresh: bool = False
) -> Set | None:
    """A new set, of a folder or of a repository on GitHub; None while another one is under way."""
    values = {"repository": repository, "commit_sha": commit_sha, "folder": storable(folder), "fresh": fresh}
    return one(conn, SQL["start"], Set, **values)


def resume(conn: Connection[Any], repository: str) -> Set | None:
    """The set of the repository that is under way: somebody works on it, or whoever did is dead."""
    return one(conn, SQL["resume"], Set, repository=repository)


def hold(conn: Connection[Any], repository: str) -> bool:
    """Be the only one who works on the sets of a repository, for as long as this very connection is open.

    False when somebody else is. It outlasts transactions, and ends with its process however that ends.
    """
    return bool(scalar(conn, SQL["hold"], repository=repository))


def is_held(conn: Connection[Any], repository: str) -> bool:
    """Whether somebody works on the sets of a repository."""
    return bool(scalar(conn, SQL["is_held"], repository=repository))


def mark_listed(conn: Connection[Any], set_id: int) -> bool:
    """Note that all runs of the set are there; False when that was noted before, or it is abandoned."""
    return changed(conn, SQL["mark_listed"], set_id=set_id)


def abandon(conn: Connection[Any], set_id: int, problem: Problem) -> bool:
    """Give up a set whose runs cannot be listed; False for one that is listed, or was given up before."""
    return changed(conn, SQL["abandon"], set_id=set_id, problem=document(problem.as_json()))


def complete_if_done(conn: Connection[Any], set_id: int) -> bool:
    """Complete a set that is listed and whose runs are all final; True for the one who did it.

    Ask after the last run is committed: two that finish the last two runs at once do not see each other's.
    """
    return changed(conn, SQL["complete_if_done"], set_id=set_id)


def progress(conn: Connection[Any], set_id: int) -> dict[RunStatus, int]:
    """How many runs have each status, zeros included."""
    counts = {RunStatus(status): count for status, count in conn.execute(SQL["progress"], {"set_id": set_id})}
    return {status: counts.get(status, 0) for status in RunStatus}


def get(conn: Connection[Any], set_id: int) -> Set | None:
    """One set."""
    return one(conn, SQL["get"], Set, set_id=set_id)


def unfinished(conn: Connection[Any]) -> list[Set]:
    """Sets that are under way: somebody works on them, or whoever did is dead."""
    return many(conn, SQL["unfinished"], Set)


def latest_complete(conn: Connection[Any], repository: str) -> Set | None:
    """The newest set of the repository that is complete."""
    return one(conn, SQL["latest_complete"], Set, repository=repository)
