"""Which run of a layer source is its latest good one: what `latest/` shows and collections are made of."""

from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row

from openaddr.db.records import LastGood
from openaddr.db.statements import changed, named, one
from openaddr.db.values import word
from openaddr.sizes import Taken, class_for

SQL = named("last_good")


def get(conn: Connection[Any], source_id: str, layer: str, name: str) -> LastGood | None:
    """The latest good run of a layer source, None when there was none."""
    return one(conn, SQL["get"], LastGood, source_id=word(source_id), layer=word(layer), name=word(name))


def move(conn: Connection[Any], run_id: int) -> bool:
    """Make a run the latest of its layer source; False when it may not be or a newer one is.

    Only a run of merged data that succeeded, or was held and then approved, may be.
    """
    return changed(conn, SQL["move"], run_id=run_id)


def size_classes(conn: Connection[Any]) -> dict[tuple[str, str, str], str]:
    """The size class that each layer source needs by what its last good run took; those that had none are not there."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute(SQL["taken"])
        return {(source_id, layer, name): class_for(Taken(*taken)) for source_id, layer, name, *taken in found}
