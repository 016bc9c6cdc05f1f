"""Whole tables out of a database and into a schema of another one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from psycopg import Connection, sql

from openaddr.db.statements import many, named, scalar

SQL = named("copying")
PUBLIC = "public"
OUT = sql.SQL("copy {} ({}) to stdout")
IN = sql.SQL("copy {} ({}) from stdin")


@dataclass(frozen=True)
class Table:
    """A table with its columns."""

    name: str
    columns: list[str]


@dataclass(frozen=True)
class Numbered:
    """A column that numbers its rows by itself."""

    name: str
    column: str


@dataclass(frozen=True)
class _Reference:
    name: str
    before: str


def freeze(conn: Connection[Any]) -> None:
    """Begin a transaction whose every query sees the database as it is at the first, however long it takes."""
    conn.execute(SQL["freeze"])
    conn.execute(SQL["take_time"])


def tables(conn: Connection[Any], schema: str = PUBLIC) -> list[Table]:
    """All tables but `migrations`, those first to which others refer."""
    found = {table.name: table for table in many(conn, SQL["tables"], Table, schema=schema)}
    order: TopologicalSorter[str] = TopologicalSorter({name: [] for name in found})
    for one in many(conn, SQL["references"], _Reference, schema=schema):
        order.add(one.name, one.before)
    return [found[name] for name in order.static_order()]


def read(conn: Connection[Any], table: Table) -> Iterator[bytes]:
    """The rows of a table, in the text format of COPY, a line each."""
    with conn.cursor() as cursor, cursor.copy(OUT.format(sql.Identifier(table.name), _columns(table))) as copy:
        for block in copy:
            yield bytes(block)


def write(conn: Connection[Any], schema: str, table: Table, blocks: Iterable[bytes]) -> int:
    """Write rows into a table; gives how many."""
    with conn.cursor() as cursor:
        with cursor.copy(IN.format(sql.Identifier(schema, table.name), _columns(table))) as copy:
            for block in blocks:
                copy.write(block)
        return cursor.rowcount


def not_empty(conn: Connection[Any], schema: str = PUBLIC) -> list[str]:
    """Tables in which there are rows."""
    question = sql.SQL("select exists (select from {})")
    found = (table.name for table in tables(conn, schema))
    return [name for name in found if scalar(conn, _text(conn, question, schema, name))]


def numbers(conn: Connection[Any], schema: str = PUBLIC) -> dict[Numbered, int]:
    """The last number that each of such columns was given, 0 when none was."""
    found = many(conn, SQL["numbers"], Numbered, schema=schema)
    return {each: int(scalar(conn, SQL["last_number"], **_place(schema, each))) for each in found}


def set_number(conn: Connection[Any], schema: str, numbered: Numbered, last: int) -> None:
    """Have the next row get the number after `last`."""
    conn.execute(SQL["set_number"], _place(schema, numbered) | {"last": last})


def make_schema(conn: Connection[Any], schema: str) -> None:
    """An empty schema, in the place of one that was left, in which this connection works from now on."""
    name = sql.Identifier(schema)
    drop_schema(conn, schema)
    conn.execute(sql.SQL("create schema {}").format(name))
    conn.execute(sql.SQL("set search_path to {}").format(name))


def drop_schema(conn: Connection[Any], schema: str) -> None:
    """Remove a schema with all that is in it; none is fine."""
    conn.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))


def truncate(conn: Connection[Any], schema: str) -> None:
    """Take all rows out of a schema."""
    names = sql.SQL(", ").join(sql.Identifier(schema, table.name) for table in tables(conn, schema))
    conn.execute(sql.SQL("truncate {}").format(names))


def replace_public(conn: Connection[Any], schema: str) -> None:
    """Move everything of a schema into the public one, in the place of what has these names there."""
    names = [*(table.name for table in tables(conn, schema)), "migrations"]
    types = [name for (name,) in conn.execute(SQL["types"], {"schema": schema})]
    old = sql.SQL(", ").join(sql.Identifier(PUBLIC, name) for name in names)
    conn.execute(sql.SQL("drop table if exists {}").format(old))
    for kind, found in (("type", types), ("table", names)):
        for name in found:
            if kind == "type":
                conn.execute(sql.SQL("drop type if exists {}").format(sql.Identifier(PUBLIC, name)))
            move = sql.SQL(f"alter {kind} {{}} set schema public")
            conn.execute(move.format(sql.Identifier(schema, name)))
    # Not `cascade`: what a migration made and is not moved must not get lost without a word.
    conn.execute(sql.SQL("drop schema {}").format(sql.Identifier(schema)))
    conn.execute("set search_path to default")


def analyze(conn: Connection[Any]) -> None:
    """Have the planner know how many rows there are."""
    conn.execute("analyze")


def _columns(table: Table) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, table.columns))


def _place(schema: str, numbered: Numbered) -> dict[str, Any]:
    return {"name": sql.Identifier(schema, numbered.name).as_string(), "column": numbered.column}


def _text(conn: Connection[Any], text: sql.SQL, *names: str) -> bytes:
    return text.format(sql.Identifier(*names)).as_bytes(conn)
