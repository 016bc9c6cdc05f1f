"""Messages to others."""

from typing import Any

import pytest
from psycopg import Connection

from openaddr.db import outbox
from openaddr.db.records import Message
from tests.db.racing import race


def put(conn: Connection[Any], text: str, key: str = "abc") -> int:
    return outbox.put(conn, "status", key, {"text": text})


def due(conn: Connection[Any]) -> list[str]:
    return [message.payload["text"] for message in outbox.due(conn, 9)]


def found(conn: Connection[Any], message_id: int) -> Message:
    message = outbox.get(conn, message_id)
    assert message
    return message


def let_time_pass(conn: Connection[Any]) -> None:
    conn.execute("update outbox set next_try_at = clock_timestamp()")


def pause(conn: Connection[Any], message_id: int) -> float:
    """Seconds until a message is tried again."""
    row = conn.execute(
        "select extract(epoch from next_try_at - clock_timestamp())::float from outbox where id = %s", [message_id]
    ).fetchone()
    assert row
    return float(row[0])


def test_messages_are_sent_in_their_order_and_once(conn: Connection[Any]) -> None:
    first, second = put(conn, "one", "a"), put(conn, "two", "b")
    assert due(conn) == ["one", "two"]
    assert outbox.sent(conn, first) and outbox.sent(conn, second)
    assert not outbox.sent(conn, first)
    let_time_pass(conn)
    assert due(conn) == []


def test_a_newer_message_takes_the_place_of_one_that_is_not_sent(conn: Connection[Any]) -> None:
    put(conn, "pending")
    put(conn, "success")
    outbox.put(conn, "comment", "abc", {"text": "of another kind"})
    assert due(conn) == ["success", "of another kind"]


def test_a_message_that_is_being_sent_does_not_count_for_the_newer_one(conn: Connection[Any]) -> None:
    old = put(conn, "pending")
    assert due(conn) == ["pending"]
    new = put(conn, "success")
    assert not outbox.sent(conn, old)
    assert not outbox.failed(conn, old, "no")
    assert outbox.get(conn, old) is None
    let_time_pass(conn)
    assert due(conn) == ["success"]
    assert outbox.sent(conn, new)


def test_a_message_about_something_told_before_is_a_new_one(conn: Connection[Any]) -> None:
    assert outbox.sent(conn, put(conn, "pending"))
    put(conn, "success")
    assert due(conn) == ["success"]


def test_two_that_put_at_once_leave_one_message(conn: Connection[Any], other: Connection[Any]) -> None:
    first, second = race(conn, other, lambda who: put(who, "first" if who is conn else "second"))
    assert second > first
    assert due(conn) == ["second"]


def test_two_senders_get_different_messages(conn: Connection[Any], other: Connection[Any]) -> None:
    put(conn, "one", "a")
    put(conn, "two", "b")
    with conn.transaction(), other.transaction():
        assert [each.payload for each in outbox.due(conn, 1)] == [{"text": "one"}]
        assert [each.payload for each in outbox.due(other, 2)] == [{"text": "two"}]
    assert due(conn) == []


def test_a_message_whose_sender_died_is_sent_by_another(conn: Connection[Any]) -> None:
    put(conn, "one")
    assert due(conn) == ["one"]
    assert due(conn) == []
    let_time_pass(conn)
    assert due(conn) == ["one"]


@pytest.mark.proves("I4")
def test_pauses_grow_until_a_message_is_parked_with_its_error(conn: Connection[Any]) -> None:
    message_id = put(conn, "one")
    pauses = []
    for _ in range(4):
        assert due(conn) == ["one"]
        assert outbox.failed(conn, message_id, "502 \0")
        pauses.append(round(pause(conn, message_id)))
        let_time_pass(conn)
    assert pauses == [60, 240, 960, 3840]
    assert due(conn) == ["one"]
    assert outbox.failed(conn, message_id, "502 \0")
    let_time_pass(conn)
    assert due(conn) == []
    parked = found(conn, message_id)
    assert parked.parked_at and (parked.tries, parked.error) == (5, r"502 \x00")


@pytest.mark.proves("I4")
def test_a_message_that_kills_its_senders_is_parked(conn: Connection[Any]) -> None:
    message_id = put(conn, "one")
    for _ in range(5):
        assert due(conn) == ["one"]
        let_time_pass(conn)
    assert due(conn) == []
    assert (found(conn, message_id).error, found(conn, message_id).tries) == ("Its sender never answered.", 5)


@pytest.mark.parametrize(("asked", "waits"), [(1000, 1000), (5, 60)])
def test_a_server_that_asks_us_to_wait_is_heard_for_newer_messages_too(
    conn: Connection[Any], asked: float, waits: float
) -> None:
    message_id = put(conn, "one")
    due(conn)
    outbox.failed(conn, message_id, "429", retry_after=asked)
    assert pause(conn, message_id) == pytest.approx(waits, abs=2)
    newer = put(conn, "two")
    assert pause(conn, newer) == pytest.approx(waits, abs=2)
    assert (found(conn, newer).tries, found(conn, newer).error) == (0, None)
