"""`collection`: archives and GeoParquet of many sources, each whole or not at all; of two at once the second leaves."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from flows import policies
from flows.services import Services, services
from flows.working import work_folder
from openaddr.collecting.collect import Desk, Report, collect
from openaddr.db import collections, outbox
from openaddr.errors import Code, ProblemError
from openaddr.workshop import scratch


@flow(
    name="collection",
    timeout_seconds=policies.COLLECTION_SECONDS,
    retries=policies.COLLECTION_RETRIES,
    retry_delay_seconds=policies.COLLECTION_RETRY_SECONDS,
)
async def collection() -> State[None]:
    """Bring all collections to the last good runs of what the newest complete set has.

    A problem that may pass fails this try, and the next one goes on where it ended; others are how it ends, in a word.
    """
    stop = threading.Event()
    with services(flow_run.id) as opened:
        try:
            return await asyncio.to_thread(collect_alone, opened, stop)
        finally:
            # A thread cannot be stopped: it looks between two members whether anybody still waits for it.
            stop.set()


def collect_alone(opened: Services, stop: threading.Event) -> State[None]:
    """Make what is to be made, unless another one is at it. Raises ProblemError for what may pass."""
    with alone(opened) as is_ours:
        if not is_ours:
            return Completed(name="Left", message="Collections are being made by another flow run.")
        try:
            report = _collected(opened, stop)
        except ProblemError as error:
            if error.problem.retry:
                raise
            return Completed(name="Failed", message=str(error))
        finally:
            _have_pages_made(opened)
    problems = "".join(f"\n{problem.message}" for problem in report.problems.values())
    return Completed(name="Incomplete" if report.problems else "Completed", message=f"{report}{problems}")


@contextmanager
def alone(opened: Services) -> Iterator[bool]:
    """Be the only one who makes collections; whether that is so."""
    with opened.pool.connection() as holding:
        # Held by this connection until it is let go or ends, however that happens.
        is_ours = collections.hold(holding)
        holding.commit()
        try:
            yield is_ours
        finally:
            if is_ours:
                collections.release(holding)


def _collected(opened: Services, stop: threading.Event) -> Report:
    ends = time.monotonic() + policies.COLLECTION_SECONDS

    def breathe() -> None:
        if stop.is_set() or time.monotonic() > ends:
            raise ProblemError(Code.TIME_LIMIT, f"Collections took more than {policies.COLLECTION_SECONDS:,.0f} s.")

    with scratch(work_folder(opened.settings), policies.WORK_PREFIX) as work:
        return collect(Desk(opened.pool, opened.storage, work, breathe))


def _have_pages_made(opened: Services) -> None:
    with opened.pool.connection() as conn:
        outbox.put(conn, "site", "site", {})
