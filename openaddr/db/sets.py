"""Sets: of one repository only one is under way at a time."""

from typing import Any

from psycopg import Connection

from openaddr.db.records import RunStatus, Set
from openaddr.db.statements import changed, many, named, one, scalar

SQL = named("sets")


def start(conn: Connection[Any], repository: str, commit_sha: str) -> Set | None:
    """A new set, None while another of the repository is not complete."""
    return one(conn, SQL["start"], Set, repository=repository, commit_sha=commit_sha)


def resume(conn: Connection[Any], repository: str) -> Set | None:
    """The set of the repository that is not complete: somebody works on it, or whoever did is dead."""
    return one(conn, SQL["resume"], Set, repository=repository)


def hold(conn: Connection[Any], repository: str) -> bool:
    """Be the only one who works on the sets of a repository, for as long as this very connection is open.

    False when somebody else is. It outlasts transactions, and ends with its process however that ends.
    """
    return bool(scalar(conn, SQL["hold"], repository=repository))


def let_go(conn: Connection[Any], repository: str) -> bool:
    """Undo one `hold` of this connection at once: the end of a connection takes the server a moment to notice."""
    return bool(scalar(conn, SQL["let_go"], repository=repository))


def mark_listed(conn: Connection[Any], set_id: int) -> bool:
    """Note that all runs of the set are there; False when that was noted before."""
    return changed(conn, SQL["mark_listed"], set_id=set_id)


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
    """Sets whose runs are all there and not all final: somebody works on them, or whoever did is dead."""
    return many(conn, SQL["unfinished"], Set)


def latest_complete(conn: Connection[Any], repository: str) -> Set | None:
    """The newest set of the repository that is complete."""
    return one(conn, SQL["latest_complete"], Set, repository=repository)
