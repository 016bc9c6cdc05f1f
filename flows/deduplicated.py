"""`deduplicated`: all addresses once more, with what tells which rows are one; of two at once the second leaves."""

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
from openaddr.db import deduplicated as record
from openaddr.db import outbox
from openaddr.deduping.deduplicate import Desk, deduplicate
from openaddr.errors import Code, ProblemError
from openaddr.workshop import scratch


@flow(
    name="deduplicated",
    timeout_seconds=policies.DEDUPLICATED_SECONDS,
    retries=policies.COLLECTION_RETRIES,
    retry_delay_seconds=policies.COLLECTION_RETRY_SECONDS,
)
async def deduplicated() -> State[None]:
    """Bring the deduplicated build to the last good runs of what the newest complete set has.

    A problem that may pass fails this try; others are how it ends, in a word, and the build before stays.
    """
    stop = threading.Event()
    with services(flow_run.id) as opened:
        try:
            return await asyncio.to_thread(deduplicate_alone, opened, stop)
        finally:
            # A thread cannot be stopped: it looks between two steps whether anybody still waits for it.
            stop.set()


def deduplicate_alone(opened: Services, stop: threading.Event) -> State[None]:
    """Make the build, unless another one is at it. Raises ProblemError for what may pass."""
    with alone(opened) as is_ours:
        if not is_ours:
            return Completed(name="Left", message="The deduplicated build is being made by another flow run.")
        try:
            return _made(opened, stop)
        except ProblemError as error:
            if error.problem.retry:
                raise
            return Completed(name="Failed", message=str(error))
        finally:
            with opened.pool.connection() as conn:
                outbox.put(conn, "site", "site", {})


@contextmanager
def alone(opened: Services) -> Iterator[bool]:
    """Be the only one who makes the build; whether that is so."""
    with opened.pool.connection() as holding:
        # Held by this connection until it is let go or ends, however that happens.
        is_ours = record.hold(holding)
        holding.commit()
        try:
            yield is_ours
        finally:
            if is_ours:
                record.release(holding)


def _made(opened: Services, stop: threading.Event) -> State[None]:
    ends = time.monotonic() + policies.DEDUPLICATED_SECONDS

    def breathe() -> None:
        if stop.is_set() or time.monotonic() > ends:
            message = f"The deduplicated build took more than {policies.DEDUPLICATED_SECONDS:,.0f} s."
            raise ProblemError(Code.TIME_LIMIT, message)

    with scratch(work_folder(opened.settings), policies.WORK_PREFIX) as work:
        found = deduplicate(Desk(opened.pool, opened.storage, work, breathe))
    if found is None:
        return Completed(name="Unchanged", message="The same runs as in the build before.")
    told = found.manifest
    message = f"{told['rows']:,} rows, {told['best_rows']:,} of them the best of their address"
    left_out = f", {len(told['left_out'])} sources left out" if told["left_out"] else ""
    return Completed(message=f"{message}{left_out}.")
