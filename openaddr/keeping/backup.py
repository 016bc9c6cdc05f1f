"""A backup of the record: all of it as it was at one moment, in one zip that any later release can restore.

    tables/<name>.copy    the rows of a table in the text format of Postgres' COPY, which no version of it has changed
    manifest.json         what there is: steps of the schema, columns, rows, bytes and SHA-256 of each table, numbers

Nothing else is in it: runs, pages and collections are in the storage, settings with whoever has them. Bodies of
deliveries are, with the mail addresses of who committed: backups are nobody else's business.
"""

import hashlib
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from psycopg import Connection

from openaddr import __version__
from openaddr.db import copying, migrating
from openaddr.db.copying import Table
from openaddr.storage.objects import Writer
from openaddr.words import plural

FORMAT = 1
MANIFEST = "manifest.json"


class Copied(msgspec.Struct, frozen=True):
    """A table in a backup."""

    name: str
    columns: list[str]
    rows: int
    bytes: int
    sha256: str

    @property
    def member(self) -> str:
        """Its name in the zip."""
        return f"tables/{self.name}.copy"


class Number(msgspec.Struct, frozen=True):
    """The last number that a column gave a row by itself."""

    table: str
    column: str
    last: int


class Manifest(msgspec.Struct, frozen=True):
    """What is in a backup; tables stand behind those to which they refer."""

    format: int
    made_at: datetime
    release: str
    steps: list[str]
    tables: list[Copied]
    numbers: list[Number]

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables)

    def __str__(self) -> str:
        when = f"{self.made_at:%Y-%m-%d at %H:%M:%S} UTC"
        return f"{plural(self.rows, 'row')} of {len(self.tables)} tables as they were on {when}"


def write_backup(conn: Connection[Any], out: Writer) -> Manifest:
    """Write a backup while others go on writing; `conn` is in no transaction yet. Raises ProblemError.

    A database that is not of this release is backed up as it is, as long as it is no newer.
    """
    copying.freeze(conn)
    manifest = Manifest(FORMAT, datetime.now(UTC).replace(microsecond=0), __version__, migrating.steps(conn), [], [])
    with zipfile.ZipFile(_Flushed(out), "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for table in copying.tables(conn):
            manifest.tables.append(_copied(archive, table, copying.read(conn, table)))
        found = copying.numbers(conn).items()
        manifest.numbers.extend(Number(each.name, each.column, last) for each, last in found)
        archive.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    conn.rollback()
    return manifest


def _copied(archive: zipfile.ZipFile, table: Table, blocks: Iterable[bytes]) -> Copied:
    digest, size, rows = hashlib.sha256(), 0, 0
    with archive.open(f"tables/{table.name}.copy", "w", force_zip64=True) as member:
        for block in blocks:
            digest.update(block)
            size += len(block)
            # Line breaks inside of values are written as \n: each one ends a row.
            rows += block.count(b"\n")
            member.write(block)
    return Copied(table.name, table.columns, rows, size, digest.hexdigest())


class _Flushed:
    """What zips are written to as they come, in blocks of a size that is worth a request."""

    BLOCK = 1 << 20

    def __init__(self, out: Writer) -> None:
        self._out, self._waiting = out, bytearray()

    def write(self, block: bytes, /) -> int:
        """Take more bytes."""
        self._waiting += block
        if len(self._waiting) >= self.BLOCK:
            self.flush()
        return len(block)

    def flush(self) -> None:
        """Hand on what has come."""
        if self._waiting:
            self._out.write(bytes(self._waiting))
            self._waiting.clear()

    def close(self) -> None:
        """Hand on the rest; whoever opened what we write to closes it."""
        self.flush()
