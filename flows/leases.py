"""Keeps the lease of a run while it is worked on, and stops the work when the lease is lost."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

from psycopg import Connection, Error
from psycopg_pool import ConnectionPool, PoolTimeout

from flows import policies
from openaddr.db import runs
from openaddr.db.records import Lease

log = logging.getLogger(__name__)


@contextmanager
def kept(pool: ConnectionPool[Connection[Any]], lease: Lease, stop: threading.Event) -> Iterator[None]:
    """Renew the lease in the background; `stop` is set when it is somebody else's or the deadline has passed.

    While the database is away the work goes on: if nobody takes the run until it is back, nothing is lost.
    """
    done = threading.Event()

    def renew() -> None:
        while not done.wait(policies.RENEW_SECONDS):
            try:
                with pool.connection() as conn:
                    if not runs.renew(conn, lease, policies.LEASE_SECONDS):
                        log.warning("run %d is not ours any more", lease.run_id)
                        stop.set()
                        return
            except (Error, PoolTimeout) as error:
                log.warning("the lease of run %d cannot be renewed now: %s", lease.run_id, error)

    # In a context like ours, so that its lines say what they are about.
    thread = threading.Thread(target=copy_context().run, args=[renew], name=f"lease of run {lease.run_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
