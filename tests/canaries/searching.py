"""Looks for canaries everywhere: files, objects, rows, what was sent to others, and processes while they live."""

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet
from psycopg import sql

from demo.servers.background import Background
from tests.canaries.values import Canaries

LOOK_EVERY = 0.1
BOX = b"openaddr.box"
TABLES = """
select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema') order by 1, 2
"""


def opened(name: str, content: bytes) -> Iterator[bytes]:
    """Some bytes, and what they unpack to."""
    yield content
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                yield from opened(member, archive.read(member))
    elif content.startswith(b"\x1f\x8b"):
        with suppress(OSError, EOFError, zlib.error):
            yield from opened(name, gzip.decompress(content))
    elif content.startswith(b"PAR1"):
        table = pyarrow.parquet.read_table(io.BytesIO(content))
        yield repr([table.to_pylist(), table.schema.metadata]).encode()


def in_files(canaries: Canaries, folder: Path, *, but: frozenset[str] = frozenset()) -> Iterator[str]:
    """Breaches in the files of a folder; `but` are names of files that are for secrets."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.name not in but:
            for content in opened(path.name, path.read_bytes()):
                for name in canaries.found_in(content):
                    yield f"{name} stands in the file {path.relative_to(folder)}"


def in_bucket(canaries: Canaries, bucket: Any) -> Iterator[str]:
    """Breaches in keys, metadata and contents of objects."""
    for item in bucket.objects.all():
        answer = item.get()
        told = repr({key: value for key, value in answer.items() if key != "Body"})
        for content in (item.key.encode(), told.encode(), *opened(item.key, answer["Body"].read())):
            for name in canaries.found_in(content):
                yield f"{name} stands in the object {item.key}"


def in_rows(canaries: Canaries, url: str) -> Iterator[str]:
    """Breaches in all rows of a database."""
    with psycopg.connect(url) as conn:
        for schema, table in conn.execute(TABLES).fetchall():
            rows = sql.SQL("select t::text from {} t").format(sql.Identifier(schema, table))
            with conn.cursor(f"rows_of_{table}"[:60]) as cursor:
                for (row,) in cursor.execute(rows):
                    for name in canaries.found_in(row.encode()):
                        yield f"{name} stands in a row of {conn.info.dbname}.{table}: {row[:300]}"


def in_words(canaries: Canaries, what: str, content: object) -> Iterator[str]:
    """Breaches in what somebody else was told."""
    for name in canaries.found_in(repr(content).encode()):
        yield f"{name} was told to {what}"


class Watch(Background):
    """Looks at all processes of this machine again and again: a `with` block."""

    def __init__(self, canaries: Canaries) -> None:
        super().__init__()
        self._canaries = canaries
        self.breaches: set[str] = set()
        self.boxed: set[int] = set()
        """Processes of boxes that were seen."""
        self.seen: set[int] = set()

    def work(self) -> None:
        """Look, and look again."""
        while not self.ending.wait(LOOK_EVERY):
            self.look()

    def look(self) -> None:
        """Look at every process that there is just now."""
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                self._at(process, (process / "cmdline").read_bytes())

    def _at(self, process: Path, command: bytes) -> None:
        pid = int(process.name)
        self.seen.add(pid)
        shown = command.replace(bytes(1), b" ").decode(errors="replace")[:200]
        for name in self._canaries.found_in(command):
            self.breaches.add(f"{name} stands on the command line of a process: {shown.split()[:4]}")
        parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        if BOX in command or parent in self.boxed:
            self.boxed.add(pid)
            for name in self._canaries.found_in((process / "environ").read_bytes()):
                self.breaches.add(f"{name} stands in the environment of a boxed process: {shown}")
