"""Waits for a database or a storage that is away for a moment, as when it restarts: no work is thrown away for that."""

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

    Raises the last error after PATIENCE_SECONDS, and any other at once.
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
