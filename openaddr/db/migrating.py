"""Bring a database up to date: the files of `migrations/` by number, each once.

Never change a migration that was released; add the next. `schema.sql` shows what they add up to.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import Connection

from openaddr.db.statements import named

FOLDER = Path(__file__).parent / "migrations"
SQL = named("migrations")


@dataclass(frozen=True)
class Migration:
    """One step of the schema: `0001_record_of_runs.sql` has number 1 and the name `record_of_runs`."""

    number: int
    name: str
    statements: bytes


def migrations(folder: Path = FOLDER) -> list[Migration]:
    """All of a folder, in order. Raises ValueError when their numbers are not 1, 2, 3…"""
    found = []
    for path in sorted(folder.glob("*.sql")):
        number, _, name = path.stem.partition("_")
        found.append(Migration(int(number), name, path.read_bytes()))
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"{folder} has to have one migration for each number: {[each.number for each in found]}")
    return found


def migrate(conn: Connection[Any], folder: Path = FOLDER) -> list[str]:
    """Apply what is missing, all or nothing once the caller commits; gives the names. Others wait meanwhile."""
    conn.execute(SQL["take_time"])
    conn.execute(SQL["wait_for_others"])
    conn.execute(SQL["prepare"])
    applied = {number for (number,) in conn.execute(SQL["applied"])}
    missing = [migration for migration in migrations(folder) if migration.number not in applied]
    for migration in missing:
        conn.execute(migration.statements)
        conn.execute(SQL["note"], {"number": migration.number, "name": migration.name})
    return [f"{migration.number:04} {migration.name}" for migration in missing]
