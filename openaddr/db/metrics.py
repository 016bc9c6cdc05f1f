"""How everything stands, in numbers: of one moment, for those who watch and for what scales machines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from openaddr.db.statements import named, one

SQL = named("metrics")


@dataclass(frozen=True)
class Metrics:
    """The record in numbers; a task is a run. Ages and waits are in seconds, None where there is nothing to be old."""

    tasks_waiting: int
    task_waiting_seconds: float | None
    """Of the one that waits longest."""
    active_workers: int
    """Leases that are alive: each is a task that somebody works on."""
    tasks_due: int
    """Tasks whose lease or deadline has passed: they are about to be taken from whoever had them."""
    idle_seconds: float | None
    """Since a task last began or came to its end; None when that is more than a day ago."""
    done_in_hour: Mapping[str, int]
    """Tasks that came to their end within the last hour, by status."""
    done_in_day: Mapping[str, int]
    layer_sources: int
    """Those of the newest complete sets that are not skipped; the following numbers are of them."""
    layer_sources_without_success: int
    oldest_success_seconds: float | None
    """Since the last success of the layer source for which that is longest ago."""
    problems: Mapping[str, int]
    """Layer sources by the code that their run in the newest complete set has."""
    newest_set_seconds: float | None
    """Since a set was last completed."""
    open_set_seconds: float | None
    """How long the oldest set has been under way."""
    latest_bytes: int
    """What the last good runs have stored."""
    collection_bytes: int
    collection_seconds: float | None
    """Since a collection was last found to be as it should, or made so."""
    collections_in_trouble: int
    deliveries_waiting: int
    """Deliveries that are waiting or begun, and not handled."""
    delivery_waiting_seconds: float | None
    delivery_overdue_seconds: float | None
    """Since the one that is most overdue could have been worked on, or since that began."""
    deliveries_parked: int
    messages_waiting: int
    """Messages of the outbox that are not sent yet."""
    message_waiting_seconds: float | None
    message_overdue_seconds: float | None
    """Since the one that is most overdue could have been sent."""
    messages_parked: int

    @property
    def expected_results(self) -> int:
        """Tasks that will come to an end yet: those that wait and those that are worked on."""
        return self.tasks_waiting + self.active_workers


def read(conn: Connection[Any]) -> Metrics:
    """All numbers, of one moment."""
    found = one(conn, SQL["metrics"], Metrics)
    assert found, "a query without a table gives a row"
    return found
