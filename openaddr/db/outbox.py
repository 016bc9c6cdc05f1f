"""Messages to others, mostly GitHub: written with what they tell of, sent after that, at least once each."""

from collections.abc import Mapping
from typing import Any

from psycopg import Connection

from openaddr.db.records import Message
from openaddr.db.statements import changed, many, named, one, scalar
from openaddr.db.values import document, storable

TRIES = 5
"""How often a message may fail before it is parked."""
HOLD_SECONDS = 300.0
"""How long its sender has a message to itself."""
SQL = named("outbox")


def put(conn: Connection[Any], kind: str, key: str, payload: Mapping[str, object]) -> int:
    """Write a message; it takes the place of one with the same kind and key that is not sent yet. Gives its id."""
    return int(scalar(conn, SQL["put"], kind=kind, key=key, payload=document(payload)))


def get(conn: Connection[Any], message_id: int) -> Message | None:
    """One message, None also when a newer one took its place."""
    return one(conn, SQL["get"], Message, message_id=message_id)


def hold(conn: Connection[Any]) -> bool:
    """Be the only one who sends, for as long as this very connection is open; False when somebody else is."""
    return bool(scalar(conn, SQL["hold"]))


def due(
    conn: Connection[Any], limit: int, hold_seconds: float = HOLD_SECONDS, *, key: str | None = None
) -> list[Message]:
    """Messages to send now, oldest first, of one key or all. Commit, send, then say `sent` or `failed`.

    Nobody else gets them for `hold_seconds`; after that whoever had them is taken for dead.
    """
    return many(conn, SQL["due"], Message, limit=limit, most=TRIES, hold_seconds=hold_seconds, key=key)


def is_waiting(conn: Connection[Any], key: str) -> bool:
    """Whether a message with this key is still to be sent."""
    return bool(scalar(conn, SQL["is_waiting"], key=key))


def sent(conn: Connection[Any], message_id: int) -> bool:
    """Note that it was sent; False when a newer one took its place, which is still to be sent."""
    return changed(conn, SQL["sent"], message_id=message_id)


def hurry(conn: Connection[Any], message: Message) -> None:
    """Let what took the place of a message that was just sent be sent at once."""
    conn.execute(SQL["hurry"], {"kind": message.kind, "key": message.key})


def failed(conn: Connection[Any], message_id: int, error: str, retry_after: float | None = None) -> bool:
    """Note that it was not sent: again after a growing pause of at least `retry_after` seconds, five times in all."""
    values = {"error": storable(error), "retry_after": retry_after, "most": TRIES}
    return changed(conn, SQL["failed"], message_id=message_id, **values)
