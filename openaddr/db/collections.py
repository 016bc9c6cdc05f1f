"""The published collections, each as it is now."""

from dataclasses import asdict
from typing import Any

from psycopg import Connection

from openaddr.db.records import Collection, NewCollection
from openaddr.db.statements import many, named, one
from openaddr.db.values import document

SQL = named("collections")


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
