"""Waits for what is away for a moment: a database or a storage that restarts, a server of others."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from psycopg import InterfaceError, OperationalError
from psycopg_pool import PoolTimeout

from flows import policies
from openaddr.errors import Code, ProblemError

log = logging.getLogger("openaddr.flows")
Result = TypeVar("Result")


def patiently(action: Callable[[], Result]) -> Result:
    """The result of an action that may be done again; tried with growing pauses while what it needs is not there.

    What was worked out is not thrown away. Raises the last error after PATIENCE_SECONDS, and any other at once.
    """
    ends, pause = time.monotonic() + policies.PATIENCE_SECONDS, policies.FIRST_PAUSE_SECONDS
    while True:
        try:
            return action()
        except Exception as error:
            if not is_away(error) or time.monotonic() + pause > ends:
                raise
            log.warning("trying again in %.1f s: %s", pause, error)
        threading.Event().wait(pause)
        pause = min(2 * pause, policies.LONGEST_PAUSE_SECONDS)


def is_away(error: Exception) -> bool:
    """Whether an error says that the database or the storage is not there now, but may be in a moment."""
    if isinstance(error, ProblemError):
        return error.problem.code in (Code.DATABASE_AWAY, Code.STORAGE_UNREACHABLE)
    return isinstance(error, OperationalError | InterfaceError | PoolTimeout)


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
