"""Has the deliveries of GitHub begun that wait: by the webhook once they are answered, and by the sweep."""

import asyncio
import logging
from typing import Any
from uuid import UUID

from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from psycopg import Connection
from psycopg_pool import ConnectionPool

from flows.handing_over import Desk, desk
from openaddr.db import deliveries

AT_ONCE = 100
REFUSED = (409, 422)
"""What Prefect says when it does not like what is asked for, rather than being away itself."""
log = logging.getLogger("openaddr.flows")
Pool = ConnectionPool[Connection[Any]]


async def begin_waiting(pool: Pool) -> None:
    """Begin what waits, until nothing does. Raises what clients of Prefect do, soon, when it is away.

    Prefect's own patience would keep what waits for minutes after it is back.
    """
    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}):
        async with desk() as where:
            while await begin(pool, where, AT_ONCE):
                pass


async def begin(pool: Pool, where: Desk, most: int) -> int:
    """Ask Prefect for a flow run of up to `most` deliveries that wait; gives how many it has now.

    A delivery that Prefect refuses counts a try and stands in nobody's way; one that meets no Prefect counts none.
    """
    begun = 0
    for delivery_id in await asyncio.to_thread(_waiting, pool, most):
        try:
            flow_run = await where.begin(delivery_id)
        except PrefectHTTPStatusError as error:
            if error.response.status_code not in REFUSED:
                raise
            log.warning("Prefect refuses delivery %s: %s", delivery_id, error)
            await asyncio.to_thread(_refused, pool, delivery_id, str(error))
        else:
            await asyncio.to_thread(_started, pool, delivery_id, flow_run.id)
            begun += 1
    return begun


async def begin_again(pool: Pool, where: Desk, most: int, seconds: float) -> int:
    """See to up to `most` deliveries that were begun over `seconds` ago and are not handled; gives how many.

    Whoever is at work on one stays at it; one whose flow run is dead gets another.
    """
    found = await asyncio.to_thread(_stale, pool, most, seconds)
    for delivery_id in found:
        await where.begin(delivery_id)
    return len(found)


def _stale(pool: Pool, most: int, seconds: float) -> list[str]:
    with pool.connection() as conn:
        return deliveries.stale(conn, most, seconds)


def _waiting(pool: Pool, most: int) -> list[str]:
    with pool.connection() as conn:
        return deliveries.waiting(conn, most)


def _started(pool: Pool, delivery_id: str, flow_run: UUID) -> None:
    """Note the flow run, unless it was so quick that the delivery is handled already."""
    with pool.connection() as conn:
        deliveries.started(conn, delivery_id, flow_run)


def _refused(pool: Pool, delivery_id: str, error: str) -> None:
    with pool.connection() as conn:
        if deliveries.begin(conn, delivery_id, None):
            deliveries.failed(conn, delivery_id, error)
