"""Connections to the database, none of which waits for ever."""

from typing import Any

import psycopg
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool

from openaddr.errors import Code, ProblemError

WAIT_SECONDS = 10
"""How long a connection may take to be there."""
LOOK_SECONDS = 1.0
"""How long a pool looks for a server by itself: its pauses grow, and whoever asks must not wait for the end of one."""
LIMITS = {
    "statement_timeout": "60s",
    "lock_timeout": "10s",
    # A flow that hangs with a transaction open must not keep rows from the others.
    "idle_in_transaction_session_timeout": "5min",
    "timezone": "UTC",
    # A client whose machine is gone says nothing either, and what it held would stay held for two hours.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
_PARAMETERS = {
    "application_name": "openaddr",
    "connect_timeout": WAIT_SECONDS,
    # A server whose machine is gone says nothing: without these an answer is awaited for hours.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
    "options": " ".join(f"-c {name}={value}" for name, value in LIMITS.items()),
}


def connect(url: str) -> Connection[Any]:
    """One connection: `with` commits at its end and closes it. Raises ProblemError when there is no server."""
    try:
        return psycopg.connect(url, **_PARAMETERS)  # type: ignore[arg-type]
    except psycopg.Error as error:
        raise _away(url, error) from error


def open_pool(url: str, most: int = 10, *, at_once: bool = True) -> ConnectionPool[Connection[Any]]:
    """A pool of up to `most` connections; close it. Raises ProblemError when there is no server.

    It outlives a restart of the server: connections are looked at before they are handed out. Not `at_once`: it is
    there before its server is, and whoever asks it for a connection has it look for the server again.
    """
    pool: ConnectionPool[Connection[Any]] = ConnectionPool(
        url,
        kwargs=_PARAMETERS,
        min_size=1,
        max_size=most,
        timeout=WAIT_SECONDS,
        check=ConnectionPool.check_connection,
        reconnect_timeout=LOOK_SECONDS if not at_once else 300,
        open=False,
    )
    if not at_once:
        pool.open()
        return pool
    # The pool would try on in the background and not say what is wrong.
    connect(url).close()
    pool.open(wait=True, timeout=WAIT_SECONDS)
    return pool


def _away(url: str, error: psycopg.Error) -> ProblemError:
    """What is wrong, without the password that a URL may have."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return ProblemError(Code.DATABASE_AWAY, "The address of the database cannot be read; it starts postgresql://.")
    place = f"{parts.get('dbname') or 'the database'} at {parts.get('host') or 'this machine'}"
    return ProblemError(Code.DATABASE_AWAY, f"No connection to {place}: {' '.join(str(error).split())}")
