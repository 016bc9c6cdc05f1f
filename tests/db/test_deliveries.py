"""Deliveries of GitHub."""

from typing import Any
from uuid import uuid4

import pytest
from psycopg import Connection

from openaddr.db import deliveries
from openaddr.db.records import Delivery, DeliveryStatus


def found(conn: Connection[Any], delivery_id: str) -> Delivery:
    delivery = deliveries.get(conn, delivery_id)
    assert delivery
    return delivery


def waiting(conn: Connection[Any]) -> list[str]:
    return deliveries.waiting(conn, 9)


def test_a_delivery_is_received_once(conn: Connection[Any]) -> None:
    assert deliveries.receive(conn, "one", "push", {"ref": "a\0b"})
    assert not deliveries.receive(conn, "one", "push", {"ref": "other"})
    (name,) = deliveries.waiting(conn, 9)
    delivery = found(conn, name)
    assert (delivery.event, delivery.payload) == ("push", {"ref": r"a\x00b"})


def test_deliveries_are_handled_in_their_order(conn: Connection[Any]) -> None:
    for name in ("c", "a", "b"):
        deliveries.receive(conn, name, "push", {})
    assert waiting(conn) == ["c", "a", "b"]


def test_a_delivery_is_started_once(conn: Connection[Any]) -> None:
    deliveries.receive(conn, "one", "push", {})
    flow_run_id = uuid4()
    assert deliveries.started(conn, "one", flow_run_id)
    assert not deliveries.started(conn, "one", uuid4())
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


def test_a_delivery_that_was_handled_is_left_alone(conn: Connection[Any]) -> None:
    deliveries.receive(conn, "one", "push", {})
    assert deliveries.begin(conn, "one", None)
    assert deliveries.handled(conn, "one", "Nothing to check.")
    assert not deliveries.ignore(conn, "one", "no")
    assert not deliveries.failed(conn, "one", "no")
    assert not deliveries.postpone(conn, "one", "no", 0)
    assert not deliveries.handled(conn, "one", "again")
    assert deliveries.begin(conn, "one", None) is None
    assert (found(conn, "one").status, found(conn, "one").reason) == (DeliveryStatus.HANDLED, "Nothing to check.")


@pytest.mark.proves("I4")
def test_a_delivery_that_fails_is_parked_after_five_tries_and_those_behind_it_go_on(conn: Connection[Any]) -> None:
    for name in ("bad", "good"):
        deliveries.receive(conn, name, "push", {})
    for _ in range(4):
        assert deliveries.begin(conn, "bad", None)
        assert deliveries.failed(conn, "bad", "no commit \0")
        assert waiting(conn) == ["good"]
        due(conn)
        assert waiting(conn) == ["good", "bad"]
    assert deliveries.begin(conn, "bad", None)
    assert deliveries.failed(conn, "bad", "no commit \0")
    assert waiting(conn) == ["good"]
    assert (found(conn, "bad").status, found(conn, "bad").reason) == (DeliveryStatus.PARKED, r"no commit \x00")


@pytest.mark.proves("I4")
def test_a_delivery_that_kills_whoever_works_on_it_is_parked_too(conn: Connection[Any]) -> None:
    deliveries.receive(conn, "one", "push", {})
    for _ in range(5):
        assert deliveries.begin(conn, "one", None)
        assert deliveries.stale(conn, 5, 0) == ["one"]
    assert deliveries.begin(conn, "one", None) is None
    assert (found(conn, "one").status, found(conn, "one").reason) == (
        DeliveryStatus.PARKED,
        "Whoever worked on it never answered.",
    )


def test_waiting_for_what_is_away_counts_as_no_try(conn: Connection[Any]) -> None:
    deliveries.receive(conn, "one", "push", {})
    for _ in range(10):
        assert deliveries.begin(conn, "one", None)
        assert deliveries.postpone(conn, "one", "GitHub is away", 3600)
    assert waiting(conn) == []
    assert (found(conn, "one").status, found(conn, "one").reason) == (DeliveryStatus.WAITING, "GitHub is away")


def due(conn: Connection[Any]) -> None:
    """Let the time pass that deliveries have to wait."""
    conn.execute("update deliveries set next_try_at = clock_timestamp()")
