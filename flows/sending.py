"""Does what the outbox says: what had to follow from a transaction, and did not yet."""

from collections.abc import Callable
from typing import Any

from dashboards.site import publish
from flows.services import Services
from flows.working import make_latest_of
from openaddr.db import outbox, runs
from openaddr.errors import ProblemError

BATCH = 50


def send_due(opened: Services) -> tuple[int, int]:
    """Send what is due, and give how many were sent and how many failed; those are tried later, and parked at last."""
    sent = failed = 0
    with opened.pool.connection() as conn:
        for message in outbox.due(conn, BATCH):
            try:
                KINDS[message.kind](opened, message.payload)
            except (ProblemError, LookupError, OSError) as error:
                outbox.failed(conn, message.id, f"{type(error).__name__}: {error}"[:500])
                failed += 1
            else:
                outbox.sent(conn, message.id)
                sent += 1
    return sent, failed


def _latest(opened: Services, payload: dict[str, Any]) -> None:
    with opened.pool.connection() as conn:
        run = runs.get(conn, int(payload["run"]))
    if run is None:
        raise LookupError(f"there is no run {payload['run']}")
    make_latest_of(opened, run)


def _site(opened: Services, payload: dict[str, Any]) -> None:
    publish(opened.pool, opened.storage)


KINDS: dict[str, Callable[[Services, dict[str, Any]], None]] = {"latest": _latest, "site": _site}
