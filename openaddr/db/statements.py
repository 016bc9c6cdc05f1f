"""Named queries from `.sql` files, and the few ways to run one.

A file has one query after each line `-- name: …`; their parameters are written `%(name)s`.
"""

import re
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_type_hints

from psycopg import Connection
from psycopg.rows import kwargs_row

T = TypeVar("T")
Statements = dict[str, bytes]
FOLDER = Path(__file__).parent / "queries"
HEADING = re.compile(r"^-- name: (\w+)\n", re.M)


def named(table: str) -> Statements:
    """The queries of one file by name. Raises ValueError when it has none, or two of one name."""
    before, *parts = HEADING.split((FOLDER / f"{table}.sql").read_text(encoding="utf-8"))
    names, texts = parts[::2], parts[1::2]
    if before.strip() or not names or len(set(names)) < len(names):
        raise ValueError(f"{table}.sql has to be queries, each under a name of its own; it has {names}")
    return {name: text.encode() for name, text in zip(names, texts, strict=True)}


def one(conn: Connection[Any], statement: bytes, record: type[T], **values: object) -> T | None:
    """The first row that a query gives."""
    with conn.cursor(row_factory=kwargs_row(_maker(record))) as cursor:
        return cursor.execute(statement, values).fetchone()


def many(conn: Connection[Any], statement: bytes, record: type[T], **values: object) -> list[T]:
    """All rows that a query gives."""
    with conn.cursor(row_factory=kwargs_row(_maker(record))) as cursor:
        return cursor.execute(statement, values).fetchall()


def changed(conn: Connection[Any], statement: bytes, **values: object) -> bool:
    """Run a query that changes one row or none, and say which."""
    return conn.execute(statement, values).rowcount == 1


def scalar(conn: Connection[Any], statement: bytes, **values: object) -> Any:
    """The only value of a query, None when there is no row."""
    row = conn.execute(statement, values).fetchone()
    return row[0] if row else None


def _maker(record: type[T]) -> Callable[..., T]:
    """What makes a frozen record of a row. Words become members of their enum.

    Columns that the record does not know are left out: the database is migrated before the last old worker stops.
    """
    words = _words(record)  # type: ignore[arg-type]  # mypy does not take classes for hashable

    def make(**row: Any) -> T:
        return record(**{name: kind(row[name]) if kind and row[name] else row[name] for name, kind in words.items()})

    return make


@cache
def _words(record: Any) -> dict[str, type[StrEnum] | None]:
    """The fields of a record, with the enum of those that have one. Asked for each row it took half of all time."""
    return {name: _enum(kind) for name, kind in get_type_hints(record).items()}


def _enum(kind: Any) -> type[StrEnum] | None:
    """The enum in a type such as `Word` or `Word | None`."""
    choices = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    return next((choice for choice in choices if isinstance(choice, type) and issubclass(choice, StrEnum)), None)
