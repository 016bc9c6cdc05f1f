"""Waits for a database that is away for a moment, as it is when it restarts: what was worked out is not thrown away."""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from psycopg import InterfaceError, OperationalError
from psycopg_pool import PoolTimeout

from flows.policies import DATABASE_PATIENCE_SECONDS, LONGEST_PAUSE_SECONDS

log = logging.getLogger("openaddr.flows")
Result = TypeVar("Result")


def patiently(action: Callable[[], Result], seconds: float = DATABASE_PATIENCE_SECONDS) -> Result:
    """The result of an action that may be done again; tried with growing pauses for so long while no database is there.

    Raises the last error.
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
