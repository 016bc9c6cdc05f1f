"""One look at everything that is counted: the record, the storage and Prefect, side by side and none for ever."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
from psycopg import Connection
from psycopg_pool import ConnectionPool

from deployments.metrics.families import Published, Seen
from deployments.queues import POOL
from openaddr.db import metrics
from openaddr.db.metrics import Metrics
from openaddr.dotmap.making import KEY as DOTMAP
from openaddr.settings import Settings
from openaddr.storage.objects import Storage

RECORD_SECONDS = 8.0
"""Prometheus waits 10 s for an answer."""
OTHERS_SECONDS = 4.0
POOL_SECONDS = 5.0
PAGES = "published/pages.json"
"""What the renderer of the site writes after each rendering that had something to write."""
Found = TypeVar("Found")


@dataclass(frozen=True)
class Watch:
    """Who looks."""

    settings: Settings
    pool: ConnectionPool[Connection[Any]]
    storage: Storage

    async def look(self) -> Seen:
        """What is to be seen now. Raises what the database does, and TimeoutError; others may be away."""
        record, published, workers = await asyncio.gather(
            _within(RECORD_SECONDS, self._record),
            _or_nothing(self._published),
            _or_nothing(self._workers),
        )
        return Seen(record, published, workers, datetime.now(UTC))

    def _record(self) -> Metrics:
        with self.pool.connection(POOL_SECONDS) as conn:
            return metrics.read(conn)

    def _published(self) -> Published:
        return Published(self.storage.head(DOTMAP), self.storage.head(PAGES))

    def _workers(self) -> int | None:
        return online(self.settings) if self.settings.prefect_api_url else None


def online(settings: Settings) -> int:
    """How many workers of our pool Prefect has heard from lately. Raises httpx.HTTPError, and ValueError."""
    address = f"{settings.prefect_api_url.rstrip('/')}/work_pools/{POOL}/workers/filter"
    # Without Prefect's client: loading that takes 2 s and 100 MB, for one question.
    user, _, password = settings.prefect_auth.partition(":")
    auth = httpx.BasicAuth(user, password) if user else None
    answer = httpx.post(address, json={}, auth=auth, timeout=OTHERS_SECONDS).raise_for_status()
    return sum(worker["status"] == "ONLINE" for worker in answer.json())


async def _within(seconds: float, action: Callable[[], Found]) -> Found:
    async with asyncio.timeout(seconds):
        return await asyncio.to_thread(action)


async def _or_nothing(action: Callable[[], Found]) -> Found | None:
    """What an action gives; None when that is an error, whatever it is, or does not come in time."""
    with suppress(Exception):
        return await _within(OTHERS_SECONDS, action)
    return None
