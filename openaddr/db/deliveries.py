"""Deliveries of GitHub: written down before they are answered, then started, ignored or parked."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg import Connection

from openaddr.db.records import Delivery, DeliveryStatus
from openaddr.db.statements import changed, named, one
from openaddr.db.values import document, storable

TRIES = 5
"""How often a delivery may fail before it is parked."""
SQL = named("deliveries")


def receive(conn: Connection[Any], delivery_id: str, event: str, payload: Mapping[str, object]) -> bool:
    """Write a delivery down; False when it was seen before."""
    values = {"delivery_id": delivery_id, "event": event, "payload": document(payload)}
    return changed(conn, SQL["receive"], **values)


def get(conn: Connection[Any], delivery_id: str) -> Delivery | None:
    """One delivery."""
    return one(conn, SQL["get"], Delivery, delivery_id=delivery_id)


def waiting(conn: Connection[Any], limit: int) -> list[str]:
    """Ids of what is to be begun next, oldest first and failed ones last: their payloads may have 25 MB each."""
    return [delivery_id for (delivery_id,) in conn.execute(SQL["waiting"], {"limit": limit})]


def stale(conn: Connection[Any], limit: int, seconds: float) -> list[str]:
    """Ids of what was begun, or asked to be, over `seconds` ago and is not handled."""
    return [delivery_id for (delivery_id,) in conn.execute(SQL["stale"], {"limit": limit, "seconds": seconds})]


def started(conn: Connection[Any], delivery_id: str, flow_run_id: UUID | None) -> bool:
    """Note the flow run that is to work on it; False when the delivery is not waiting."""
    return changed(conn, SQL["started"], delivery_id=delivery_id, flow_run_id=flow_run_id)


def begin(conn: Connection[Any], delivery_id: str, flow_run_id: UUID | None) -> Delivery | None:
    """Begin to work on it, which counts as a try: the sixth parks it. None when there is nothing to do."""
    found = one(conn, SQL["begin"], Delivery, delivery_id=delivery_id, flow_run_id=flow_run_id, most=TRIES)
    return found if found and found.status is DeliveryStatus.STARTED else None


def handled(conn: Connection[Any], delivery_id: str, told: str = "") -> bool:
    """Note that all it asked for is on the record, and what that was; False when it was not begun."""
    return changed(conn, SQL["handled"], delivery_id=delivery_id, told=storable(told))


def ignore(conn: Connection[Any], delivery_id: str, reason: str) -> bool:
    """Note why nothing is to be done; False when something was done."""
    return changed(conn, SQL["ignore"], delivery_id=delivery_id, reason=storable(reason))


def postpone(conn: Connection[Any], delivery_id: str, error: str, seconds: float) -> bool:
    """Let it wait for what is away, which counts as no try; False when it was handled."""
    return changed(conn, SQL["postpone"], delivery_id=delivery_id, error=storable(error), seconds=seconds)


def failed(conn: Connection[Any], delivery_id: str, error: str) -> bool:
    """Note that a try went wrong: it waits for the next, or is parked after the fifth. False when it was handled."""
    return changed(conn, SQL["failed"], delivery_id=delivery_id, error=storable(error), most=TRIES)
