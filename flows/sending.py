"""Does what the outbox says: what had to follow from a transaction, and did not yet."""

import logging
from collections.abc import Callable
from typing import Any

from dashboards.site import publish
from flows.services import Services
from flows.working import make_latest_of
from openaddr.db import outbox, runs
from openaddr.db.records import Message

log = logging.getLogger("openaddr.flows")

BATCH = 50


def send_due(opened: Services) -> tuple[int, int]:
    """Send what is due, and give how many were sent and how many failed; those are tried later, and parked at last."""
    with opened.pool.connection() as conn:
        due = outbox.due(conn, BATCH)
    sent = sum(send(opened, message) for message in due)
    return sent, len(due) - sent


def send(opened: Services, message: Message) -> bool:
    """Send one message and note what came of it."""
    try:
        KINDS[message.kind](opened, message.payload)
    except Exception as error:
        # Whatever it is, the messages behind this one go on.
        log.exception("message %d (%s %s) was not sent", message.id, message.kind, message.key)
        with opened.pool.connection() as conn:
            outbox.failed(conn, message.id, f"{type(error).__name__}: {error}"[:500])
        return False
    with opened.pool.connection() as conn:
        outbox.sent(conn, message.id)
    return True


def _latest(opened: Services, payload: dict[str, Any]) -> None:
    with opened.pool.connection() as conn:
        run = runs.get(conn, int(payload["run"]))
    if run is None:
        raise LookupError(f"there is no run {payload['run']}")
    make_latest_of(opened, run)


def _site(opened: Services, payload: dict[str, Any]) -> None:
    publish(opened.pool, opened.storage, opened.settings.site_url)


KINDS: dict[str, Callable[[Services, dict[str, Any]], None]] = {"latest": _latest, "site": _site}
