"""Which run of a layer source is its latest good one: what `latest/` shows and collections are made of."""

from typing import Any

from psycopg import Connection

from openaddr.db.records import LastGood
from openaddr.db.statements import changed, named, one
from openaddr.db.values import word

SQL = named("last_good")


def get(conn: Connection[Any], source_id: str, layer: str, name: str) -> LastGood | None:
    """The latest good run of a layer source, None when there was none."""
    return one(conn, SQL["get"], LastGood, source_id=word(source_id), layer=word(layer), name=word(name))


def move(conn: Connection[Any], run_id: int) -> bool:
    """Make a run the latest of its layer source; False when it may not be or a newer one is.

    Only a run of merged data that succeeded, or was held and then approved, may be.
    """
    return changed(conn, SQL["move"], run_id=run_id)
