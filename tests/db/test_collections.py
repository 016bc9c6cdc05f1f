"""Published collections."""

from dataclasses import replace
from typing import Any

from psycopg import Connection

from openaddr.db import collections
from openaddr.db.records import NewCollection

EUROPE = NewCollection("europe", "collections/europe-1.zip", "00", 12_000_000_000, 5, {"sources": 3})


def test_a_collection_is_what_was_published_last(conn: Connection[Any]) -> None:
    assert collections.get(conn, "europe") is None
    before = collections.publish(conn, EUROPE)
    assert (before.bytes, before.manifest) == (12_000_000_000, {"sources": 3})
    after = collections.publish(conn, replace(EUROPE, key="collections/europe-2.zip"))
    assert after.created_at > before.created_at
    assert collections.get(conn, "europe") == after


def test_all_collections_are_listed_by_name(conn: Connection[Any]) -> None:
    for name in ("us", "asia"):
        collections.publish(conn, replace(EUROPE, name=name))
    assert [collection.name for collection in collections.published(conn)] == ["asia", "us"]
