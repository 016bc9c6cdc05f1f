"""Does what the outbox says: what had to follow from a transaction, and did not yet."""

import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

from dashboards.site import publish
from flows.answering import ANSWERS
from flows.services import Services
from flows.working import make_latest_of
from openaddr.db import outbox, runs
from openaddr.db.records import Message
from openaddr.errors import ProblemError
from openaddr.github.refusals import RateLimitedError

log = logging.getLogger("openaddr.flows")

BATCH = 50
LONGEST_WAIT = 3600.0
"""Seconds that a server can have us wait: the limits of GitHub are by the hour."""
ROUNDS = 3
"""How often is looked again for what was said anew while it was sent."""


def send_due(opened: Services) -> tuple[int, int]:
    """Send what is due, and give how many were sent and how many failed; those are tried later, and parked at last."""
    with opened.pool.connection() as conn:
        due = outbox.due(conn, BATCH)
    sent = sum(send(opened, message) for message in due)
    return sent, len(due) - sent


def send_about(opened: Services, job_id: UUID) -> None:
    """Tell GitHub what there is to tell of a job, now; what fails is tried later."""
    for _ in range(ROUNDS):
        with opened.pool.connection() as conn:
            due = outbox.due(conn, BATCH, key=str(job_id))
        if not due:
            return
        for message in due:
            send(opened, message)


def send(opened: Services, message: Message) -> bool:
    """Send one message and note what came of it."""
    try:
        KINDS[message.kind](opened, message.payload)
    except Exception as error:
        # Whatever it is, the messages behind this one go on.
        told = (message.id, message.kind, message.key, error)
        log.warning("message %d (%s %s) was not sent: %s", *told, exc_info=not isinstance(error, ProblemError))
        with opened.pool.connection() as conn:
            outbox.failed(conn, message.id, f"{type(error).__name__}: {error}"[:500], _wait(error))
        return False
    with opened.pool.connection() as conn:
        if not outbox.sent(conn, message.id):
            outbox.hurry(conn, message)
    return True


def _wait(error: Exception) -> float | None:
    """Seconds that GitHub wants us to wait, as far as it says so."""
    return min(error.seconds, LONGEST_WAIT) if isinstance(error, RateLimitedError) else None


def _latest(opened: Services, payload: dict[str, Any]) -> None:
    with opened.pool.connection() as conn:
        run = runs.get(conn, int(payload["run"]))
    if run is None:
        raise LookupError(f"there is no run {payload['run']}")
    make_latest_of(opened, run)


def _site(opened: Services, payload: dict[str, Any]) -> None:
    publish(opened.pool, opened.storage, opened.settings.site_url)


KINDS: dict[str, Callable[[Services, dict[str, Any]], None]] = {"latest": _latest, "site": _site, **ANSWERS}
