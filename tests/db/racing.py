"""Two who do the same at once, with the second certainly waiting for the first."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from psycopg import Connection

T = TypeVar("T")


def race(conn: Connection[Any], other: Connection[Any], act: Callable[[Connection[Any]], T]) -> tuple[T, T]:
    """What the first and the second one get: the second begins before the first commits."""
    with ThreadPoolExecutor(1) as thread:
        with conn.transaction():
            first = act(conn)
            second = thread.submit(act, other)
            wait_until_blocked(conn, other, second)
        return first, second.result(timeout=20)


def wait_until_blocked(conn: Connection[Any], other: Connection[Any], its: Future[Any]) -> None:
    """Return when one connection waits for a lock of another."""
    question = "select %s = any (pg_blocking_pids(%s))"
    while conn.execute(question, [conn.info.backend_pid, other.info.backend_pid]).fetchone() != (True,):
        assert not its.done(), f"it did not wait: {its.result()}"
