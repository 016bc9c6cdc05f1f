"""A webhook on this machine for a test: the real server in a thread, with a real database, asked over real HTTP."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import msgspec
from psycopg import Connection
from psycopg_pool import ConnectionPool

from deployments.listening import server
from deployments.webhook.bodies import Door
from deployments.webhook.serving import CONNECTIONS, application
from openaddr.db import deliveries
from openaddr.db.connections import open_pool
from openaddr.db.records import Delivery
from openaddr.github.signature import signature
from openaddr.settings import Settings
from tests.deployments.processes import eventually
from tests.github.payloads import REPOSITORY

SECRETS = ("the old one", "the new one")
SETTINGS = Settings(repositories=(REPOSITORY,), webhook_secrets=SECRETS)
ID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"


@dataclass
class Hook:
    """A webhook that listens, and its record."""

    port: int
    pool: ConnectionPool[Connection[Any]]

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def post(self, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """Send exactly this."""
        return httpx.post(f"{self.url}/hook", content=body, headers=headers, timeout=20)

    def deliver(self, event: str, payload: object, delivery_id: str = ID, secret: str = SECRETS[0]) -> httpx.Response:
        """Deliver as GitHub does."""
        body = msgspec.json.encode(payload)
        return self.post(body, told(body, event, delivery_id, secret))

    def row(self, delivery_id: str = ID) -> Delivery | None:
        """A delivery on the record."""
        with self.pool.connection() as conn:
            return deliveries.get(conn, delivery_id)

    def count(self) -> int:
        """How many there are."""
        with self.pool.connection() as conn:
            (found,) = conn.execute("select count(*) from deliveries").fetchall()[0]
        return int(found)


def told(body: bytes, event: str = "push", delivery_id: str = ID, secret: str = SECRETS[0]) -> dict[str, str]:
    """The headers of a delivery."""
    return {
        "X-GitHub-Delivery": delivery_id,
        "X-GitHub-Event": event,
        "X-Hub-Signature-256": signature(body, secret),
        "Content-Type": "application/json",
    }


@contextmanager
def listening(database: str, door: Door | None = None, **changes: Any) -> Iterator[Hook]:
    """A webhook of a database, by SETTINGS and changes of them."""
    with open_pool(database, at_once=False) as pool:
        found = server(application(replace(SETTINGS, **changes), pool, door), CONNECTIONS)
        listener = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=found.run, args=([listener],))
        thread.start()
        try:
            eventually(lambda: found.started)
            yield Hook(listener.getsockname()[1], pool)
        finally:
            found.should_exit = True
            thread.join()
