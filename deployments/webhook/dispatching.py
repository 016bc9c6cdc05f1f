"""Has deliveries begun after they were answered: Prefect takes 90 ms for one, and may be away."""

import asyncio
import logging
import pkgutil
from collections.abc import Awaitable, Callable
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from openaddr.db import deliveries

BEGIN = "flows.beginning:begin_waiting"
"""By name: it is of the flows, and loading Prefect takes 2 s and 100 MB, which a webhook that waits need not have."""
PAUSE_SECONDS = 10.0
"""After which what waits is tried again, while Prefect or the database is away. The sweep does the same each minute."""
log = logging.getLogger("openaddr.webhook")


class Dispatcher:
    """Asks Prefect for a flow run of each delivery that waits, when it is woken, and at its start."""

    def __init__(self, pool: ConnectionPool[Connection[Any]]) -> None:
        self.pool = pool
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Say that there is something to begin."""
        self._woken.set()

    async def run(self) -> None:
        """Work until it is cancelled."""
        while True:
            self._woken.clear()
            try:
                await self._begin()
            except Exception as error:
                # Whatever it is: the deliveries are on the record and keep, and the next ones may be luckier.
                log.warning("deliveries wait: %s: %s", type(error).__name__, " ".join(str(error).split())[:200])
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                await self._woken.wait()

    async def _begin(self) -> None:
        if await asyncio.to_thread(self._is_anything_waiting):
            begin: Callable[[Any], Awaitable[None]] = await asyncio.to_thread(pkgutil.resolve_name, BEGIN)
            await begin(self.pool)

    def _is_anything_waiting(self) -> bool:
        with self.pool.connection() as conn:
            return bool(deliveries.waiting(conn, 1))
