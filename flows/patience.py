"""Waits for what is away for a moment: a database that restarts, a server of others."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from psycopg import InterfaceError, OperationalError
from psycopg_pool import PoolTimeout

from flows import policies
from flows.policies import DATABASE_PATIENCE_SECONDS, LONGEST_PAUSE_SECONDS
from openaddr.errors import ProblemError

log = logging.getLogger("openaddr.flows")
Result = TypeVar("Result")


def patiently(action: Callable[[], Result], seconds: float = DATABASE_PATIENCE_SECONDS) -> Result:
    """The result of an action that may be done again; tried with growing pauses for so long while no database is there.

    What was worked out is not thrown away. Raises the last error.
    """
    ends, pause = time.monotonic() + seconds, 0.2
    while True:
        try:
            return action()
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            if time.monotonic() + pause > ends:
                raise
            log.warning("the database is away, trying again in %.1f s: %s", pause, error)
        threading.Event().wait(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


async def through_outages(action: Callable[[], Result]) -> Result:
    """The result of an action in a thread; tried again, for an hour, while its problem is one that may pass.

    Raises ProblemError.
    """
    for pause in policies.LISTING_PAUSES:
        try:
            return await asyncio.to_thread(action)
        except ProblemError as error:
            if not error.problem.retry:
                raise
            log.warning("trying again in %g s: %s", pause, error)
        await asyncio.sleep(pause)
    return await asyncio.to_thread(action)
