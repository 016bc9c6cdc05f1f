"""What is seen, as families of samples: every name, type, unit and help text that Prometheus gets from us.

All are gauges. Whatever is counted is counted anew each time, and what is swept out of the record takes its count
along: nothing here only grows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from openaddr import __version__
from openaddr.db.metrics import Metrics
from openaddr.db.records import RunStatus
from openaddr.storage.objects import Stored

FINAL = tuple(status.value for status in RunStatus if status.is_final)


@dataclass(frozen=True)
class Published:
    """What the storage says: the dot map, and the list of pages, which is written whenever a page is."""

    dotmap: Stored | None = None
    pages: Stored | None = None


@dataclass(frozen=True)
class Seen:
    """What was found at one look. None: whoever had to say it did not answer."""

    record: Metrics
    published: Published | None
    workers: int | None
    """Those that Prefect has heard from lately."""
    moment: datetime


class Collected(Collector):
    """A look as a collector."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def collect(self) -> Iterator[Metric]:
        """All families."""
        yield InfoMetricFamily("openaddr", "Version of the software.", {"version": __version__})
        yield from _tasks(self._seen.record)
        yield from _layer_sources(self._seen.record)
        yield from _queues(self._seen.record)
        yield from _published(self._seen)
        yield from _workers(self._seen.workers)


def registry(seen: Seen) -> CollectorRegistry:
    """A registry with nothing but a look."""
    found = CollectorRegistry()
    found.register(Collected(seen))
    return found


def _tasks(record: Metrics) -> Iterator[Metric]:
    yield _one("tasks_waiting", "Runs in the queue.", record.tasks_waiting)
    yield _seconds("task_waiting", "How long the run has waited that waits longest.", record.task_waiting_seconds)
    done = GaugeMetricFamily("openaddr_tasks_done", "Runs that ended lately, by status.", labels=["status", "within"])
    for within, counts in (("hour", record.done_in_hour), ("day", record.done_in_day)):
        for status in FINAL:
            done.add_metric([status, within], counts.get(status, 0))
    yield done
    yield _one("tasks_due", "Runs whose lease or deadline has passed.", record.tasks_due)
    yield _one("expected_results", "Runs that will end yet: in the queue or worked on.", record.expected_results)
    yield _one("active_workers", "Live leases: runs that somebody works on.", record.active_workers)
    yield _seconds("idle", "Since a run last began or ended; absent after a day.", record.idle_seconds)


def _layer_sources(record: Metrics) -> Iterator[Metric]:
    yield _one("layer_sources", "Layer sources of the newest complete sets that are not skipped.", record.layer_sources)
    never = record.layer_sources_without_success
    yield _one("layer_sources_without_success", "Those of them that have never succeeded.", never)
    oldest = record.oldest_success_seconds
    yield _seconds("oldest_success_age", "Since the last success of the one where that is longest ago.", oldest)
    problems = GaugeMetricFamily("openaddr_problems", "Those of them that have a problem, by code.", labels=["code"])
    for code, count in sorted(record.problems.items()):
        problems.add_metric([code], count)
    yield problems
    yield _seconds("newest_set_age", "Since a set was last completed.", record.newest_set_seconds)
    yield _seconds("open_set_age", "How long the oldest set has been under way.", record.open_set_seconds)


def _queues(record: Metrics) -> Iterator[Metric]:
    waiting, parked = record.deliveries_waiting, record.deliveries_parked
    yield _counted("deliveries", "Deliveries of GitHub that are not handled, by state.", waiting, parked)
    yield _seconds("delivery_waiting", "How long the oldest of those has waited.", record.delivery_waiting_seconds)
    overdue = record.delivery_overdue_seconds
    yield _seconds("delivery_overdue", "Since one of those could have been worked on, or was begun.", overdue)
    waiting, parked = record.messages_waiting, record.messages_parked
    yield _counted("outbox", "Messages to others that are not sent, by state.", waiting, parked)
    yield _seconds("outbox_waiting", "How long the oldest of those has waited.", record.message_waiting_seconds)
    yield _seconds("outbox_overdue", "Since one of those could have been sent.", record.message_overdue_seconds)


def _published(seen: Seen) -> Iterator[Metric]:
    record, found = seen.record, seen.published or Published()
    yield _one("storage_up", "Whether the storage answered: 1 or 0.", int(seen.published is not None))
    about = "Size of what is published, by what it is. In bytes."
    size = GaugeMetricFamily("openaddr_stored", about, labels=["what"], unit="bytes")
    parts = {"latest": record.latest_bytes, "collections": record.collection_bytes}
    if found.dotmap:
        parts["dotmap"] = found.dotmap.bytes
    for what, count in parts.items():
        size.add_metric([what], count)
    yield size
    tried = record.collection_seconds
    yield _seconds("collection_age", "Since a collection was last made, or found to be as it should.", tried)
    yield _one("collections_in_trouble", "Collections whose last try failed.", record.collections_in_trouble)
    yield _age(seen, "dotmap_age", "Since the dot map was last made.", found.dotmap)
    yield _age(seen, "site_age", "Since a page was last written: only what changed is.", found.pages)


def _workers(workers: int | None) -> Iterator[Metric]:
    yield _one("prefect_up", "Whether Prefect answered: 1 or 0.", int(workers is not None))
    online = GaugeMetricFamily("openaddr_workers_online", "Workers that Prefect has heard from within a minute.")
    if workers is not None:
        online.add_metric([], workers)
    yield online


def _one(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"openaddr_{name}", about, value=value)


def _seconds(name: str, about: str, value: float | None) -> Metric:
    """An age or a wait; a family without a sample where there is none, for 0 would mean the opposite."""
    family = GaugeMetricFamily(f"openaddr_{name}", f"{about} In seconds.", unit="seconds")
    if value is not None:
        family.add_metric([], value)
    return family


def _age(seen: Seen, name: str, about: str, stored: Stored | None) -> Metric:
    return _seconds(name, about, (seen.moment - stored.modified).total_seconds() if stored else None)


def _counted(name: str, about: str, waiting: int, parked: int) -> Metric:
    family = GaugeMetricFamily(f"openaddr_{name}", about, labels=["state"])
    family.add_metric(["waiting"], waiting)
    family.add_metric(["parked"], parked)
    return family
