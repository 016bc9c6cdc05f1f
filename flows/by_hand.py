"""`openaddr job`: a saved delivery again, or the job of a commit, without GitHub having told us of it."""

import asyncio
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from prefect.client.schemas.objects import State

from flows.ci_job import ci_job
from openaddr.db import deliveries
from openaddr.db.connections import connect
from openaddr.db.records import DeliveryStatus
from openaddr.errors import ExitCode
from openaddr.github.events import BY_HAND
from openaddr.settings import Settings

LARGEST = 25_000_000
"""Bytes that GitHub gives a payload at most."""


def run_job(settings: Settings, delivery: Path | None, event: str, asked: Mapping[str, Any]) -> int:
    """Do what a saved payload asks for, or what a person asks for, and say what came of it; gives the exit code."""
    try:
        payload = _payload(delivery) if delivery else asked
    except (OSError, ValueError) as error:
        print(f"openaddr: {delivery} is no payload of GitHub's: {error}", file=sys.stderr)
        return ExitCode.USAGE
    name = f"{BY_HAND}-{uuid.uuid4()}"
    with connect(settings.database_url) as conn:
        deliveries.receive(conn, name, event if delivery else BY_HAND, payload)
    state = asyncio.run(_done(name))
    with connect(settings.database_url) as conn:
        found = deliveries.get(conn, name)
    done = found is not None and found.status in (DeliveryStatus.HANDLED, DeliveryStatus.IGNORED)
    print(state.message or state.name, file=sys.stdout if done else sys.stderr)
    return ExitCode.DONE if done else ExitCode.OURS


async def _done(delivery_id: str) -> State[None]:
    """The end of the flow, run here."""
    state: State[Any] = await ci_job(delivery_id, return_state=True)
    return state


def _payload(path: Path) -> dict[str, Any]:
    """A payload in a file. Raises OSError, ValueError."""
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"it has more than {LARGEST:,} bytes")
    return msgspec.json.decode(content, type=dict[str, Any])
