"""`dotmap`: all addresses of the last good runs as tiles, each week; of two at once the second leaves."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from flows import policies
from flows.services import Services, services
from flows.working import work_folder
from openaddr.db import dotmap as lock
from openaddr.db import outbox, pages
from openaddr.dotmap.making import make
from openaddr.words import plural
from openaddr.workshop import scratch


@flow(
    name="dotmap",
    timeout_seconds=policies.DOTMAP_SECONDS,
    retries=policies.DOTMAP_RETRIES,
    retry_delay_seconds=policies.DOTMAP_RETRY_SECONDS,
)
async def dotmap() -> State[None]:
    """Make the map anew. A problem fails this try, and the map from before stays."""
    with services(flow_run.id) as opened:
        return await asyncio.to_thread(make_alone, opened)


def make_alone(opened: Services) -> State[None]:
    """Make it unless another one is at it, and have the pages made that name its numbers."""
    with alone(opened) as is_ours:
        if not is_ours:
            return Completed(name="Left", message="The dot map is being made by another flow run.")
        with opened.pool.connection() as conn:
            states = pages.states(conn)
        with scratch(work_folder(opened.settings), policies.WORK_PREFIX) as work:
            made = make(states, opened.storage, work, policies.DOTMAP_SECONDS / 2)
    if made is None:
        return Completed(name="Nothing", message="No source has addresses with a place.")
    with opened.pool.connection() as conn:
        outbox.put(conn, "site", "site", {})
    return Completed(message=f"{plural(made.points, 'point')} of {plural(made.sources, 'source')} are on the map.")


@contextmanager
def alone(opened: Services) -> Iterator[bool]:
    """Be the only one who makes the map; whether that is so."""
    with opened.pool.connection() as holding:
        is_ours = lock.hold(holding)
        holding.commit()
        try:
            yield is_ours
        finally:
            if is_ours:
                lock.release(holding)
                holding.commit()
