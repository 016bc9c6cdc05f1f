"""The record from a backup: all of it or nothing.

The file is read and compared with its manifest before anything is touched. Then its tables are made aside, in a schema
of their own and as the release had them that made the backup, filled, brought up to date, and moved into place, which
is one transaction: whoever is killed leaves the database as it was, and a schema that the next one removes.
"""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg import Connection

from openaddr.db import copying, keeping, migrating
from openaddr.db.copying import Numbered, Table
from openaddr.db.keeping import Work
from openaddr.errors import Code, ProblemError
from openaddr.keeping.backup import FORMAT, MANIFEST, Copied, Manifest

ASIDE = "openaddr_restored"
BLOCK = 1 << 20
MOST_BYTES = 10_000_000
"""Of a manifest."""
BAD = (zipfile.BadZipFile, zlib.error, KeyError, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)
"""What reading a damaged zip comes to."""


@dataclass(frozen=True)
class Backup:
    """A backup that was found whole."""

    path: Path
    manifest: Manifest

    def blocks(self, table: Copied) -> Iterator[bytes]:
        """The rows of a table."""
        with zipfile.ZipFile(self.path) as archive, archive.open(table.member) as member:
            while block := member.read(BLOCK):
                yield block


def read_backup(path: Path) -> Backup:
    """A backup, once every table in it is known to be what it was. Raises ProblemError."""
    with _named(path):
        with zipfile.ZipFile(path) as archive, archive.open(MANIFEST) as member:
            manifest = msgspec.json.decode(member.read(MOST_BYTES), type=Manifest)
        backup = Backup(path, manifest)
        _check_release(backup)
        for table in manifest.tables:
            _check(backup, table)
    return backup


def restore(conn: Connection[Any], backup: Backup, taken: Mapping[str, int], *, replace: bool = False) -> list[str]:
    """Make a backup the record of a database, up to date with this code; gives the steps that it lacked.

    `taken` has the numbers, by table, up to which no new row may be numbered because files have these names.
    Raises ProblemError: when there is a record and it is not to be replaced, or the database refuses.
    """
    if not keeping.hold(conn, Work.BACKUP):
        raise ProblemError(Code.RESTORE_FAILED, "Somebody else makes or restores a backup just now; wait for the end.")
    conn.commit()
    try:
        with _refusals():
            return _restored(conn, backup, taken, replace=replace)
    finally:
        conn.rollback()
        copying.drop_schema(conn, ASIDE)
        keeping.release(conn, Work.BACKUP)
        conn.commit()


def _restored(conn: Connection[Any], backup: Backup, taken: Mapping[str, int], *, replace: bool) -> list[str]:
    with conn.transaction():
        migrating.begin(conn)
        migrating.steps(conn)
        if not replace and (there := copying.not_empty(conn)):
            raise ProblemError(Code.RECORD_NOT_EMPTY, f"There are rows in {', '.join(there)}.")
        copying.make_schema(conn, ASIDE)
        # In a transaction of its own: before Postgres 17 a word that is new in an enum cannot be used at once.
        migrating.migrate(conn, up_to=len(backup.manifest.steps))
    with conn.transaction():
        migrating.begin(conn)
        if not replace and (there := copying.not_empty(conn)):
            raise ProblemError(Code.RECORD_NOT_EMPTY, f"There are rows in {', '.join(there)}, which came meanwhile.")
        _fill(conn, backup)
        steps = migrating.migrate(conn)
        _number(conn, backup, taken)
        copying.replace_public(conn, ASIDE)
        copying.analyze(conn)
    return steps


def _fill(conn: Connection[Any], backup: Backup) -> None:
    known = {table.name: set(table.columns) for table in copying.tables(conn, ASIDE)}
    copying.truncate(conn, ASIDE)
    for table in backup.manifest.tables:
        if not set(table.columns) <= known.get(table.name, set()):
            raise ProblemError(Code.BACKUP_BAD, f"{backup.path.name} has columns in {table.name} that its steps lack.")
        rows = copying.write(conn, ASIDE, Table(table.name, table.columns), backup.blocks(table))
        if rows != table.rows:
            message = f"{table.name} came to {rows:,} rows, {backup.path.name} says {table.rows:,}."
            raise ProblemError(Code.BACKUP_BAD, message)


def _number(conn: Connection[Any], backup: Backup, taken: Mapping[str, int]) -> None:
    """No number is given twice, also where those of rows that are lost are names of files."""
    told = {Numbered(each.table, each.column): each.last for each in backup.manifest.numbers}
    for each in copying.numbers(conn, ASIDE):
        copying.set_number(conn, ASIDE, each, max(told.get(each, 0), taken.get(each.name, 0)))


def _check_release(backup: Backup) -> None:
    manifest, name = backup.manifest, backup.path.name
    known = [str(migration) for migration in migrating.migrations()]
    if manifest.format > FORMAT or len(manifest.steps) > len(known):
        made = f"{name} was made by release {manifest.release}, with {len(manifest.steps)} steps of the schema"
        raise ProblemError(Code.BACKUP_NEWER, f"{made}; this one knows {len(known)}.")
    if not manifest.steps or known[: len(manifest.steps)] != manifest.steps:
        raise ProblemError(Code.BACKUP_BAD, f"{name} has steps of the schema that no release had: {manifest.steps}.")


def _check(backup: Backup, table: Copied) -> None:
    digest, size = hashlib.sha256(), 0
    for block in backup.blocks(table):
        digest.update(block)
        size += len(block)
    if (size, digest.hexdigest()) != (table.bytes, table.sha256):
        found = f"{size:,} bytes with sha256 {digest.hexdigest()[:16]}…"
        message = f"{table.member} has {found}, expected were {table.bytes:,} with {table.sha256[:16]}…."
        raise ProblemError(Code.BACKUP_BAD, message)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """What is wrong with a file, in a word."""
    try:
        yield
    except ProblemError:
        raise
    except FileNotFoundError as error:
        raise ProblemError(Code.BACKUP_MISSING, f"There is no file {path}.") from error
    except BAD as error:
        raise ProblemError(Code.BACKUP_BAD, f"{path.name} cannot be read: {error}.") from error


@contextmanager
def _refusals() -> Iterator[None]:
    """What the database says, in a word."""
    try:
        yield
    except psycopg.Error as error:
        told = " ".join(str(error).split())
        raise ProblemError(Code.RESTORE_FAILED, f"The database says: {told}") from error
