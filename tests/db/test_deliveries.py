"""Deliveries of GitHub."""

from typing import Any
from uuid import uuid4

from psycopg import Connection

from openaddr.db import deliveries
from openaddr.db.records import Delivery, DeliveryStatus


def found(conn: Connection[Any], delivery_id: str) -> Delivery:
    delivery = deliveries.get(conn, delivery_id)
    assert delivery
    return delivery


def waiting(conn: Connection[Any]) -> list[str]:
    return [delivery.id for delivery in deliveries.waiting(conn, 9)]


def test_a_delivery_is_received_once(conn: Connection[Any]) -> None:
    assert deliveries.receive(conn, "one", "push", {"ref": "a\0b"})
    assert not deliveries.receive(conn, "one", "push", {"ref": "other"})
    (delivery,) = deliveries.waiting(conn, 9)
    assert (delivery.event, delivery.payload) == ("push", {"ref": r"a\x00b"})


def test_deliveries_are_handled_in_their_order(conn: Connection[Any]) -> None:
    for name in ("c", "a", "b"):
        deliveries.receive(conn, name, "push", {})
    assert waiting(conn) == ["c", "a", "b"]


def test_two_at_once_handle_different_deliveries(conn: Connection[Any], other: Connection[Any]) -> None:
    for name in ("a", "b"):
        deliveries.receive(conn, name, "push", {})
    with conn.transaction(), other.transaction():
        assert [each.id for each in deliveries.waiting(conn, 1)] == ["a"]
        assert [each.id for each in deliveries.waiting(other, 2)] == ["b"]


def test_a_delivery_is_started_once(conn: Connection[Any]) -> None:
    deliveries.receive(conn, "one", "push", {})
    flow_run_id = uuid4()
    assert deliveries.started(conn, "one", flow_run_id)
    assert not deliveries.started(conn, "one", uuid4())
    assert not deliveries.ignore(conn, "one", "no")
    assert not deliveries.failed(conn, "one", "no")
    assert waiting(conn) == []
    assert (found(conn, "one").status, found(conn, "one").flow_run_id) == (DeliveryStatus.STARTED, flow_run_id)


def test_a_delivery_that_asks_for_nothing_says_why(conn: Connection[Any]) -> None:
    deliveries.receive(conn, "one", "ping", {})
    assert deliveries.ignore(conn, "one", "A ping asks for nothing.")
    assert (found(conn, "one").status, found(conn, "one").reason) == (
        DeliveryStatus.IGNORED,
        "A ping asks for nothing.",
    )
    assert waiting(conn) == []


def test_a_delivery_that_fails_is_parked_after_five_tries_and_those_behind_it_go_on(conn: Connection[Any]) -> None:
    for name in ("bad", "good"):
        deliveries.receive(conn, name, "push", {})
    for _ in range(4):
        assert deliveries.failed(conn, "bad", "no commit \0")
        assert waiting(conn) == ["good", "bad"]
    assert deliveries.failed(conn, "bad", "no commit \0")
    assert waiting(conn) == ["good"]
    assert (found(conn, "bad").status, found(conn, "bad").reason) == (DeliveryStatus.PARKED, r"no commit \x00")
