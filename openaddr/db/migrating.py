"""Bring a database up to date: the files of `migrations/` by number, each once.

Never change a migration that was released; add the next. `schema.sql` shows what they add up to.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import Connection

from openaddr import __version__
from openaddr.db.statements import named, scalar
from openaddr.errors import Code, ProblemError

FOLDER = Path(__file__).parent / "migrations"
SQL = named("migrations")


@dataclass(frozen=True)
class Migration:
    """One step of the schema: `0001_record_of_runs.sql` has number 1 and the name `record_of_runs`."""

    number: int
    name: str
    statements: bytes

    def __str__(self) -> str:
        return f"{self.number:04} {self.name}"


def migrations(folder: Path = FOLDER) -> list[Migration]:
    """All of a folder, in order. Raises ValueError when their numbers are not 1, 2, 3…"""
    found = []
    for path in sorted(folder.glob("*.sql")):
        number, _, name = path.stem.partition("_")
        found.append(Migration(int(number), name, path.read_bytes()))
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"{folder} has to have one migration for each number: {[each.number for each in found]}")
    return found


def migrate(conn: Connection[Any], folder: Path = FOLDER, up_to: int | None = None) -> list[str]:
    """Apply what is missing, all or nothing once the caller commits; gives the names. Others wait meanwhile.

    `up_to` is the last one to apply. Raises ProblemError when the database is newer than this code.
    """
    begin(conn)
    known = migrations(folder)[:up_to]
    applied = _applied(conn)
    if up_to is None:
        _refuse_newer(known, applied)
    missing = [migration for migration in known if migration.number not in applied]
    for migration in missing:
        conn.execute(migration.statements)
        conn.execute(SQL["note"], {"number": migration.number, "name": migration.name})
    return [str(migration) for migration in missing]


def begin(conn: Connection[Any]) -> None:
    """Be the only one who changes the schema until the transaction ends, for as long as that takes."""
    conn.execute(SQL["take_time"])
    conn.execute(SQL["wait_for_others"])
    conn.execute(SQL["prepare"])


def require_current(conn: Connection[Any]) -> None:
    """Raise ProblemError when the database is older or newer than this code: it would fail anywhere, or worse."""
    known, applied = migrations(), _applied(conn)
    _refuse_newer(known, applied)
    if missing := [migration for migration in known if migration.number not in applied]:
        stands = f"{max(applied)} of {len(known)} steps" if applied else "none of its tables"
        message = f"The database has {stands}; this release ({__version__}) needs {missing[-1]}."
        raise ProblemError(Code.DATABASE_OLDER, message)


def steps(conn: Connection[Any]) -> list[str]:
    """The names of the steps that a database has. Raises ProblemError when it is newer than this code."""
    known, applied = migrations(), _applied(conn)
    _refuse_newer(known, applied)
    return [str(migration) for migration in known if migration.number in applied]


def _applied(conn: Connection[Any]) -> set[int]:
    if not scalar(conn, SQL["is_prepared"]):
        return set()
    return {number for (number,) in conn.execute(SQL["applied"])}


def _refuse_newer(known: list[Migration], applied: set[int]) -> None:
    if applied and max(applied) > len(known):
        message = f"The database has {max(applied)} steps; this release ({__version__}) knows {len(known)} of them."
        raise ProblemError(Code.DATABASE_NEWER, message)
